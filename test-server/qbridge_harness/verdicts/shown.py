"""What one case says of one rule on one transport: every table of rules asks here, so that all say the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Shown = Literal["failed", "unproven", "passed", "skipped"]
"""unproven: a case of the rule ran and could not judge it, because something else went wrong first."""
WORST_FIRST: tuple[Shown, ...] = ("failed", "unproven", "passed", "skipped")
"""The worst that any case shows decides on a rule."""


def shown(rule: str, transport: str, verdict: str, tripped: Sequence[str], transports: Sequence[str]) -> Shown:
    """What a case says; one that judged nothing on this transport proves nothing on it, whatever its verdict."""
    if rule in tripped:
        return "failed"
    if verdict == "skipped":
        return "skipped"
    return "passed" if verdict == "passed" and transport in transports else "unproven"


def worse(one: Shown, other: Shown) -> Shown:
    """The one of two that decides."""
    return min(one, other, key=WORST_FIRST.index)
