"""The lists of known results to the letter: what an entry names, what is wrong with it, and what may stand on both."""

from __future__ import annotations

from pathlib import Path

from qbridge_harness.engine.blame import decide
from qbridge_harness.engine.results import CaseResult, StepResult, Verdict
from qbridge_harness.known import KnownLists, load_known

IDS = {"a/one", "a/two", "b/one"}


def case(case_id: str, verdict: Verdict) -> CaseResult:
    return CaseResult(case_id, "s", "n", "", "f", 1, {}, [], ["R-A-001"], verdict)


def lists(folder: Path, failing: str = "", flaky: str = "") -> KnownLists:
    """Lists from their text."""
    for name, text in (("failing", failing), ("flaky", flaky)):
        (folder / f"{name}.txt").write_text(text)
    return load_known(folder / "failing.txt", folder / "flaky.txt", lambda: IDS)


def test_an_entry_names_the_cases_of_the_run_that_it_is_about(tmp_path: Path) -> None:
    [entry] = lists(tmp_path, "a/*").review([case("a/one", "failed"), case("b/one", "failed"), case("a/two", "failed")])
    assert entry.cases == ["a/one", "a/two"]
    assert (entry.state, entry.reason) == ("holds", "")


def test_an_entry_that_names_nothing_says_what_to_do(tmp_path: Path) -> None:
    [entry] = lists(tmp_path, "c/*").review([])
    assert (entry.state, entry.cases) == ("unmatched", [])
    assert "correct the pattern, or delete the line" in entry.reason


def test_an_entry_holds_though_one_of_its_cases_was_skipped(tmp_path: Path) -> None:
    [entry] = lists(tmp_path, "a/*").review([case("a/one", "failed"), case("a/two", "skipped")])
    assert entry.state == "holds"
    [entry] = lists(tmp_path, "a/*").review([case("a/one", "skipped"), case("a/two", "skipped")])
    assert entry.state == "idle"


def test_different_cases_may_stand_on_the_two_lists(tmp_path: Path) -> None:
    known = lists(tmp_path, "a/one", "b/one")
    assert [known.kind_of(each) for each in ("a/one", "b/one", "a/two")] == ["failing", "flaky", ""]


def test_an_assertion_that_fails_trips_the_rules_of_its_case() -> None:
    judged = case("a/one", "failed")
    judged.steps = [StepResult(0, "assert", "check", "check", 1, "failed")]
    decide(judged)
    assert judged.tripped == ["R-A-001"]
