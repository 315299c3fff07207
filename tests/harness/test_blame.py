"""Whose fault a case is, which rules it trips, over which transports it has judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from qbridge_harness.contract import Violation
from qbridge_harness.engine.blame import decide
from qbridge_harness.engine.results import CaseResult, Report, StepResult, Verdict
from qbridge_harness.log import VIOLATIONS_MAX, Log, Message

RULES = ["GW-CALL-001", "GW-CALL-002"]


def case(verdict: Verdict = "failed", **changes: Any) -> CaseResult:
    """A case that proves two rules."""
    result = CaseResult("here/it", "here", "it", "", "cases/here.yaml", 1, {}, [], list(RULES), verdict, "It broke.")
    for name, value in changes.items():
        setattr(result, name, value)
    return result


def step(number: int, verdict: Verdict = "failed", phase: str = "act", proves: tuple[str, ...] = ()) -> StepResult:
    return StepResult(number, phase, "call", "call", 1, verdict, proves=list(proves))


def violation(step_number: int, *rules: str, blame: Any = "deployment") -> Violation:
    return Violation(blame, "here", "descriptor", "wrong", rules, step_number)


def tripped(**changes: Any) -> list[str]:
    """The rules that a failed case trips."""
    result = case(**changes)
    decide(result)
    return result.tripped


def test_a_step_without_rules_of_its_own_trips_those_of_the_case() -> None:
    assert tripped(steps=[step(0, "passed"), step(1)]) == RULES


def test_a_step_with_rules_of_its_own_trips_these_alone() -> None:
    assert tripped(steps=[step(0, proves=("GW-CALL-002",))]) == ["GW-CALL-002"]
    assert tripped(steps=[step(0, "passed", proves=("GW-CALL-001",)), step(1, proves=("GW-CALL-002",))]) == [RULES[1]]


@pytest.mark.parametrize("phase", ["arrange", "cleanup"])
def test_what_fails_around_the_act_trips_nothing(phase: str) -> None:
    assert tripped(steps=[step(0, phase=phase)]) == []
    assert tripped(steps=[step(0, phase=phase, proves=("GW-CALL-001",))]) == ["GW-CALL-001"]


def test_a_broken_message_trips_the_rule_of_its_form_and_speaks_for_its_step() -> None:
    broken = violation(1, "GW-MSG-001")
    assert tripped(steps=[step(1)], violations=[broken]) == ["GW-MSG-001"]
    assert tripped(steps=[step(1), step(2)], violations=[broken]) == ["GW-CALL-001", "GW-CALL-002", "GW-MSG-001"]
    assert tripped(steps=[step(1, "passed")], violations=[broken]) == ["GW-MSG-001"]


def test_a_broken_message_of_no_known_rule_trips_those_of_the_case() -> None:
    assert tripped(violations=[violation(1)]) == RULES


def test_time_that_runs_out_trips_what_the_case_was_about() -> None:
    assert tripped() == RULES
    assert tripped(steps=[step(0, "passed"), step(1, "passed")]) == RULES
    assert tripped(steps=[step(0, "passed", phase="arrange")]) == []


def test_what_is_untestable_or_passed_trips_nothing() -> None:
    assert tripped(reason="untestable: no backend lists the operation query") == []
    assert tripped(verdict="passed") == []


def test_a_message_of_the_harness_that_breaks_the_contract_judges_nobody() -> None:
    result = case(violations=[violation(1, "GW-MSG-001", blame="harness")], steps=[step(1)])
    decide(result)
    assert (result.verdict, result.tripped) == ("error", [])
    assert "harness sent" in result.reason


def test_a_case_that_asks_for_what_cannot_be_is_an_error() -> None:
    result = case(steps=[step(1, "error")])
    decide(result)
    assert (result.verdict, result.tripped) == ("error", [])


def message(transport: str, number: int = 0) -> Message:
    return Message(0.0, number, "sent", transport, "", "")


@pytest.mark.parametrize(
    ("axis", "sent", "transports"),
    [
        ("grpc", ["grpc", "rest"], ["grpc"]),
        ("session", ["grpc"], ["grpc"]),
        ("websocket", ["rest"], []),
        ("websocket", ["rest", "websocket"], ["websocket"]),
        ("websocket", ["rest", "own backend, websocket"], ["websocket"]),
        ("rest", ["rest", "sse"], ["rest", "sse"]),
        ("sse", ["rest", "sse"], ["sse"]),
        (None, ["rest", "own backend, grpc"], ["rest"]),
        (None, ["rest", "grpc", "sse"], ["grpc", "rest", "sse"]),
        (None, [], []),
    ],
)
def test_the_transports_are_those_that_messages_went_over(
    axis: str | None, sent: list[str], transports: list[str]
) -> None:
    result = case("passed", axes={"transport": axis} if axis else {}, steps=[step(0, "passed")])
    result.messages = [message(transport) for transport in sent]
    decide(result)
    assert result.transports == transports


def test_what_a_case_without_an_axis_arranges_with_is_not_what_it_judges() -> None:
    result = case("passed", steps=[step(0, "passed", phase="arrange"), step(1, "passed")])
    result.messages = [message("rest", 0), message("grpc", 1)]
    decide(result)
    assert result.transports == ["grpc"]


def report(*cases: CaseResult) -> Report:
    return Report("run-1", "http://x", "x:1", "2026-01-01T00:00:00Z", "1", "v1", cases=list(cases), seed="7")


def test_the_worst_case_decides_on_a_rule() -> None:
    passed = case("passed", transports=["grpc"])
    broken = case(tripped=["GW-CALL-001"], transports=["grpc", "rest"])
    assert report(passed).rules() == {"GW-CALL-001": {"grpc": "passed"}, "GW-CALL-002": {"grpc": "passed"}}
    assert report(passed, broken).rules() == {
        "GW-CALL-001": {"grpc": "failed", "rest": "failed"},
        "GW-CALL-002": {"grpc": "unproven", "rest": "unproven"},
    }
    assert report(passed, case("skipped", transports=["grpc"])).rules()["GW-CALL-001"] == {"grpc": "passed"}
    assert report(passed, case("error", transports=["grpc"])).rules()["GW-CALL-001"] == {"grpc": "unproven"}


@pytest.mark.parametrize("axes", [{}, {"transport": "rest"}])
def test_a_case_over_whose_transports_nothing_went_proves_nothing(axes: dict[str, str]) -> None:
    found = report(case("passed", axes=axes)).rules()["GW-CALL-001"]
    assert set(found.values()) == {"unproven"}


def test_a_failed_take_away_trips_nothing() -> None:
    assert tripped(steps=[step(0, "passed", phase="assert"), step(1, phase="cleanup")]) == []


def test_a_case_keeps_so_many_violations_and_no_more() -> None:
    log = Log()
    log.blame([Violation("deployment", "here", "descriptor", f"wrong {number}") for number in range(300)])
    assert len(log.violations) == VIOLATIONS_MAX == 200


def test_the_outcome_is_the_worst_of_what_is_red() -> None:
    passed, failed, error = case("passed"), case("failed"), case("error")
    assert report(passed).outcome == "passed"
    assert report(passed, error).outcome == "error"
    assert report(passed, error, failed).outcome == "failed"
    assert report(case("skipped")).outcome == "failed"
    assert report(passed, case("failed", known="failing"), case("failed", known="flaky")).outcome == "passed"
    assert report(passed, case("error", known="failing")).outcome == "error"
    assert report(passed, case("error", known="flaky")).outcome == "error"


async def test_the_engine_says_which_rule_a_broken_answer_breaks(
    fake: Any, answers: Any, judge_steps: Callable[..., Any]
) -> None:
    fake.says("GET /v1/health", answers(200, {"state": "HEALTH_STATE_SERVING", "colour": "red"}))
    result = await judge_steps("- {call: Platform.GetHealth}", "    proves: [PF-HEALTH-001]\n")
    assert (result.verdict, result.tripped, result.transports) == ("failed", ["GW-MSG-001"], ["rest"])


async def test_a_request_without_a_body_is_checked_before_it_goes(
    fake: Any, answers: Any, judge_steps: Callable[..., Any]
) -> None:
    fake.says("GET /v1/requests", answers(200, {}))
    result = await judge_steps("- {call: List, with: {pageSize: 5000}}")
    assert (result.verdict, {each.blame for each in result.violations}) == ("error", {"harness"})
    assert (await judge_steps("- {call: List, with: {pageSize: 5000}, invalid: true}")).verdict == "passed"
