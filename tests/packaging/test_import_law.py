"""The import law holds for this tree, and catches what breaks it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROOMS = PROJECT["tool"]["hatch"]["build"]["dev-mode-dirs"]
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
NAMES = {contract["id"]: contract["name"] for contract in PROJECT["tool"]["importlinter"]["contracts"]}

# (room, module to add there, what it imports, the contract that this breaks)
PLANTED = [
    ("sdk", "qbridge._planted", "qbridge_server", "sdk-knows-only-the-contract"),
    ("contracts/python", "qbridge_contract._planted", "qbridge", "contract-is-the-bottom"),
    ("contracts/python", "qbridge_contract._heavy", "pydantic", "contract-is-light"),
    ("reference-server", "qbridge_server.gateway._planted", "qbridge_server.buffer", "rooms-of-the-server"),
    ("reference-server", "qbridge_server.backends._planted", "qbridge_server.app", "rooms-of-the-server"),
    ("reference-server", "qbridge_server.transport._judge", "qbridge_harness", "server-knows-no-judge"),
    ("test-server", "qbridge_checks._planted", "qbridge_contract", "checks-know-nothing"),
    ("test-server", "qbridge_harness._planted", "qbridge", "judges-know-only-the-contract"),
    ("test-server", "qbridge_harness._server", "qbridge_server", "judges-know-only-the-contract"),
    ("mocks", "qbridge_mocks._planted", "qbridge_harness", "mocks-know-only-the-contract"),
]


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """Judges the packages that lie under `tree`."""
    path = os.pathsep.join(str(tree / room) for room in ROOMS)
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": path, "COLUMNS": "400", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the packages and of the law."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def verdicts(said: str) -> dict[str, str]:
    """KEPT or BROKEN by the contract's name."""
    return {name.strip(): word for name, word in re.findall(r"^(.+) (KEPT|BROKEN)$", said, flags=re.MULTILINE)}


def test_the_tree_keeps_the_law(tree: Path) -> None:
    outcome = lint(tree)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert len(verdicts(outcome.stdout)) == len(NAMES)


def test_every_planted_violation_is_named(tree: Path) -> None:
    for room, module, imported, _ in PLANTED:
        (tree / room / f"{module.replace('.', '/')}.py").write_text(f"import {imported}\n")
    outcome = lint(tree)
    assert outcome.returncode == 1
    said = verdicts(outcome.stdout)
    for _, module, imported, contract in PLANTED:
        assert said[NAMES[contract]] == "BROKEN"
        assert f"{module} -> {imported}" in outcome.stdout, outcome.stdout


def test_each_contract_has_a_planted_violation() -> None:
    assert {contract for _, _, _, contract in PLANTED} == set(NAMES)


def test_a_room_that_declares_no_place_is_refused(tree: Path) -> None:
    (tree / "reference-server" / "qbridge_server" / "attic").mkdir()
    (tree / "reference-server" / "qbridge_server" / "attic" / "__init__.py").touch()
    outcome = lint(tree)
    assert outcome.returncode == 1
    assert "attic" in outcome.stdout
