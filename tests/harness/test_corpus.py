"""Tiny cases with verdicts that people have written down: the judge must say the same, for the same reason.

Beside each suite of `corpus/` stands its `.verdicts.yaml`: case -> verdict, or [verdict, a part of the reason].
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from qbridge_harness.clients import Target
from qbridge_harness.contract import Contract
from qbridge_harness.engine import CaseResult, Options, run
from qbridge_harness.language import load_suites, plan_cases
from qbridge_mocks import start

from .conftest import serving
from .corpus_world import World

CORPUS = Path(__file__).parent / "corpus"
SECRET = "never-to-see"
KEY = "the-first-secret"


def suites(folder: str) -> list[Path]:
    return sorted(file for file in (CORPUS / folder).glob("*.yaml") if not file.name.endswith(".verdicts.yaml"))


def verdicts(file: Path) -> dict[str, tuple[str, str]]:
    """Case without its suite -> the verdict, and a part of the reason."""
    rows = yaml.safe_load(file.with_name(f"{file.stem}.verdicts.yaml").read_text())
    return {name: (row, "") if isinstance(row, str) else tuple(row) for name, row in rows.items()}


async def judged(file: Path, target: Target, contract: Contract) -> dict[str, CaseResult]:
    options = Options(variables={"named": "yes-it-is"}, seed="corpus")
    planned = plan_cases(load_suites([file], contract))
    report = await run(planned, target, contract, options)
    return {case.id.partition("/")[2]: case for case in report.cases}


def compare(expected: dict[str, tuple[str, str]], found: dict[str, CaseResult]) -> None:
    said = {name: (case.verdict, case.reason) for name, case in found.items()}
    wrong = {
        name: (said.get(name), wanted)
        for name, wanted in expected.items()
        if name not in said or said[name][0] != wanted[0] or wanted[1] not in said[name][1]
    }
    assert not wrong
    assert set(said) - set(expected) == set(), "cases without a verdict beside them"


@pytest.fixture
async def world(contract: Contract) -> AsyncIterator[Target]:
    made = World(contract)
    async with serving(made.app) as url:
        yield Target(url, "127.0.0.1:1")
        made.closing.set()


@pytest.fixture
async def mock() -> AsyncIterator[Target]:
    async with await start("conforming", key=KEY) as running:
        yield Target(running.rest, running.grpc, KEY)


@pytest.mark.parametrize("file", suites("fake"), ids=lambda file: file.stem)
async def test_the_verdict_is_the_one_written_down(
    file: Path, world: Target, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QBRIDGE_CORPUS_SECRET", SECRET)
    found = await judged(file, world, contract)
    compare(verdicts(file), found)
    assert SECRET not in repr(found)


@pytest.mark.parametrize("file", suites("mock"), ids=lambda file: file.stem)
async def test_the_verdict_over_streams_is_the_one_written_down(file: Path, mock: Target, contract: Contract) -> None:
    compare(verdicts(file), await judged(file, mock, contract))


def test_the_corpus_is_large_and_has_every_verdict() -> None:
    rows = [row for folder in ("fake", "mock") for file in suites(folder) for row in verdicts(file).values()]
    assert len(rows) >= 200
    kinds = {verdict: sum(row[0] == verdict for row in rows) for verdict in ("passed", "failed", "error", "skipped")}
    assert all(count >= 5 for count in kinds.values()), kinds
    assert all(reason for verdict, reason in rows if verdict != "passed"), "a verdict that is not passed says why"
