"""The effect: one for each idempotency key, one end, one answer.

Rows, by idempotency key: `request` (value: {"body": ..., "deadline_ns": ...}; ok value: {"state", "result"}; fail
value: {"code": ...}), `start` (the backend begins an attempt), `effect` (the backend has worked; value: {"result":
...}), `look` (somebody reads the state: ok value {"state", "result"}). All of one key belong to one request, whoever
sends it. A key whose last look is not final never ended: look once everything should be over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from qbridge_checks.history import Call, History
from qbridge_checks.verdict import Findings, Verdict

CONFLICT = "IDEMPOTENCY_CONFLICT"
FINAL = frozenset({"SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED", "DEAD", "REJECTED"})


def effects(history: History, attempts_max: int = 0, idempotent: bool = True) -> Verdict:
    """Duplicate and missing effects, answers that differ, conflicts, late starts, attempts over the budget.

    `idempotent` says that the backend works once for a key; without it, duplicate effects are counted, not judged.
    `attempts_max` of 0 sets no bound.
    """
    found = Findings()
    by_key: dict[str, _Key] = defaultdict(_Key)
    for call in history.of("request", "start", "effect", "look"):
        by_key[call.key].take(call)
    repeats = 0
    for name, key in by_key.items():
        key.judge(name, found, attempts_max)
        if len(key.effects) > 1:
            repeats += len(key.effects) - 1
            if idempotent:
                found.add("duplicate_effect", f"{name!r} had {len(key.effects)} effects.", key.effects)
    answered = sum(bool(key.ends) for key in by_key.values())
    counts = {"keys": len(by_key), "answered": answered, "repeats": repeats}
    return found.verdict("effect", counts, "" if answered else "no request was answered")


class _Key:
    """Everything about one idempotency key."""

    def __init__(self) -> None:
        self.requests: list[Call] = []
        self.starts: list[Call] = []
        self.effects: list[Call] = []
        self.ends: list[Call] = []
        self.looked: Call | None = None

    def take(self, call: Call) -> None:
        if call.f == "request":
            self.requests.append(call)
        elif call.f == "start":
            self.starts.append(call)
        elif call.f == "effect" and call.type == "ok":
            self.effects.append(call)
        elif call.f == "look" and call.type == "ok":
            self.looked = call
        answered = call.f in ("request", "look") and call.type == "ok" and isinstance(call.value, dict)
        if answered and call.value.get("state") in FINAL:
            self.ends.append(call)

    def judge(self, name: str, found: Findings, attempts_max: int) -> None:
        self._ends(name, found)
        self._conflicts(name, found)
        self._starts(name, found, attempts_max)

    def _ends(self, name: str, found: Findings) -> None:
        if self.looked is not None and self.looked.value["state"] not in FINAL:
            found.add("never_ended", f"{name!r} is {self.looked.value['state']} for good.", [self.looked])
        if not self.ends:
            return
        first = self.ends[0]
        for other in self.ends[1:]:
            if other.value["state"] != first.value["state"]:
                text = f"{name!r} ended {first.value['state']}, and then {other.value['state']}."
                found.add("changed_end", text, [first, other])
            elif other.value.get("result") != first.value.get("result"):
                found.add("changed_result", f"{name!r} had two results.", [first, other])
        if first.value["state"] != "SUCCEEDED":
            return
        assert first.end is not None
        before = [effect for effect in self.effects if effect.invoke.index < first.end.index]
        if not before:
            found.add("phantom_result", f"{name!r} succeeded and had no effect before.", [first])
        elif first.value.get("result") not in [effect.value.get("result") for effect in before if effect.value]:
            found.add("wrong_result", f"{name!r} was answered what no effect gave.", [first, *before])

    def _conflicts(self, name: str, found: Findings) -> None:
        """The first body that was accepted owns the key. What is concurrent with it may own it, too."""
        owners = [call for call in self.requests if call.type == "ok"]
        if not owners:
            return
        bodies = {_frozen(call.invoke.value.get("body")) for call in owners}
        if len(bodies) > 1:
            found.add("conflict_accepted", f"{name!r} was accepted with {len(bodies)} bodies.", owners)
        for call in self.requests:
            body = _frozen(call.invoke.value.get("body"))
            conflict = call.type == "fail" and isinstance(call.value, dict) and call.value.get("code") == CONFLICT
            if conflict and bodies == {body} and not self._other_bodies(body):
                found.add("false_conflict", f"{name!r} was refused as a conflict with itself.", [call, owners[0]])

    def _other_bodies(self, body: Any) -> bool:
        return any(_frozen(call.invoke.value.get("body")) != body for call in self.requests)

    def _starts(self, name: str, found: Findings, attempts_max: int) -> None:
        if attempts_max and len(self.starts) > attempts_max:
            found.add("over_budget", f"{name!r} was tried {len(self.starts)} times of {attempts_max}.", self.starts)
        deadline_ns = max((value.get("deadline_ns") or 0 for value in _values(self.requests)), default=0)
        ended = min((call.end.index for call in self.ends if call.end is not None), default=None)
        for start in self.starts:
            late_s = (start.invoke.time_ns - deadline_ns) / 1e9
            if deadline_ns and late_s > 0.0:
                found.add("late_start", f"{name!r} was started {late_s:.3f} s after its deadline.", [start])
            if ended is not None and start.invoke.index > ended:
                found.add("start_after_end", f"{name!r} was started after it was final.", [start, self.ends[0]])


def _values(calls: Iterable[Call]) -> Iterable[dict[str, Any]]:
    return (call.invoke.value for call in calls if isinstance(call.invoke.value, dict))


def _frozen(body: Any) -> str:
    return repr(body)
