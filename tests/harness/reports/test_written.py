"""What `run` writes: every format by its option, the live one too, and nothing that nobody asked for."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from qbridge_harness.cli import main
from qbridge_harness.cli.output import LIVE
from qbridge_harness.reports import FORMATS
from qbridge_harness.reports.ndjson import EVENTS

SUITE = (
    "purpose: A test.\ncases:\n  - {name: good, act: [{check: 1, is: 1}]}\n  - {name: bad, act: [{check: 1, is: 2}]}\n"
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "shop.yaml").write_text(SUITE)
    return tmp_path


async def run(*words: str, url: str) -> int:
    """The command, beside the loop that serves the fake."""
    return await asyncio.to_thread(main, ["run", *words, "--target", url, "--grpc", "127.0.0.1:1"])


async def test_each_format_has_an_option(fake: Any, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = (*FORMATS, LIVE)
    words = [word for name in names for word in (f"--{name}", f"out/{name}")]
    assert await run(*words, "--seed", "s-1", url=fake.url) == 1
    assert sorted(path.name for path in (here / "out").iterdir()) == sorted(names)
    assert [path.is_dir() for path in sorted((here / "out").iterdir())] == [name == "allure" for name in sorted(names)]
    said = capsys.readouterr().out
    assert "Again: qbridge-harness run cases/shop.yaml --only shop/bad" in said
    assert "seed s-1" in said
    events = [json.loads(line)["event"] for line in (here / "out" / LIVE).read_text().split("\n") if line]
    assert (events[0], events[-1]) == (EVENTS[0], EVENTS[-1])
    assert sorted(events[1:-1]) == sorted(EVENTS[1:-1] * 2)


async def test_the_command_of_a_report_runs_the_case_again(fake: Any, here: Path) -> None:
    """What the terminal and the page tell people to type is understood, and fails the same way."""
    assert await run("--only", "shop/bad", "--json", "one.json", "--seed", "s-1", url=fake.url) == 1
    first = json.loads((here / "one.json").read_text())
    words = ("cases/shop.yaml", "--only", first["cases"][0]["id"], "--seed", first["seed"], "--json", "two.json")
    assert await run(*words, url=fake.url) == 1
    second = json.loads((here / "two.json").read_text())
    assert [case["reason"] for case in second["cases"]] == [case["reason"] for case in first["cases"]]


async def test_a_target_that_is_away_ends_the_live_events_with_the_problem(here: Path) -> None:
    assert await run("--ndjson", "run.ndjson", url="http://127.0.0.1:1") == 3
    last = json.loads((here / "run.ndjson").read_text().strip().split("\n")[-1])
    assert last["event"] == "run-finished"
    assert last["problem"].startswith("Unreachable: ")
