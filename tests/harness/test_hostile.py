"""A target that hangs, resets, lies or never ends gets a verdict within the case's budget, and a precise reason."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from qbridge_harness.clients import Target, Unreachable
from qbridge_harness.contract import Contract
from qbridge_harness.engine import CaseResult, Options, run
from qbridge_harness.language import Suite, plan_cases

from . import hostile

BUDGET_S = 8.0
SUITE = "purpose: A test.\ndefaults: {{timeout_s: {}, case_timeout_s: 10}}\ncases: [{{name: it, act: [{}]}}]\n"


@pytest.fixture(autouse=True)
def _short_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qbridge_harness.clients.websocket.CLOSE_S", 0.2)


async def judged(suite: Suite, rest: str, grpc: str, contract: Contract) -> CaseResult:
    """The verdict, within the budget; the leeway is for closing connections on a busy machine."""
    began = time.perf_counter()
    async with asyncio.timeout(BUDGET_S + 12):
        report = await run(plan_cases([suite]), Target(rest, grpc), contract, Options())
    assert time.perf_counter() - began < BUDGET_S + 5
    return report.cases[0]


def suite_of(suite: Callable[[str], Suite], step: str, reason: str) -> Suite:
    """A suite of one step; one that must run out of time gets little of it."""
    return suite(SUITE.format(0.4 if reason.startswith("It took") else BUDGET_S, step))


def check(case: CaseResult, reason: str) -> None:
    assert case.verdict == "failed", case.reason
    assert "harness broke" not in case.reason
    assert reason in case.reason


@pytest.mark.parametrize("name", hostile.REST)
async def test_rest(name: str, suite: Callable[[str], Suite], contract: Contract) -> None:
    misbehave, reason = hostile.REST[name]
    step = "{call: Call, with: {backend: a, operation: {invoke: {name: a}}}}"
    async with hostile.rest_target(misbehave) as url:
        check(await judged(suite_of(suite, step, reason), url, "127.0.0.1:1", contract), reason)


@pytest.mark.parametrize("name", hostile.SSE)
async def test_server_sent_events(name: str, suite: Callable[[str], Suite], contract: Contract) -> None:
    misbehave, reason = hostile.SSE[name]
    async with hostile.rest_target(misbehave) as url:
        case = await judged(suite_of(suite, "{sse: /v1/requests/r/events}", reason), url, "127.0.0.1:1", contract)
    check(case, reason)


@pytest.mark.parametrize("name", hostile.WEBSOCKET)
async def test_websocket(name: str, suite: Callable[[str], Suite], contract: Contract) -> None:
    misbehave, reason = hostile.WEBSOCKET[name]
    step = "{ws: /v1/session, send: [], receive_max: 1}"
    async with hostile.rest_target(misbehave) as url:
        check(await judged(suite_of(suite, step, reason), url, "127.0.0.1:1", contract), reason)


@pytest.mark.parametrize(
    "name", ["a-list", "wrong-types", "garbage", "a-frame-of-exabytes", "resets-after-the-handshake"]
)
@pytest.mark.parametrize(
    "step",
    [
        "{call: Call, transport: websocket, with: {backend: a, operation: {invoke: {name: a}}}, timeout_s: 0.6}",
        "{open: Session, as: s, transport: websocket}, {collect: s, ids: [a], timeout_s: 0.6}",
        "{open: Watch, as: w, transport: websocket, with: {requestId: a}}, {receive: w, count: 9, timeout_s: 0.6}",
    ],
)
async def test_streams_over_websocket(name: str, step: str, suite: Callable[[str], Suite], contract: Contract) -> None:
    async with hostile.rest_target(hostile.WEBSOCKET[name][0]) as url:
        check(await judged(suite_of(suite, step, ""), url, "127.0.0.1:1", contract), "")


@pytest.mark.parametrize("name", hostile.GRPC)
@pytest.mark.parametrize("step", ["{open: Session, as: s, transport: grpc}, {collect: s, ids: [a], timeout_s: 0.6}"])
async def test_streams_over_grpc(name: str, step: str, suite: Callable[[str], Suite], contract: Contract) -> None:
    async with hostile.rest_target(hostile.leave) as url, hostile.raw_target(hostile.GRPC[name][0]) as address:
        check(await judged(suite_of(suite, step, ""), url, address, contract), "")


@pytest.mark.parametrize("name", hostile.GRPC)
async def test_grpc(name: str, suite: Callable[[str], Suite], contract: Contract) -> None:
    misbehave, reason = hostile.GRPC[name]
    step = "{grpc: PlatformService/GetHealth, send: [{}], expect: {status: OK}}"
    async with hostile.rest_target(hostile.leave) as url, hostile.raw_target(misbehave) as address:
        check(await judged(suite_of(suite, step, reason), url, address, contract), reason)


async def test_a_target_that_hangs_from_the_start_is_unreachable(
    suite: Callable[[str], Suite], contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["qbridge_harness.engine.run"], "PREFLIGHT_S", 0.2)
    made = suite(SUITE.format(1, "{check: 1, is: 1}"))
    async with hostile.raw_target(hostile.hang) as address:
        with pytest.raises(Unreachable, match=r"no answer within 0\.2 s"):
            await run(plan_cases([made]), Target(f"http://{address}", address), contract, Options())


async def test_an_own_backend_on_a_target_that_hangs_is_taken_away_in_time(
    suite: Callable[[str], Suite], contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["qbridge_harness.engine.steps.backend"], "_CLOSE_S", 0.3)
    made = suite(SUITE.format(0.3, "{backend: a, as: worker}"))
    async with hostile.rest_target(hostile.hang) as url:
        case: Any = await judged(made, url, "127.0.0.1:1", contract)
    assert case.verdict == "failed"


@pytest.mark.parametrize("name", ["hangs", "leaves", "resets", "garbage", "headers-for-ever"])
async def test_a_metrics_page_that_misbehaves_is_none(
    name: str, suite: Callable[[str], Suite], contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qbridge_harness.engine.preflight.METRICS_S", 0.2)
    needs = "{name: needs, needs: {metrics: true}, act: [{check: 1, is: 1}]}"
    watched = "{name: watched, no_leaks: true, act: [{check: 1, is: 1}]}"
    made = suite(f"purpose: A test.\ncases: [{needs}, {watched}]\n")
    async with hostile.rest_target(hostile.REST[name][0]) as url, asyncio.timeout(BUDGET_S):
        report = await run(plan_cases([made]), Target(url, "127.0.0.1:1"), contract, Options())
    assert [case.verdict for case in report.cases] == ["skipped", "passed"], [case.reason for case in report.cases]
    assert "serves no metrics" in report.cases[0].reason
