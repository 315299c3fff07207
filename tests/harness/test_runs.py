"""A run always ends, whatever breaks it, and what is remembered of runs has a bound."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from qbridge_harness import runs as module
from qbridge_harness.clients import Target
from qbridge_harness.contract import Contract
from qbridge_harness.engine import Options
from qbridge_harness.language import PlannedCase, Suite, plan_cases
from qbridge_harness.runs import Runs
from qbridge_harness.server import Harness, create_app

SUITE = """
purpose: A test.
cases:
  - {name: good, act: [{check: 1, is: 1}]}
  - {name: slow, act: [{call: Call, with: {operation: {invoke: {name: a}}}}]}
"""


@pytest.fixture
def planned(suite: Callable[[str], Suite]) -> list[PlannedCase]:
    return plan_cases([suite(SUITE)])


@pytest.fixture
def runs(fake: Any, contract: Contract) -> Runs:
    return Runs(Target(fake.url, "127.0.0.1:1"), contract, Options())


async def test_a_run_that_breaks_is_over_and_answers_a_problem(
    runs: Runs, planned: list[PlannedCase], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: object) -> None:
        raise KeyError("a bug of the engine")

    monkeypatch.setattr(module, "run_cases", breaks)
    app = create_app(Harness(planned, runs, "", ""))
    async with asyncio.timeout(10), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://h") as http:
        answer = await http.get("/run/here/good")
        assert (answer.status_code, answer.json()["title"]) == (500, "The harness broke")
        assert "a bug of the engine" in answer.text
        assert [run["state"] for run in (await http.get("/runs")).json()] == ["broken"]
    await runs.close()


async def test_whoever_waits_for_a_run_is_answered_when_the_harness_closes(
    runs: Runs, planned: list[PlannedCase], fake: Any
) -> None:
    fake.hold = asyncio.Event()
    busy = runs.start("here/slow", planned[1:])
    behind = runs.start("here/good", planned[:1])
    waiting = asyncio.gather(runs.wait(busy), runs.wait(behind))
    async with asyncio.timeout(10):
        while busy.state == "queued":
            await busy.changed.wait()
        closing = asyncio.ensure_future(runs.close())
        fake.hold.set()
        await closing
        await waiting
    assert busy.over
    assert behind.over
    assert behind.problem == "The harness stopped before the run was over."


async def test_an_idempotency_key_is_forgotten_with_its_run(
    runs: Runs, planned: list[PlannedCase], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT_MAX", 2)
    async with asyncio.timeout(10):
        for number in range(5):
            await runs.wait(runs.start("here/good", planned[:1], f"key {number}"))
    assert len(runs.list()) <= 3
    assert len(runs._keys) == len(runs.list())
    await runs.close()
