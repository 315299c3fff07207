"""Two runs side by side: what changed, and nothing of what did not."""

from __future__ import annotations

from qbridge_harness.server.compare import Comparison, Rules, Side, compare
from qbridge_harness.server.record import CaseRow, RunRecord


def side(cases: dict[str, tuple[str, float]], rules: Rules | None = None) -> Side:
    """A run of cases with their verdicts and milliseconds."""
    rows = [CaseRow(name, verdict, f"why {name}", duration_ms) for name, (verdict, duration_ms) in cases.items()]
    return Side(RunRecord("run", "here", "", len(rows), {}, state="done"), rows, rules or {})


def found(before: tuple[str, float], after: tuple[str, float]) -> Comparison:
    """The comparison of one case."""
    return compare(side({"here/a": before}), side({"here/a": after}))


def test_broken_cases_come_before_mended_ones() -> None:
    before = side({"a": ("failed", 1), "b": ("passed", 1), "c": ("passed", 1), "d": ("passed", 1)})
    after = side({"a": ("passed", 1), "b": ("error", 1), "c": ("skipped", 1), "d": ("passed", 1)})
    comparison = compare(before, after)
    assert [change["id"] for change in comparison.verdicts] == ["b", "a", "c"]
    assert comparison.verdicts[0] == {"id": "b", "before": "passed", "after": "error", "reason": "why b"}
    assert comparison.same == 1


def test_cases_of_one_run_alone_are_named() -> None:
    comparison = compare(side({"a": ("passed", 1), "b": ("passed", 1)}), side({"b": ("passed", 1), "c": ("failed", 1)}))
    assert (comparison.only_before, comparison.only_after, comparison.verdicts) == (["a"], ["c"], [])


def test_a_duration_counts_where_it_is_more_than_noise() -> None:
    assert [change["ratio"] for change in found(("passed", 100), ("passed", 160)).durations] == [1.6]
    assert [change["ratio"] for change in found(("passed", 160), ("passed", 80)).durations] == [0.5]
    assert found(("passed", 100), ("passed", 140)).durations == []
    assert found(("passed", 1), ("passed", 19)).durations == []
    assert found(("skipped", 0), ("skipped", 100)).durations == []
    assert found(("passed", 100), ("failed", 500)).durations == []
    assert found(("passed", 0), ("passed", 100)).durations[0]["before_ms"] == 0


def test_a_rule_counts_where_both_runs_tried_it() -> None:
    before = side({}, {"R-1": {"grpc": "passed", "rest": "passed"}, "R-2": {"any": "passed"}})
    after = side({}, {"R-1": {"grpc": "failed", "rest": "passed", "sse": "failed"}, "R-3": {"any": "failed"}})
    assert compare(before, after).rules == [{"rule": "R-1", "transport": "grpc", "before": "passed", "after": "failed"}]
