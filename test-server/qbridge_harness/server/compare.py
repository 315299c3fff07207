"""Two runs side by side: which verdicts changed, which rules, and what became slower or faster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from qbridge_harness.server.record import CaseRow, RunRecord

_RATIO_MIN = 1.5
_DIFFERENCE_MIN_MS = 20.0
"""A duration counts as changed by half and by so much: below, a machine's own noise is larger."""

Rules = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Side:
    """What is compared of a run."""

    record: RunRecord
    cases: Sequence[CaseRow]
    rules: Rules


@dataclass(slots=True)
class Comparison:
    """What differs between an earlier and a later run."""

    before: dict[str, Any]
    after: dict[str, Any]
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    """Cases whose verdict changed; `reason` is the later one, or the earlier where the later has none."""
    rules: list[dict[str, Any]] = field(default_factory=list)
    durations: list[dict[str, Any]] = field(default_factory=list)
    only_before: list[str] = field(default_factory=list)
    only_after: list[str] = field(default_factory=list)
    same: int = 0
    """Cases of both runs with one verdict."""

    def document(self) -> dict[str, Any]:
        """What the API answers."""
        return asdict(self)


def compare(before: Side, after: Side) -> Comparison:
    """Compares case by case and rule by rule. Broken ones come first, then mended ones; the slowest first."""
    earlier = {case.id: case for case in before.cases}
    later = {case.id: case for case in after.cases}
    found = Comparison(before.record.document(), after.record.document())
    found.only_before = [case for case in earlier if case not in later]
    found.only_after = [case for case in later if case not in earlier]
    for name in (case for case in earlier if case in later):
        one, other = earlier[name], later[name]
        if one.verdict == other.verdict:
            found.same += 1
            found.durations += _duration(one, other)
        else:
            change = {"id": name, "before": one.verdict, "after": other.verdict}
            found.verdicts.append(change | {"reason": other.reason or one.reason})
    found.verdicts.sort(key=lambda change: (change["after"] not in ("failed", "error"), change["id"]))
    found.durations.sort(key=lambda change: -change["ratio"])
    found.rules = _rules(before.rules, after.rules)
    return found


def _duration(one: CaseRow, other: CaseRow) -> list[dict[str, Any]]:
    if one.verdict == "skipped" or abs(other.duration_ms - one.duration_ms) < _DIFFERENCE_MIN_MS:
        return []
    ratio = other.duration_ms / max(one.duration_ms, 0.001)
    if 1 / _RATIO_MIN < ratio < _RATIO_MIN:
        return []
    times = {"before_ms": round(one.duration_ms, 3), "after_ms": round(other.duration_ms, 3)}
    return [{"id": one.id} | times | {"ratio": round(ratio, 3)}]


def _rules(before: Rules, after: Rules) -> list[dict[str, Any]]:
    """A rule that one of the runs did not try tells nothing."""
    changes = []
    for rule in sorted(before.keys() & after.keys()):
        one, other = before[rule], after[rule]
        for transport in sorted(one.keys() & other.keys()):
            if one[transport] != other[transport]:
                pair = {"before": one[transport], "after": other[transport]}
                changes.append({"rule": rule, "transport": transport} | pair)
    return changes
