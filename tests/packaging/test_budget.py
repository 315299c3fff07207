"""Every suite has a budget of seconds, and the checks of it can fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUDGET = tomllib.loads((ROOT / "tests" / "budget.toml").read_text())
NOT_SUITES = {"__pycache__", "benches"}


def test_each_suite_has_a_row_and_all_fit_into_the_whole() -> None:
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()} - NOT_SUITES
    with_tests = {name for name in folders if any((ROOT / "tests" / name).rglob("test_*.py"))}
    assert with_tests == set(BUDGET["tests"])
    assert sum(BUDGET["tests"].values()) <= BUDGET["command"]["test"] <= 20 * 60


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A repository with one suite, our conftest.py, and no second to spare."""
    (tmp_path / "tests" / "small").mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "tests")
    (tmp_path / "tests" / "budget.toml").write_text("[command]\ntest = 60\n[tests]\nsmall = 0\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def run(suite: Path, test: str, ci: str) -> tuple[int, str]:
    """Runs one test in the suite; (exit code, what pytest said)."""
    (suite / "tests" / "small" / "test_it.py").write_text(test)
    outcome = subprocess.run(
        [sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider"],
        cwd=suite,
        env=os.environ | {"CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return outcome.returncode, outcome.stdout


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_a_suite_over_its_budget_fails_in_ci_and_is_told_of_elsewhere(suite: Path, ci: str, code: int) -> None:
    answered, said = run(suite, "def test_it(): sum(range(100000))", ci)
    assert answered == code, said
    assert "1 passed" in said
    assert "TOO MUCH" in said


def test_a_suite_without_a_row_fails_in_ci(suite: Path) -> None:
    (suite / "tests" / "budget.toml").write_text("[command]\ntest = 60\n[tests]\n")
    assert run(suite, "def test_it(): pass", "true")[0] == 1


@pytest.mark.parametrize(("ci", "code", "word"), [("true", 1, "1 failed"), ("", 0, "1 skipped")])
def test_a_missing_service_is_a_skip_on_a_laptop_and_a_failure_in_ci(
    suite: Path, ci: str, code: int, word: str
) -> None:
    (suite / "tests" / "budget.toml").write_text("[command]\ntest = 60\n[tests]\nsmall = 60\n")
    answered, said = run(suite, "def test_it(missing_service): missing_service('no database')", ci)
    assert answered == code, said
    assert word in said
    assert "no database" in said


def timed(tmp_path: Path, name: str, code: int, ci: str) -> subprocess.CompletedProcess[str]:
    """Runs scripts/timed.py with a budget of nothing for `quick`."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "budget.toml").write_text("[command]\nquick = 0\nroomy = 60\n")
    shutil.copy(ROOT / "scripts" / "timed.py", tmp_path / "scripts")
    return subprocess.run(
        [sys.executable, "scripts/timed.py", name, "--", sys.executable, "-c", f"raise SystemExit({code})"],
        cwd=tmp_path,
        env=os.environ | {"CI": ci},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "code", "ci", "answered"),
    [
        ("roomy", 0, "true", 0),
        ("roomy", 3, "true", 3),
        ("quick", 0, "true", 1),
        ("quick", 0, "", 0),
        ("unknown", 0, "", 2),
    ],
)
def test_a_timed_command_answers_its_own_code_or_that_it_was_too_slow(
    tmp_path: Path, name: str, code: int, ci: str, answered: int
) -> None:
    outcome = timed(tmp_path, name, code, ci)
    assert outcome.returncode == answered, outcome.stdout + outcome.stderr
