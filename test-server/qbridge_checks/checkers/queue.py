"""The queue: what was acknowledged comes out, and nothing else does (Jepsen's total-queue).

Rows: `enqueue` (value: the item), `dequeue` (ok value: the item, None for an empty queue), `drain` (ok value: a list),
`remove` (value: the item; ok where it was cancelled, expired or purged before it came out). Items are unique. An item
is lost only once a drain has come back: before, it may still be inside.

Source: jepsen.checker/total-queue, https://github.com/jepsen-io/jepsen/blob/main/jepsen/src/jepsen/checker.clj
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Literal

from qbridge_checks.history import Call, History
from qbridge_checks.verdict import Findings, Verdict

Delivery = Literal["at_least_once", "exactly_once", "at_most_once"]
Order = Literal["none", "per_key"]


def total_queue(history: History, delivery: Delivery = "at_least_once", order: Order = "none") -> Verdict:
    """Lost, unexpected, duplicated, recovered and reordered items, judged by what was promised.

    at_least_once: nothing lost, nothing unexpected. exactly_once: nor duplicated. at_most_once: lost is allowed,
    duplicated is not. `per_key`: of two items of one key, the one acknowledged before the other was sent comes first.
    """
    attempts: dict[Any, Call] = {}
    acked: dict[Any, Call] = {}
    for call in history.of("enqueue"):
        attempts[call.invoke.value] = call
        if call.type == "ok":
            acked[call.invoke.value] = call
    out, drained = _dequeues(history)
    found = Findings()
    for item, calls in out.items():
        if item not in attempts:
            found.add("unexpected", f"{item!r} came out and was never put in.", calls)
        elif attempts[item].type == "fail":
            found.add("unexpected", f"{item!r} came out and had been refused.", [attempts[item], *calls])
        elif len(calls) > 1 and delivery != "at_least_once":
            found.add("duplicated", f"{item!r} came out {len(calls)} times.", calls)
    removed = {call.invoke.value for call in history.of("remove") if call.type != "fail"}
    missing = [item for item in acked if item not in out and item not in removed]
    if delivery != "at_most_once" and drained:
        for item in missing:
            found.add("lost", f"{item!r} was acknowledged and never came out.", [acked[item]])
    if order == "per_key":
        _reordered(acked, out, found)
    counts = {
        "attempts": len(attempts),
        "acknowledged": len(acked),
        "out": len(out),
        "removed": len(removed),
        "repeats": sum(len(calls) - 1 for calls in out.values()),
        "recovered": sum(1 for item in out if item in attempts and item not in acked),
    }
    unknown = ""
    if not acked:
        unknown = "nothing was acknowledged"
    elif missing and not drained and delivery != "at_most_once":
        unknown = f"{len(missing)} acknowledged items have not come out, and no drain came back"
    return found.verdict("queue", counts, unknown)


def _dequeues(history: History) -> tuple[dict[Any, list[Call]], bool]:
    """Item -> the calls that gave it; and whether a drain came back."""
    out: dict[Any, list[Call]] = defaultdict(list)
    drained = False
    for call in history.of("dequeue", "drain"):
        if call.type != "ok":
            continue
        if call.invoke.f == "drain":
            drained = True
            for item in call.value or []:
                out[item].append(call)
        elif call.value is not None:
            out[call.value].append(call)
    return out, drained


def _reordered(acked: dict[Any, Call], out: dict[Any, list[Call]], found: Findings) -> None:
    """For each key, items in the order of their acknowledgement against the order of their first way out.

    One pass: an item is out of order if it came out before one that was acknowledged before it was sent. It is enough
    to hold it against the latest way out among those, so that the whole is a sort.
    """
    by_key: dict[str, list[tuple[Call, Call]]] = defaultdict(list)
    for item, call in acked.items():
        if item in out:
            by_key[call.key].append((call, out[item][0]))
    for key, pairs in by_key.items():
        by_ack = sorted(pairs, key=lambda pair: _ended(pair[0]))
        latest: tuple[Call, Call] | None = None
        place = 0
        for sent, first in sorted(pairs, key=lambda pair: pair[0].invoke.index):
            while place < len(by_ack) and _ended(by_ack[place][0]) < sent.invoke.index:
                if latest is None or by_ack[place][1].invoke.index > latest[1].invoke.index:
                    latest = by_ack[place]
                place += 1
            if latest is not None and _ended(first) < latest[1].invoke.index:
                text = (
                    f"{sent.invoke.value!r} of {key!r} came out before {latest[0].invoke.value!r}, which was in first."
                )
                found.add("reordered", text, [*latest, sent, first])


def _ended(call: Call) -> int:
    assert call.end is not None
    return call.end.index
