"""A message that breaks the contract: whose fault it is, and which rules it breaks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Blame = Literal["deployment", "harness"]

SHAPE = ("GW-MSG-001",)
"""No fields, no values of enums, no types that the contract does not have."""
VALUES = ("GW-MSG-002",)
"""Values within the contract's limits, and the fields that go with a state."""
SUCCESS = ("GW-MSG-003",)
"""A success over REST: its status, its media type, its headers."""
PROBLEM = ("GW-ERR-001",)
DETAILS = ("GW-ERR-002",)
LAST_FRAME = ("GW-ERR-003",)
ALLOW = ("GW-ERR-005",)
ERROR = ("GW-ERR-006",)
"""Every error, wherever it stands: its code, whether to retry, a sentence, and the wait where there is one."""
ORDER = ("GW-WATCH-001",)
EVENT = ("GW-WATCH-004",)
FRAME = ("GW-SESS-007",)
TRACE = ("GW-TRACE-003",)
KEPT_TRACE = ("GW-TRACE-001",)
HEADER_TRACE = ("GW-TRACE-002",)
ALL = (
    *(*SHAPE, *VALUES, *SUCCESS),
    *(*PROBLEM, *DETAILS, *LAST_FRAME, *ALLOW, *ERROR),
    *(*ORDER, *EVENT, *FRAME, *TRACE, *KEPT_TRACE, *HEADER_TRACE),
)
"""Every rule that a check of one message can trip."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A message that breaks the contract."""

    blame: Blame
    where: str
    check: str
    message: str
    rules: tuple[str, ...] = ()
    """The rules of the contract that promise what is broken."""
    step: int = field(default=-1, compare=False)
    """The step that ran when it was found; the log sets it."""

    def __str__(self) -> str:
        return f"{self.where}: {self.message} (check {self.check}, fault of the {self.blame})"


def found_in(where: str, check: str, rules: tuple[str, ...], texts: Iterable[str]) -> list[Violation]:
    """What a message of the deployment breaks, all by one check."""
    return [Violation("deployment", where, check, text, rules) for text in texts]
