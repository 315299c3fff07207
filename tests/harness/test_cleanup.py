"""After a case: every cleanup step is tried, what the harness brought goes, and what does not is told."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from qbridge_harness.clients import Target
from qbridge_harness.contract import Contract
from qbridge_harness.engine import CaseResult, Options, run
from qbridge_harness.engine.steps.encoding import StepFailed
from qbridge_harness.engine.steps.idempotent import _no_more
from qbridge_harness.language import Suite, plan_cases
from qbridge_harness.own import OwnBackend

from . import hostile

Judge = Callable[..., Any]
BACKEND = sys.modules["qbridge_harness.engine.steps.backend"]
"""The module: the package has a function of this name."""
TEXT = """purpose: A test.
cases:
  - name: it
    proves: [GW-CALL-001]
    arrange: [{backend: a, as: one, attach: false}, {backend: b, as: two, attach: false}]
    act: [{check: 1, is: 1}]
    assert: [{check: 1, is: 1}]
"""
REGISTERED = {"name": "a", "kind": "remote", "state": "BACKEND_STATE_DISCONNECTED", "version": 1}


async def judged(judge: Judge, cleanup: str = "[]") -> CaseResult:
    case: CaseResult = (await judge(f"{TEXT}    cleanup: {cleanup}\n")).cases[0]
    return case


def deleted(fake: Any) -> set[str]:
    """What the deployment was asked to forget."""
    return {path for method, path, _ in fake.asked if method == "DELETE"}


@pytest.fixture
def deployment(fake: Any, answers: Any) -> Any:
    """A fake that registers backends and lets them go."""
    registered = (REGISTERED | {"name": name} for name in ("a", "b"))
    fake.says("POST /v1/backends", *(answers(201, each, etag='"1"') for each in registered))
    for name in ("a", "b"):
        fake.says(f"DELETE /v1/backends/{name}", answers(200, {}))
    return fake


async def test_what_the_harness_brought_goes(deployment: Any, judge: Judge) -> None:
    case = await judged(judge)
    assert case.verdict == "passed", case.reason
    assert deleted(deployment) == {"/v1/backends/a", "/v1/backends/b"}
    assert [step.kind for step in case.steps] == ["backend", "backend", "check", "check"]


async def test_a_registration_that_the_case_itself_deleted_is_no_failure(
    deployment: Any, answers: Any, judge: Judge
) -> None:
    deployment.says("DELETE /v1/backends/a", answers(404, {}))
    assert (await judged(judge)).verdict == "passed"


async def test_every_cleanup_step_is_tried(deployment: Any, answers: Any, judge: Judge) -> None:
    deployment.says("GET /last", answers(200, {}))
    case = await judged(judge, "[{rest: GET /first, expect: {status: 200}}, {rest: GET /last}]")
    assert [path for _, path, _ in deployment.asked if path in ("/first", "/last")] == ["/first", "/last"]
    assert (case.verdict, case.tripped) == ("failed", [])
    assert deleted(deployment) == {"/v1/backends/a", "/v1/backends/b"}


async def test_a_registration_that_stays_fails_the_case_and_trips_no_rule(
    deployment: Any, answers: Any, judge: Judge
) -> None:
    deployment.says("DELETE /v1/backends/a", answers(500, {}))
    case = await judged(judge)
    assert (case.verdict, case.tripped) == ("failed", [])
    assert "DELETE /v1/backends/a answered the status 500" in case.reason
    assert (case.steps[-1].phase, case.steps[-1].kind, case.steps[-1].verdict) == ("cleanup", "take_away", "failed")
    assert deleted(deployment) == {"/v1/backends/a", "/v1/backends/b"}


async def test_a_cleanup_step_that_hangs_leaves_no_backend_behind(
    deployment: Any, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qbridge_harness.engine.runner._CLEANUP_S", 0.1)
    case = await judged(judge, "[{wait_until: {rest: GET /never, expect: {status: 200}}, within_s: 30}]")
    assert (case.verdict, case.tripped) == ("failed", [])
    assert deleted(deployment) == {"/v1/backends/a", "/v1/backends/b"}


async def test_a_case_that_breaks_down_leaves_no_backend_behind(
    deployment: Any, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any) -> None:
        raise RuntimeError("it broke")

    monkeypatch.setattr("qbridge_harness.engine.runner.match", breaks)
    case = await judged(judge)
    assert (case.verdict, case.tripped) == ("error", [])
    assert "The harness broke down: RuntimeError: it broke" in case.reason
    assert deleted(deployment) == {"/v1/backends/a", "/v1/backends/b"}


@pytest.mark.parametrize("last", ["leaves", "resets", "hangs"])
async def test_one_delete_that_fails_keeps_no_other_back(
    last: str, suite: Callable[[str], Suite], contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BACKEND, "_CLOSE_S", 0.2)
    asked = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, path, _ = reader.head.decode().split(" ", 2)  # type: ignore[attr-defined]
        asked.append(f"{method} {path}")
        if method == "DELETE":
            await hostile.REST[last][0](reader, writer)
        else:
            name = "a" if len(asked) == 1 else "b"
            body = json.dumps(REGISTERED | {"name": name})
            head = 'HTTP/1.1 201 Created\r\nconnection: close\r\ncontent-type: application/json\r\netag: "1"\r\n'
            writer.write(f"{head}content-length: {len(body)}\r\n\r\n{body}".encode())

    async with hostile.rest_target(answer) as url, asyncio.timeout(10):
        report = await run(plan_cases([suite(TEXT)]), Target(url, "127.0.0.1:1"), contract, Options())
    assert {"DELETE /v1/backends/a", "DELETE /v1/backends/b"} <= set(asked)
    case = report.cases[0]
    assert (case.verdict, case.tripped, case.steps[-1].phase) == ("failed", [], "cleanup"), case.reason


class Broken(OwnBackend):
    """An own backend that breaks down by itself as soon as it is attached."""

    async def attach(self) -> None:
        self._task = asyncio.create_task(self._serve(None))  # type: ignore[arg-type]
        await self._attached.wait()


class Late(Broken):
    """One that breaks down with an item that waits."""

    async def attach(self) -> None:
        await self._later(self._choose({}), {})


@pytest.mark.parametrize("kind", [Broken, Late])
@pytest.mark.parametrize("seen", ["", ", {observe: one}", ", {tell: one, to: release}"])
async def test_an_own_backend_that_breaks_down_is_the_harnesss_error(
    kind: type[OwnBackend], seen: str, deployment: Any, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BACKEND, "OwnBackend", kind)
    text = TEXT.replace("as: one, attach: false}", "as: one}" + seen)
    case = (await judge(text)).cases[0]
    assert (case.verdict, case.tripped) == ("error", [])
    assert "The own backend 'a' broke down: " in case.reason


async def test_an_own_backend_that_breaks_down_at_the_end_is_seen_too(
    deployment: Any, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def finish(self: OwnBackend) -> None:
        self._broke(KeyError("requestId"))

    monkeypatch.setattr(OwnBackend, "close", finish)
    case = await judged(judge)
    assert (case.verdict, case.steps[-1].phase, case.steps[-1].verdict) == ("error", "cleanup", "error")


async def test_an_effect_that_comes_late_under_another_key_is_found(contract: Contract) -> None:
    worker = OwnBackend("a", [], 1, contract, None)  # type: ignore[arg-type]
    worker.effects = {"one": 1}

    def once_more() -> None:
        worker.effects["two"] = 1
        worker._moved.set()

    await _no_more(worker, 1)
    asyncio.get_running_loop().call_later(0.02, once_more)
    with pytest.raises(StepFailed, match="worked 2 times by the end"):
        await _no_more(worker, 1)
