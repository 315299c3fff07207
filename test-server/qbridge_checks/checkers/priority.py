"""Priorities: the urgent go first, and the others still go.

Rows, by message key: `visible` (value: {"priority": int}; higher is more urgent) once it may be started, `start` when
it is, `gone` where it ends otherwise (cancelled, expired). With ageing, a message gains one priority for each
`ageing_s` that it waits.
"""

from __future__ import annotations

import heapq
from math import inf

from qbridge_checks.history import Call, History
from qbridge_checks.verdict import Findings, Verdict


def priorities(
    history: History, window_s: float = 0.0, ageing_s: float = inf, starvation_s_max: float = inf
) -> Verdict:
    """Inversions and starvation.

    A start is an inversion if one more urgent, ageing counted, had been visible for longer than `window_s` (the batch
    window) and was still waiting. A message that waits longer than `starvation_s_max` starves, started or not.
    """
    found = Findings()
    shown = {call.key: call for call in history.of("visible")}
    gone = {call.key: call.invoke.index for call in history.of("gone")}
    starts: dict[str, Call] = {}
    for call in history.of("start"):
        starts.setdefault(call.key, call)
    worst_s = 0.0
    waiting: list[tuple[float, int, str]] = []
    arrivals = sorted(shown.values(), key=lambda call: call.invoke.index)
    place = 0
    for start in sorted(starts.values(), key=lambda call: call.invoke.index):
        own = shown.get(start.key)
        if own is None:
            found.add("unexpected", f"{start.key!r} was started and never visible.", [start])
            continue
        now_ns = start.invoke.time_ns
        while place < len(arrivals) and arrivals[place].invoke.time_ns < now_ns - window_s * 1e9:
            call = arrivals[place]
            heapq.heappush(waiting, (-_static(call, ageing_s), call.invoke.index, call.key))
            place += 1
        while waiting and _over(waiting[0][2], start, starts, gone):
            heapq.heappop(waiting)
        if waiting and -waiting[0][0] > _static(own, ageing_s) + 1e-9:
            first = shown[waiting[0][2]]
            over_s = (now_ns - first.invoke.time_ns) / 1e9 - window_s
            worst_s = max(worst_s, over_s)
            text = f"{start.key!r} was started while {first.key!r}, more urgent, waited {over_s:.3f} s too long."
            found.add("inversion", text, [first, start])
    _starved(history, shown, starts, gone, starvation_s_max, found)
    counts = {"visible": len(shown), "started": len(starts), "worst_inversion_ms": round(worst_s * 1e3)}
    return found.verdict("priority", counts, "" if starts else "nothing was started")


def _static(call: Call, ageing_s: float) -> float:
    """A priority that does not change as time goes on, for comparisons: ageing raises all at the same speed."""
    priority = float(call.invoke.value["priority"])
    return priority if ageing_s == inf else priority - call.invoke.time_ns / 1e9 / ageing_s


def _over(key: str, start: Call, starts: dict[str, Call], gone: dict[str, int]) -> bool:
    """Whether a message no longer waited when another was started."""
    begun = starts.get(key)
    if begun is not None and begun.invoke.index <= start.invoke.index:
        return True
    return key in gone and gone[key] < start.invoke.index


def _starved(
    history: History,
    shown: dict[str, Call],
    starts: dict[str, Call],
    gone: dict[str, int],
    starvation_s_max: float,
    found: Findings,
) -> None:
    if starvation_s_max == inf or not history.rows:
        return
    last_ns = history.rows[-1].time_ns
    for key, call in shown.items():
        if key in gone:
            continue
        until_ns = starts[key].invoke.time_ns if key in starts else last_ns
        waited_s = (until_ns - call.invoke.time_ns) / 1e9
        if waited_s > starvation_s_max:
            found.add("starved", f"{key!r} waited {waited_s:.3f} s.", [call])
