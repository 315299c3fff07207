"""Each package imports only what its part of pyproject.toml declares, so that no extra is short of a library."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
GROUPS: dict[str, list[str]] = PROJECT["dependency-groups"]
OURS = {Path(package).name for package in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]}
OURS |= {"generators", "scripts"}

# folder -> the extras whose users run it; "dev" stands for the tools of this repository
PARTS = {
    "contracts/python/qbridge_contract": [],
    "sdk/qbridge": [],
    "reference-server/qbridge_server": ["server"],
    "test-server": ["harness"],
    "mocks": ["mocks"],
    "contracts/generators": ["dev"],
    "scripts": ["harness", "dev"],
    "tests": ["server", "harness", "mocks", "dev"],
}

BROUGHT = {"pydantic_core": "pydantic"}  # one distribution in two parts, pinned to each other
# A plugin is loaded by the program that it imports, and by nobody who has not installed that.
HOSTS = {"pytest": ROOT / "test-server" / "qbridge_harness" / "pytest_plugin"}


def normal(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(extras: list[str]) -> set[str]:
    """The distributions that the base and these extras name."""
    texts = [*PROJECT["project"]["dependencies"]]
    for extra in extras:
        texts += GROUPS["dev"] if extra == "dev" else EXTRAS[extra]
    return {normal(Requirement(text).name) for text in texts}


def imported(folder: Path) -> Iterator[tuple[str, Path]]:
    """(module, file) of every absolute import below a folder, lazy ones included."""
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(), filename=str(file))):
            if isinstance(node, ast.Import):
                yield from ((alias.name, file) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                yield node.module, file


@cache
def distributions() -> dict[str, list[str]]:
    """Top-level module -> the distributions that bring it."""
    return {module: [*map(normal, names)] for module, names in packages_distributions().items()}


def foreign(folder: Path) -> dict[str, Path]:
    """The other people's top-level modules that a folder imports, with a file that does."""
    local = {folder.name} | {path.stem for path in folder.rglob("*") if path.suffix == ".py" or path.is_dir()}
    known = set(sys.stdlib_module_names) | OURS | local
    tops = ((module.partition(".")[0], file) for module, file in imported(folder))
    wanted = ((name, file) for name, file in tops if name not in known)
    return {BROUGHT.get(name, name): file for name, file in wanted if HOSTS.get(name) not in file.parents}


@pytest.mark.parametrize("folder", PARTS)
def test_every_import_is_declared_where_its_users_install_it(folder: str) -> None:
    allowed = declared(PARTS[folder])
    missing = {
        f"{module} ({file.relative_to(ROOT)})"
        for module, file in foreign(ROOT / folder).items()
        if not allowed & set(distributions().get(module, ()))
    }
    assert not missing, f"not declared in pyproject.toml for {folder}: {sorted(missing)}"
