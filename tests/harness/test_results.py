"""The verdict of a run, from those of its cases: counts, what is red, the outcome, and the table of rules."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from qbridge_harness.engine.results import VERDICTS, CaseResult, KnownEntry, Report, StepResult, Verdict


def case(verdict: Verdict = "passed", **members: Any) -> CaseResult:
    """A judged case."""
    given: dict[str, Any] = {"id": "s/c", "suite": "s", "name": "c", "purpose": "", "file": "s.yaml", "line": 1}
    lists: dict[str, Any] = {"axes": {}, "tags": [], "proves": []}
    return CaseResult(**(given | lists | {"verdict": verdict} | members))


def report(*cases: CaseResult, known: tuple[KnownEntry, ...] = ()) -> Report:
    """A run of these cases."""
    return Report("run_1", "http://t", "t:1", "", "1", "v1", cases=list(cases), known=list(known))


def entry(state: Literal["holds", "stale", "unmatched", "idle"]) -> KnownEntry:
    return KnownEntry("failing", "s", "known-failing.txt", 1, state=state)


@pytest.mark.parametrize(
    ("verdict", "known", "red"),
    [
        ("passed", "", False),
        ("skipped", "", False),
        ("failed", "", True),
        ("error", "", True),
        ("failed", "failing", False),
        ("error", "failing", True),
        ("passed", "failing", False),
        ("failed", "flaky", False),
        ("error", "flaky", True),
    ],
)
def test_a_case_is_red_unless_a_list_knows_it(verdict: Verdict, known: Any, red: bool) -> None:
    assert case(verdict, known=known).red is red


def test_untestable_is_a_failure_whose_reason_says_so() -> None:
    assert case("failed", reason="untestable: no backend").untestable
    assert not case("failed", reason="it failed").untestable
    assert not case("skipped", reason="untestable: no backend").untestable


@pytest.mark.parametrize(("state", "red"), [("holds", False), ("idle", False), ("stale", True), ("unmatched", True)])
def test_an_entry_of_a_list_is_red_where_it_is_no_longer_true(state: Any, red: bool) -> None:
    assert entry(state).red is red


def test_every_verdict_is_counted() -> None:
    counts = report(case(), case(), case("failed"), case("error"), case("skipped")).counts
    assert counts == {"passed": 2, "failed": 1, "error": 1, "skipped": 1}
    assert tuple(counts) == VERDICTS


@pytest.mark.parametrize(
    ("cases", "text"),
    [
        ([case(), case("failed")], "1 passed, 1 failed"),
        ([case("failed", known="failing"), case("failed")], "0 passed, 2 failed (1 of them known)"),
        ([case("error")], "0 passed, 0 failed, 1 error"),
        ([case("error"), case("error")], "0 passed, 0 failed, 2 errors"),
        ([case(), case("skipped")], "1 passed, 0 failed, 1 skipped"),
        ([case("error", known="flaky")], "0 passed, 0 failed, 1 error"),
    ],
)
def test_the_last_line_says_what_there_is(cases: list[CaseResult], text: str) -> None:
    assert report(*cases).summary == text


@pytest.mark.parametrize(
    ("run", "outcome"),
    [
        (report(case()), "passed"),
        (report(case(), case("skipped")), "passed"),
        (report(case("failed"), case("error")), "failed"),
        (report(case("error"), case()), "error"),
        (report(case("failed", known="failing")), "passed"),
        (report(case("failed", known="flaky")), "passed"),
        (report(case(), known=(entry("stale"),)), "stale"),
        (report(case(), known=(entry("holds"), entry("unmatched"))), "stale"),
        (report(case(), known=(entry("holds"),)), "passed"),
        (report(case("error"), known=(entry("stale"),)), "error"),
        (report(case("skipped")), "failed"),
        (report(), "failed"),
    ],
)
def test_the_outcome_is_the_worst_that_is_red(run: Report, outcome: str) -> None:
    assert run.outcome == outcome
    assert run.ok is (outcome == "passed")


def rules(*cases: CaseResult) -> dict[str, dict[str, str]]:
    """The table of a run, as plain data."""
    return {rule: dict(row) for rule, row in report(*cases).rules().items()}


def proving(verdict: Verdict, *transports: str, **members: Any) -> CaseResult:
    return case(verdict, proves=["R-A-001"], transports=list(transports), **members)


@pytest.mark.parametrize(
    ("cases", "row"),
    [
        ([proving("passed", "grpc")], {"grpc": "passed"}),
        ([proving("skipped", "grpc")], {"grpc": "skipped"}),
        ([proving("failed", "grpc")], {"grpc": "unproven"}),
        ([proving("error", "grpc")], {"grpc": "unproven"}),
        ([proving("failed", "grpc", tripped=["R-A-001"])], {"grpc": "failed"}),
        ([proving("passed", "grpc", "rest")], {"grpc": "passed", "rest": "passed"}),
        ([proving("passed", axes={"transport": "rest"})], {"rest": "unproven"}),
        ([proving("passed")], {"any": "unproven"}),
        ([proving("skipped", "grpc"), proving("passed", "grpc")], {"grpc": "passed"}),
        ([proving("passed", "grpc"), proving("skipped", "grpc")], {"grpc": "passed"}),
        ([proving("passed", "grpc"), proving("error", "grpc")], {"grpc": "unproven"}),
        ([proving("error", "grpc"), proving("passed", "grpc")], {"grpc": "unproven"}),
        ([proving("failed", "grpc", tripped=["R-A-001"]), proving("error", "grpc")], {"grpc": "failed"}),
        ([proving("passed", "grpc"), proving("skipped", "rest")], {"grpc": "passed", "rest": "skipped"}),
    ],
)
def test_the_worst_that_a_case_has_shown_decides_on_a_rule(cases: list[CaseResult], row: dict[str, str]) -> None:
    assert rules(*cases) == {"R-A-001": row}


def test_a_tripped_rule_is_in_the_table_though_no_case_names_it() -> None:
    shown = rules(proving("failed", "grpc", tripped=["R-B-001"]))
    assert shown == {"R-A-001": {"grpc": "unproven"}, "R-B-001": {"grpc": "failed"}}
    assert list(shown) == sorted(shown)


def test_coverage_counts_cases() -> None:
    covered = report(case(coverage=["b", "a"]), case(coverage=["a"])).coverage()
    assert list(covered.items()) == [("a", 2), ("b", 1)]


def test_the_document_has_the_verdict_and_every_table() -> None:
    document = report(proving("failed", "grpc")).to_json()
    assert document["schema"] == 1
    assert document["outcome"] == "failed"
    assert document["counts"]["failed"] == 1
    assert document["rules"] == {"R-A-001": {"grpc": "unproven"}}
    assert document["cases"][0]["verdict"] == "failed"
    assert list(document)[-1] == "cases"


def test_nothing_has_happened_before_something_does() -> None:
    step, judged, run = StepResult(0, "act", "call", "call", 1), case(), report()
    assert (step.verdict, step.attempts, step.started_ms, step.duration_ms) == ("passed", 1, 0.0, 0.0)
    assert (judged.duration_ms, judged.messages_dropped, run.duration_s) == (0.0, 0, 0.0)
