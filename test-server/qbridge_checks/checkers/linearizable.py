"""Linearizability of registers with compare-and-set, key by key.

Rows, by key: `read` (ok value: what was read), `write` (value), `cas` (value: [from, to]; ok: it matched, fail: it did
not). A key is a register of its own (P-compositionality, Herlihy and Wing 1990, theorem 1). Calls without an end may
take effect at any time, or never.

The search is Wing and Gong's with Lowe's memory of (calls done, state) pairs: exponential at worst, linear on histories
with little concurrency. A key that takes more than `steps_max` steps is unknown, never passed.

Sources: Wing and Gong 1993; Lowe 2017, "Testing for linearizability"; Horn and Kroening 2015 (P-compositionality).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from qbridge_checks.history import Call, History
from qbridge_checks.verdict import Findings, Verdict

STEPS_MAX = 2_000_000


def linearizable(history: History, initial: Any = None, steps_max: int = STEPS_MAX) -> Verdict:
    """Whether each key's calls can be put into one order that a register allows and that keeps real time."""
    by_key: dict[str, list[Call]] = defaultdict(list)
    for call in history.of("read", "write", "cas"):
        known = call.type == "ok" or (call.type == "info" and call.f != "read")
        if known or (call.f == "cas" and call.type == "fail"):
            by_key[call.key].append(call)
    found = Findings()
    undecided = 0
    for key, calls in by_key.items():
        answer, stuck = _search(calls, initial, steps_max)
        if answer is False:
            text = f"{key!r}: no order of its {len(calls)} calls explains what was read."
            found.add("not_linearizable", text, stuck)
        undecided += answer is None
    counts = {"keys": len(by_key), "calls": sum(map(len, by_key.values()))}
    unknown = f"{undecided} keys took more than {steps_max} steps" if undecided else ""
    return found.verdict("linearizable", counts, unknown or ("" if by_key else "no call was made"))


def _search(calls: list[Call], initial: Any, steps_max: int) -> tuple[bool | None, list[Call]]:
    """(True, False, or None where it took too long; the calls that could not be placed in the best try)."""
    count = len(calls)
    begins = [call.invoke.index for call in calls]
    ends = [call.end.index if call.end is not None and call.type != "info" else None for call in calls]
    must = sum(1 << place for place in range(count) if ends[place] is not None)
    order = sorted(range(count), key=begins.__getitem__)
    seen: set[tuple[int, Any]] = set()
    # (calls done, state, place of the next candidate to try)
    stack: list[tuple[int, Any, list[int]]] = [(0, _key_of(initial), _candidates(0, order, begins, ends))]
    best, steps = 0, 0
    while stack:
        done, state, candidates = stack[-1]
        if done & must == must:
            return True, []
        if not candidates:
            stack.pop()
            continue
        steps += 1
        if steps > steps_max:
            return None, []
        place = candidates.pop()
        after = _step(calls[place], state)
        if after is _REFUSED:
            continue
        reached = done | (1 << place)
        if (reached, after) in seen:
            continue
        seen.add((reached, after))
        if (reached & must).bit_count() > (best & must).bit_count():
            best = reached
        stack.append((reached, after, _candidates(reached, order, begins, ends)))
    return False, [calls[place] for place in order if not best >> place & 1 and ends[place] is not None][:5]


def _candidates(done: int, order: list[int], begins: list[int], ends: list[int | None]) -> list[int]:
    """What may be next: calls that began before any call that is not done has ended; the earliest last, for `pop`."""
    first_end: float = float("inf")
    found = []
    for place in order:
        if done >> place & 1:
            continue
        if begins[place] > first_end:
            break
        found.append(place)
        end = ends[place]
        if end is not None and end < first_end:
            first_end = end
    found.reverse()
    return found


_REFUSED = object()


def _step(call: Call, state: Any) -> Any:
    """The register after a call; `_REFUSED` where the call cannot be next."""
    if call.f == "read":
        return state if _key_of(call.value) == state else _REFUSED
    if call.f == "write":
        return _key_of(call.invoke.value)
    before, after = call.invoke.value
    matches = _key_of(before) == state
    if call.type == "fail":
        return _REFUSED if matches else state
    return _key_of(after) if matches else _REFUSED


def _key_of(value: Any) -> Any:
    """A value as a key of a table."""
    return repr(value) if isinstance(value, (list, dict)) else value
