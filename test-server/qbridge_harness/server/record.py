"""What is known of a run without its report, and the numbered events that tell its progress."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

State = Literal["queued", "running", "done", "cancelled", "interrupted", "unreachable", "broken"]
"""done: there is a report. cancelled: somebody asked for it. interrupted: the harness ended first. unreachable: the
target did not answer. broken: a fault of the harness."""

INTERRUPTED = "The harness stopped before the run was over."


def now() -> str:
    """The time as the API writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class RunRecord:
    """One run, as lists and histories show it."""

    id: str
    prefix: str
    target: str
    planned: int
    options: dict[str, Any]
    """Jobs, fail_fast, and the names of the variables: their values may be secrets."""
    state: State = "queued"
    problem: str = ""
    finished: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    outcome: str = ""
    """The report's: passed, failed, error or stale; empty without a report."""
    summary: str = ""
    seed: str = ""
    created_at: str = field(default_factory=now)
    started_at: str = ""
    ended_at: str = ""
    duration_s: float = 0.0

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state not in ("queued", "running")

    def document(self) -> dict[str, Any]:
        """What the API answers of it; a run has a problem or none."""
        document = asdict(self)
        if not self.problem:
            del document["problem"]
        return document


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a run's progress. Numbers begin with 1 and have no gaps, so a reader resumes after any of them."""

    number: int
    kind: Literal["run", "start", "case", "done"]
    data: dict[str, Any]

    def encode(self) -> str:
        """As a server-sent event."""
        return f"event: {self.kind}\nid: {self.number}\ndata: {json.dumps(self.data)}\n\n"


@dataclass(frozen=True, slots=True)
class CaseRow:
    """What is kept of a case beside the report: enough to compare runs and to guess how long the next one takes."""

    id: str
    verdict: str
    reason: str
    duration_ms: float
