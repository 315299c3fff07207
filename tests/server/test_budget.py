"""No room costs more Python calls, or keeps more blocks, than its written budget."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[1] / "benches" / "budget.py"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`make budget`, with its output."""
    return subprocess.run(
        [sys.executable, str(BENCH), *arguments], capture_output=True, text=True, timeout=100, check=False
    )


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the budget is written for Python 3.11")
def test_every_room_is_within_its_budget() -> None:
    done = run()
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_room_over_its_budget_is_named(tmp_path: Path) -> None:
    text = BENCH.with_name("budget.toml").read_text()
    lines = ["buffer = 1.0" if line.startswith("buffer =") else line for line in text.splitlines()]
    tight = tmp_path / "tight.toml"
    tight.write_text("\n".join(lines))
    done = run("--file", str(tight))
    assert done.returncode == 1
    assert any("buffer" in line and "OVER" in line for line in done.stdout.splitlines())
