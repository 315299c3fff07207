"""Verdicts: what a checker says of a history, with witnesses.

True, False, or None for "cannot be known". Several merge to the worst, and a checker that crashes says None: what was
not judged is never passed (Jepsen's check-safe and compose).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from qbridge_checks.history import Call, History

FINDINGS_MAX = 100
"""Findings of one kind that a verdict names; its counts have all."""


class Finding(msgspec.Struct, frozen=True):
    """One breach: its kind, a sentence, and the rows that show it."""

    kind: str
    message: str
    rows: tuple[int, ...]


class Verdict(msgspec.Struct):
    """What a checker says. `valid` is None where the history cannot tell; `reason` says why."""

    checker: str
    valid: bool | None
    counts: dict[str, int] = {}
    findings: list[Finding] = []
    reason: str = ""

    @property
    def summary(self) -> str:
        """A line for people: `queue: invalid, lost 2, duplicated 1`."""
        word = {True: "valid", False: "INVALID", None: "unknown"}[self.valid]
        counts = ", ".join(f"{name} {count}" for name, count in self.counts.items())
        return (
            f"{self.checker}: {word}" + (f", {counts}" if counts else "") + (f" ({self.reason})" if self.reason else "")
        )


Checker = Callable[..., Verdict]


class Findings:
    """Collects breaches and counts them by kind."""

    def __init__(self) -> None:
        self.kept: list[Finding] = []
        self.counts: dict[str, int] = {}

    def add(self, kind: str, message: str, calls: Iterable[Call]) -> None:
        """Notes a breach with the calls that show it."""
        count = self.counts[kind] = self.counts.get(kind, 0) + 1
        if count <= FINDINGS_MAX:
            rows = sorted(index for call in calls for index in call.indices)
            self.kept.append(Finding(kind, message, tuple(rows)))

    def verdict(self, checker: str, counts: Mapping[str, int] | None = None, unknown: str = "") -> Verdict:
        """Invalid with any breach; else unknown where there is a reason; else valid."""
        valid = False if self.kept else (None if unknown else True)
        return Verdict(checker, valid, {**(counts or {}), **self.counts}, self.kept, "" if self.kept else unknown)


def check(checker: Checker, history: History, **options: Any) -> Verdict:
    """The checker's verdict; one that crashes is unknown, and says so."""
    try:
        return checker(history, **options)
    except Exception as error:
        name = getattr(checker, "__name__", str(checker))
        return Verdict(name, None, reason=f"the checker broke: {type(error).__name__}: {error}")


def merged(verdicts: Iterable[Verdict]) -> bool | None:
    """The worst: invalid before unknown before valid. Of none: unknown."""
    values = [verdict.valid for verdict in verdicts]
    if False in values:
        return False
    return None if None in values or not values else True
