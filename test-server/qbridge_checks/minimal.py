"""The smallest part of a history that still shows a breach: what a person reads first.

Delta debugging over keys, then over calls (Zeller and Hildebrandt 2002, ddmin): a part is kept when the checker still
finds a breach of the same kind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from qbridge_checks.history import Call, History
from qbridge_checks.verdict import Checker, check

T = TypeVar("T")
TRIES_MAX = 2_000
"""How often the checker is asked; what is found by then is good enough."""


def minimal(checker: Checker, history: History, kind: str = "", **options: Any) -> History:
    """A part of the history in which the checker finds `kind` (the first breach's, by default); all of it where none.

    The result is 1-minimal unless the tries run out: without any one of its calls the breach is gone.
    """
    findings = check(checker, history, **options).findings
    kind = kind or (findings[0].kind if findings else "")
    left = TRIES_MAX

    def shows(part: History) -> bool:
        nonlocal left
        left -= 1
        return left >= 0 and any(each.kind == kind for each in check(checker, part, **options).findings)

    if not kind or not shows(history):
        return history
    keys = sorted({call.key for call in history.calls})
    kept = set(_ddmin(keys, lambda some: shows(history.part(lambda call: call.key in set(some)))))
    calls = [call for call in history.calls if call.key in kept]
    kept_calls = _ddmin(calls, lambda some: shows(_of(history, some)))
    return _of(history, kept_calls)


def _of(history: History, calls: Sequence[Call]) -> History:
    kept = {call.invoke.index for call in calls}
    return history.part(lambda call: call.invoke.index in kept)


def _ddmin(items: Sequence[T], shows: Callable[[Sequence[T]], bool]) -> list[T]:
    """A subsequence that still shows it, and none of whose elements can be left out."""
    kept, parts = list(items), 2
    while len(kept) >= 2:
        size = max(1, len(kept) // parts)
        smaller = next(
            (rest for at in range(0, len(kept), size) if (rest := kept[:at] + kept[at + size :]) and shows(rest)), None
        )
        if smaller is not None:
            kept, parts = smaller, max(parts - 1, 2)
        elif size == 1:
            break
        else:
            parts = min(len(kept), parts * 2)
    return kept
