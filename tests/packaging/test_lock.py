"""requirements.lock names everything, by hash, for every Python, and no address."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
LOCKS = sorted(ROOT.glob("requirements*.lock"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def entries(lock: str) -> list[str]:
    """The logical lines of a lock: a pin, its marker and its hashes each."""
    joined = lock.replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def pins(lock: str) -> dict[str, list[Requirement]]:
    """The pins by name; a package may have one for each range of Python versions."""
    found: dict[str, list[Requirement]] = {}
    for line in entries(lock):
        requirement = Requirement(line.split(" --hash")[0].strip())
        found.setdefault(normal(requirement.name), []).append(requirement)
    return found


def normal(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> list[Requirement]:
    """What pyproject.toml asks for: base, extras and tools."""
    project = PROJECT["project"]
    groups = [*project["optional-dependencies"].values(), *PROJECT["dependency-groups"].values()]
    every = [text for group in [project["dependencies"], *groups] for text in group]
    return [wanted for text in every if (wanted := Requirement(text)).name != project["name"]]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_line_pins_one_version_by_hash(lock: Path) -> None:
    for line in entries(lock.read_text()):
        assert re.match(r"[a-zA-Z0-9._-]+==[^ ]+ ", line), line
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), line


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_it_holds_no_address_and_no_option_of_a_machine(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert "@ " not in text
    assert not re.search(r"^-", text, flags=re.MULTILINE)


def test_it_covers_what_the_project_declares_for_each_python() -> None:
    locked = pins((ROOT / "requirements.lock").read_text())
    for wanted in declared():
        pinned = locked.get(normal(wanted.name))
        assert pinned, f"{wanted.name} is not locked: run `make lock`"
        for python in ("3.11", "3.12", "3.13"):
            environment = {"python_version": python, "python_full_version": f"{python}.7"}
            versions = [
                next(iter(pin.specifier)).version
                for pin in pinned
                if pin.marker is None or pin.marker.evaluate(environment)
            ]
            assert len(versions) == 1, f"{wanted.name} on {python}: {versions}"
            assert wanted.specifier.contains(versions[0]), f"{wanted} but {versions[0]}: run `make lock`"


def test_it_leaves_out_what_would_make_set_up_slow() -> None:
    locked = pins((ROOT / "requirements.lock").read_text())
    assert not {"torch", "chromadb"} & set(locked)


def test_no_tracked_file_names_a_package_index() -> None:
    pattern = r"--(extra-)?index-" + r"url|find-" + r"links *="  # in two halves, or this line would be found
    found = subprocess.run(
        ["git", "grep", "--untracked", "-nIE", "-e", pattern],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 1, found.stdout
