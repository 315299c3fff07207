"""The Makefile is the one vocabulary of commands: complete, explained, and all that CI calls."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMMANDS = ROOT / "tests" / "packaging" / "commands.txt"  # held here, so that a change shows in review
PROMISED = set(COMMANDS.read_text().split())


def targets(makefile: str) -> set[str]:
    """Every target that a person could type: no variable, no pattern, no special target."""
    return set(re.findall(r"^([a-z][a-z0-9-]*):(?!=)", makefile, flags=re.MULTILINE))


def make(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Runs make in the repository, without what a surrounding make hands down."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        env=outside | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_lists_every_target_with_what_it_does() -> None:
    listed = dict(re.findall(r"^  ([a-z0-9-]+) +(\S.*)$", make("help").stdout, flags=re.MULTILINE))
    assert set(listed) == targets((ROOT / "Makefile").read_text())
    assert all(len(note.split()) > 2 for note in listed.values()), listed


def test_every_promised_command_exists_and_is_phony() -> None:
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    phony = re.search(r"^\.PHONY:(.*)$", makefile, flags=re.MULTILINE)
    assert phony is not None
    assert PROMISED == set(phony.group(1).split()) == targets(makefile)


@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_another_python_gets_an_environment_of_its_own(version: str) -> None:
    said = make("--dry-run", "--always-make", "types", f"PYTHON={version}").stdout
    assert f"scripts/setup .venv-{version} {version}" in said
    assert f".venv-{version}/bin/mypy" in said


def test_itest_hands_on_the_target_and_keeps_the_key_out_of_the_arguments() -> None:
    said = make("--dry-run", "itest", "TARGET=http://host:1", "GRPC=host:2", "KEY=geheim", "FULL=1").stdout
    assert "--target http://host:1" in said
    assert "--grpc host:2" in said
    assert "--full" in said
    assert "geheim" not in said


def test_bench_without_a_name_says_how_to_name_one() -> None:
    outcome = make("bench", "NAME=no-such-bench")
    assert outcome.returncode != 0
    assert "make bench NAME=" in outcome.stdout


def test_ci_runs_only_targets_that_exist() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    steps = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    assert steps
    assert all(step.startswith("make ") for step in steps), "a workflow step that is not a make target"
    script = (ROOT / ".ci" / "run").read_text()
    called = [*steps, *re.findall(r"^make .*?(?=\||2>|$)", script, flags=re.MULTILINE)]
    words = {word for line in called for word in line.split()[1:] if re.fullmatch(r"[a-z][a-z-]*", word)}
    assert words <= PROMISED
    assert {"test", "itest", "lint", "imports", "types", "contracts-check"} <= words
