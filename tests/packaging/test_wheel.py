"""What is built is complete, clean, and enough by itself."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

import qbridge

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = [Path(package) for package in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel, built, checked and used alone by the release check."""
    folder = tmp_path_factory.mktemp("release") / "dist"
    outcome = subprocess.run(
        [sys.executable, ROOT / "scripts" / "release_check.py", "--dist", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> zipfile.ZipFile:
    """The wheel."""
    return zipfile.ZipFile(next(dist.glob("*.whl")))


def files(folder: Path) -> set[Path]:
    """What lies in a folder, as paths inside it."""
    return {
        file.relative_to(folder) for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts
    }


def test_the_wheel_holds_every_file_of_every_package_the_cases_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    expected = {str(package.name / file) for package in PACKAGES for file in files(ROOT / package)}
    expected |= {str("qbridge_harness/cases" / file) for file in files(ROOT / "cases")}
    expected |= {str("qbridge_harness/rules" / file) for file in files(ROOT / "contracts" / "rules")}
    expected |= {str("qbridge_harness/pacts" / file) for file in files(ROOT / "contracts" / "pacts")}
    expected.add("qbridge_mocks/broken.yaml")
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == expected


def test_the_contract_checks_find_their_documents_in_the_wheel(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    code = (
        "from qbridge_harness.contract_checks import places as p;"
        "print(p.pacts_folder()); print(p.openapi_file());"
        "files = [p.pacts_folder() / p.HTTP_PACT, p.pacts_folder() / p.MESSAGE_PACT, p.openapi_file()];"
        "print(*(file.is_file() for file in files))"
    )
    command = [sys.executable, "-c", code]
    run = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True
    )
    folder, document, there = run.stdout.splitlines()
    assert {Path(folder), Path(document)} == {
        tmp_path / "qbridge_harness" / "pacts",
        tmp_path / "qbridge_contract" / "openapi.json",
    }
    assert there == "True True True"


def test_each_package_says_that_it_is_typed(wheel: zipfile.ZipFile) -> None:
    untyped = [package.name for package in PACKAGES if f"{package.name}/py.typed" not in wheel.namelist()]
    assert not untyped


def test_the_metadata_names_commands_entry_points_extras_and_licence(wheel: zipfile.ZipFile) -> None:
    info = f"qbridge-{qbridge.__version__}.dist-info"
    entries = ConfigParser()
    entries.read_string(wheel.read(f"{info}/entry_points.txt").decode())
    assert set(entries["console_scripts"]) == {"qbridge", "qbridge-harness", "qbridge-mocks"}
    assert entries["qbridge.embedded"]["default"] == "qbridge_server.embedded:open_embedded"
    assert entries["qbridge.commands"]["serve"] == "qbridge_server.cli:register"
    metadata = wheel.read(f"{info}/METADATA").decode()
    for extra in PROJECT["project"]["optional-dependencies"]:
        assert f"Provides-Extra: {extra}\n" in metadata
    assert f"{info}/licenses/LICENSE.md" in wheel.namelist()


def test_the_sdist_carries_what_is_needed_to_build_and_test(dist: Path) -> None:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        top = {name.split("/")[1] for name in archive.getnames() if "/" in name}
    assert {
        "pyproject.toml",
        "Makefile",
        "requirements.lock",
        "tests",
        "cases",
        "contracts",
        "README.md",
    } <= top
    assert not {".venv", "dist", "reports", ".git"} & top
