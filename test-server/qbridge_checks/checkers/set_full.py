"""The set: what was added is found by every later read (Jepsen's set-full).

Rows: `add` (value: the element), `read` (ok value: a list of elements). For dead letters, audit logs, checkpoints,
vector upserts. An element is known from its acknowledgement or from the first read that saw it, whichever is earlier;
it is lost if a read that began after both that and the last sighting does not have it.

Source: jepsen.checker/set-full.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from qbridge_checks.history import Call, History
from qbridge_checks.verdict import Findings, Verdict

QUANTILES = (0.0, 0.5, 0.95, 0.99, 1.0)


def set_full(history: History, linearizable: bool = False) -> Verdict:
    """Lost, stale, unexpected and duplicated elements. `linearizable` makes a stale read a breach."""
    adds = {call.invoke.value: call for call in history.of("add")}
    reads = [(call, Counter(call.value or [])) for call in history.of("read") if call.type == "ok" and call.end]
    found = Findings()
    for read, seen in reads:
        for element, count in seen.items():
            if element not in adds or adds[element].type == "fail":
                found.add("unexpected", f"{element!r} was read and never added.", [read])
            elif count > 1:
                found.add("duplicated", f"{element!r} was read {count} times at once.", [read])
    never = stale = 0
    latencies: list[float] = []
    for element, add in adds.items():
        life = _Life(element, add, reads)
        if life.known is None:
            continue
        if life.lost is not None:
            text = f"{element!r} was known and a later read does not have it."
            found.add("lost", text, [add, life.lost])
        elif life.present is None:
            never += 1
        elif life.stale_s > 0.0:
            stale += 1
            latencies.append(life.stale_s)
            if linearizable and life.absent is not None:
                found.add(
                    "stale", f"{element!r} was missing {life.stale_s:.6f} s after it was known.", [add, life.absent]
                )
    counts = {"added": sum(call.type == "ok" for call in adds.values()), "reads": len(reads)}
    counts |= {"never_read": never, "stale_reads": stale}
    unknown = "" if reads and len(adds) > never else "no read saw an element"
    verdict = found.verdict("set", counts, unknown)
    if latencies and verdict.valid:
        verdict.reason = "stable after " + ", ".join(f"{q:g}: {_quantile(latencies, q):.3f} s" for q in QUANTILES)
    return verdict


class _Life:
    """One element's life: when it was known, its last sighting, its last absence."""

    def __init__(self, element: Any, add: Call, reads: list[tuple[Call, Counter[Any]]]) -> None:
        with_it = [read for read, seen in reads if element in seen]
        without = [read for read, seen in reads if element not in seen]
        self.known: int | None = add.end.index if add.end is not None and add.type == "ok" else None
        for read in with_it:
            assert read.end is not None
            self.known = read.end.index if self.known is None else min(self.known, read.end.index)
        self.present = max(with_it, key=lambda read: read.invoke.index, default=None)
        self.absent: Call | None = None
        self.lost: Call | None = None
        self.stale_s = 0.0
        if self.known is None:
            return
        known = self.known
        late = [read for read in without if read.invoke.index > known]
        self.absent = max(late, key=lambda read: read.invoke.index, default=None)
        if self.absent is None:
            return
        if self.present is None or self.absent.invoke.index > self.present.invoke.index:
            self.lost = self.absent
        elif add.end is not None:
            self.stale_s = max(0.0, (self.absent.invoke.time_ns - add.end.time_ns) / 1e9)


def _quantile(values: list[float], q: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]
