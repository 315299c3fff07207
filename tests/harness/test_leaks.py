"""Leaks: a deployment that keeps what it should let go is tripped, and so is the harness itself."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest

from qbridge_harness.engine import CaseResult, leaks, steps
from qbridge_harness.engine.context import Context
from qbridge_harness.engine.steps.metrics import scrape
from qbridge_harness.language.model import NoLeaks

Judge = Callable[..., Any]
GAUGES = "# TYPE in_flight gauge\nin_flight {}\n# TYPE memory_bytes gauge\nmemory_bytes {}\n"
TEXT = """purpose: A test.
cases:
  - name: it
    proves: [GW-CALL-001]
    no_leaks: {within_s: 0.2}
    act: [{rest: GET /ping}]
"""


@pytest.fixture
def deployment(fake: Any, answers: Any) -> Any:
    """A fake whose metrics page says what its `open` says."""

    class Gauged:
        values: list[tuple[int, int]]

    def says(*values: tuple[int, int]) -> None:
        pages = [GAUGES.format(*value) for value in (values[0], *values)]
        fake.says("GET /metrics", *(answers(200, page.encode(), "text/plain") for page in pages))

    fake.says("GET /ping", answers(200, {}))
    fake.gauges = says
    return fake


async def only_case(judge: Judge, text: str = TEXT) -> CaseResult:
    case: CaseResult = (await judge(text)).cases[0]
    return case


async def test_a_gauge_that_comes_back_passes(deployment: Any, judge: Judge) -> None:
    deployment.gauges((1, 5), (3, 9), (2, 9), (1, 9))
    case = await only_case(judge)
    assert case.verdict == "passed", case.reason
    last = case.steps[-1]
    assert (last.kind, last.verdict, last.attempts) == ("no_leaks", "passed", 3)


async def test_a_deployment_that_keeps_a_request_is_tripped(deployment: Any, judge: Judge) -> None:
    deployment.gauges((1, 5), (2, 5))
    case = await only_case(judge)
    assert case.verdict == "failed"
    assert case.tripped == ["GW-CALL-001"]
    assert "The deployment's in_flight is 2, it was 1, 0.2 s after the case" in case.reason


async def test_a_gauge_that_appears_counts_from_zero(deployment: Any, judge: Judge) -> None:
    deployment.gauges((0, 5), (0, 5))
    page = GAUGES.format(0, 5)
    more = page.replace("in_flight 0", 'in_flight 0\nin_flight{lane="a"} 1')
    answers = [(200, {"content-type": "text/plain"}, each.encode()) for each in (page, page, more)]
    deployment.says("GET /metrics", *answers)
    assert 'in_flight{lane="a"} is 1, it was 0' in (await only_case(judge)).reason


async def test_the_gauges_can_be_named(deployment: Any, judge: Judge) -> None:
    deployment.gauges((1, 5), (2, 6))
    case = await only_case(judge, TEXT.replace("within_s: 0.2", "within_s: 0.2, gauges: memory_.*"))
    assert "memory_bytes is 6, it was 5" in case.reason
    assert "in_flight" not in case.reason


async def test_without_metrics_only_the_harness_is_looked_at(deployment: Any, judge: Judge) -> None:
    case = await only_case(judge)
    assert case.verdict == "passed", case.reason
    assert case.steps[-1].kind == "no_leaks"


async def test_a_suite_says_it_for_its_cases_and_a_case_for_itself(deployment: Any, judge: Judge) -> None:
    text = """purpose: A test.
no_leaks: true
cases:
  - {name: watched, act: [{rest: GET /ping}]}
  - {name: not-watched, no_leaks: false, act: [{rest: GET /ping}]}
"""
    watched, free = (await judge(text)).cases
    assert [step.kind for step in watched.steps] == ["rest", "no_leaks"]
    assert [step.kind for step in free.steps] == ["rest"]


async def test_a_task_that_the_harness_forgets_is_its_own_error(
    deployment: Any, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = asyncio.Event()
    forgotten = []

    async def forgetful(context: Context, _step: Any) -> dict[str, Any]:
        forgotten.append(asyncio.create_task(leaks._look_for_ever(over), name="forgotten"))  # type: ignore[attr-defined]
        return {"status": 200}

    async def look_for_ever(event: asyncio.Event) -> None:
        await event.wait()

    look_for_ever.__code__ = look_for_ever.__code__.replace(co_filename=leaks.__file__)
    monkeypatch.setattr(leaks, "_look_for_ever", look_for_ever, raising=False)
    monkeypatch.setitem(steps.EXECUTORS, "rest", forgetful)
    case = await only_case(judge)
    over.set()
    await asyncio.gather(*forgotten)
    assert case.verdict == "error"
    assert "The harness still runs the task forgotten" in case.reason


async def test_a_connection_that_the_harness_forgets_is_its_own_error(
    deployment: Any, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[asyncio.StreamWriter] = []

    async def forgetful(context: Context, _step: Any) -> dict[str, Any]:
        host, port = re.fullmatch(r"http://(.*):(\d+)", context.wire.target.rest).groups()  # type: ignore[union-attr]
        _, writer = await asyncio.open_connection(host, int(port))
        held.append(writer)
        return {"status": 200}

    monkeypatch.setitem(steps.EXECUTORS, "rest", forgetful)
    case = await only_case(judge)
    for writer in held:
        writer.close()
        await writer.wait_closed()
    assert case.verdict == "error"
    assert "The harness still holds the connection" in case.reason


async def test_a_metrics_page_that_breaks_before_the_case_is_the_deployments(
    deployment: Any, answers: Any, judge: Judge
) -> None:
    page = answers(200, GAUGES.format(1, 5).encode(), "text/plain")
    deployment.says("GET /metrics", page, answers(500, {}))
    case = await only_case(judge)
    assert (case.verdict, case.tripped) == ("failed", [])
    assert "500" in case.reason
    assert [(step.phase, step.kind, step.verdict) for step in case.steps] == [("arrange", "no_leaks", "failed")]
    assert not any(path == "/ping" for _, path, _ in deployment.asked)


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
async def test_a_metrics_page_that_hangs_costs_a_bounded_time(
    first: bool, deployment: Any, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment.gauges((1, 5), (1, 5))
    asked = []

    async def hanging(wire: Any, path: str) -> Any:
        asked.append(path)
        if not first and len(asked) == 1:
            return await scrape(wire, path)
        return await asyncio.Event().wait()

    monkeypatch.setattr(leaks, "LOOK_S", 0.05)
    monkeypatch.setattr(leaks, "scrape", hanging)
    async with asyncio.timeout(10):
        case = await only_case(judge)
    assert case.verdict == "failed"
    assert "The metrics page /metrics did not come within 0.05 s" in case.reason


@pytest.mark.parametrize(
    ("name", "watched"),
    [
        ("qbridge_lane_depth", True),
        ("app_inFlight", True),
        ("http_in_flight_requests", True),
        ("open_sessions", True),
        ("queued", True),
        ("process_resident_memory_bytes", False),
        ("python_info", False),
        ("cpu_seconds", False),
    ],
)
def test_which_gauges_are_looked_at(name: str, watched: bool) -> None:
    assert bool(re.fullmatch(NoLeaks().gauges, name)) is watched
