"""A run with every verdict, and with everything in it that can spoil a report."""

from __future__ import annotations

import pytest

from qbridge_harness.contract import Violation
from qbridge_harness.engine import CaseResult, Report, StepResult
from qbridge_harness.engine.results import KnownEntry, Verdict
from qbridge_harness.log import Message

KEY = "qb_" + "5ec2e7" * 10
"""What no report may hold."""
NASTY = "ünïcode 漢字 \U0001f980 <b>&\"'</b> ]]> --> \x00\x07\x1b[31m\x85 half \ud83d"
HUGE = "x" * 1600 + "... (5000000 in all)"
AXES = {"transport": "rest"}


def case(name: str, verdict: Verdict, reason: str = "", **more: object) -> CaseResult:
    """A case of the suite `shop`."""
    known = {"axes": dict(AXES), "tags": ["some"], "proves": ["GW-CALL-001"]} | more
    made = CaseResult(f"shop/{name}/transport:rest", "shop", name, f"Purpose of {name}.", "cases/shop.yaml", 7, **known)  # type: ignore[arg-type]
    made.verdict, made.reason = verdict, reason
    made.started_at, made.duration_ms = "2026-11-21T10:00:00.250Z", 120.0
    return made


def call_steps(problem: str = "") -> list[StepResult]:
    """A step that worked, and one that did not if there is a problem."""
    verdict: Verdict = "failed" if problem else "passed"
    return [
        StepResult(1, "arrange", "set", "set", 9, started_ms=0.1, duration_ms=0.2),
        StepResult(
            2, "act", "call", "call Call", 11, verdict, [problem] if problem else [], started_ms=1.0, duration_ms=90.0
        ),
    ]


def call_messages(text: str) -> list[Message]:
    """A request and its answer."""
    headers = {"Idempotency-Key": "it's", "authorization": "***"}
    return [
        Message(2.0, 2, "sent", "rest", "POST /v1/call", '{"operation":{"invoke":{"name":"echo"}}}', headers),
        Message(80.0, 2, "received", "rest", "200 POST /v1/call", text),
    ]


def every_kind() -> Report:
    """One case of each kind."""
    failed = case("failed", "failed", f"act, line 11: {NASTY}", tripped=["GW-CALL-001"])
    failed.steps, failed.messages = call_steps(NASTY), call_messages(f'{NASTY} "authorization": "Bearer {KEY}"')
    failed.coverage = ["BridgeService/Call rest 200"]
    violated = case("violated", "failed", "A message breaks the contract.", tripped=["GW-MSG-001"], proves=[])
    violated.steps, violated.messages = call_steps(), call_messages(HUGE)
    violated.violations = [
        Violation("deployment", "POST /v1/call -> 200", "schema", f"the body: {NASTY}", ("GW-MSG-001",)),
        Violation("deployment", "BridgeService/Call (grpc)", "descriptor", "Reply has the unknown field 9."),
    ]
    error = case("error", "error", f"The harness broke down: KeyError: {KEY}")
    error.violations = [Violation("harness", "POST /v1/call", "schema", "the body: no object")]
    known = case("known", "failed", "Known since long.", known="failing", tripped=["GW-CALL-002"])
    flaky = case("flaky", "failed", "Sometimes.", known="flaky", proves=[])
    untestable = case("untestable", "failed", "untestable: no backend lists the operation", proves=[])
    skipped = case("skipped", "skipped", "the deployment does not declare the profile vector", axes={})
    passed = case("passed", "passed", proves=["GW-CALL-001", "GW-CALL-003"])
    passed.steps, passed.messages = call_steps(), call_messages('{"reply": 1}')
    entries = [
        KnownEntry("failing", "shop/known/**", "cases/known-failing.txt", 3, [known.id], "holds"),
        KnownEntry("failing", "shop/passed/**", "cases/known-failing.txt", 4, [passed.id], "stale", "It passes now."),
    ]
    return Report(
        run_id="run-1",
        target="http://127.0.0.1:7401",
        grpc="127.0.0.1:7400",
        started_at="2026-11-21T10:00:00Z",
        harness_version="0.1.0",
        contract_version="v1",
        capabilities={"product": "fake/1", "authentication": True},
        duration_s=1.25,
        cases=[passed, skipped, flaky, known, error, violated, untestable, failed],
        seed="seed-7",
        known=entries,
    )


@pytest.fixture
def report() -> Report:
    """One case of each kind."""
    return every_kind()
