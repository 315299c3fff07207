"""The run as NDJSON: one event per line, written as it happens, so that `tail -f` and a CI's log follow it.

run-started    once: the target, the seed, how many cases are planned
case-started   as a case starts
case-finished  as a case ends: its verdict, its reason, its problems, the broken contract
run-finished   once: the counts, and why it ended early if it did; or, where there was no run, the problem
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from qbridge_harness.clients.target import Target
from qbridge_harness.engine.results import CaseResult, Report
from qbridge_harness.language.plan import PlannedCase
from qbridge_harness.reports.text import mask
from qbridge_harness.reports.writable import unwritten

EVENTS = ("run-started", "case-started", "case-finished", "run-finished")


class EventLog:
    """An open NDJSON file. Every line is on the disk before the run goes on; a disk that is full ends no run."""

    def __init__(self, path: Path, run_id: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._stream: TextIO = path.open("w", encoding="utf-8", errors="replace", buffering=1)
        self._path = path
        self._run_id = run_id
        self._finished = False
        self.problem = ""
        """Why the file is not whole, in a sentence; nothing is written behind that."""

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and not self._finished:
            self._write("run-finished", {"outcome": "broken-off", "problem": f"{type(error).__name__}: {error}"})
        with suppress(OSError):  # What could not be written was told, and is tried once more here.
            self._stream.close()

    def run_started(self, planned: Sequence[PlannedCase], target: Target, seed: str) -> None:
        """The first line."""
        self._write(
            "run-started", {"target": target.rest, "grpc": target.grpc, "seed": seed, "cases_planned": len(planned)}
        )

    def case_started(self, planned: PlannedCase) -> None:
        """A case starts."""
        where = planned.case.where
        self._write("case-started", {"case": planned.id, "file": where.file, "line": where.line})

    def case_finished(self, case: CaseResult) -> None:
        """A case has ended."""
        fields = ("verdict", "reason", "known", "file", "line", "axes", "tags", "proves", "tripped", "duration_ms")
        problems = [
            {"step": step.title, "phase": step.phase, "line": step.line, "problem": problem}
            for step in case.steps
            for problem in step.problems
        ]
        event = {"case": case.id} | {name: getattr(case, name) for name in fields}
        self._write(
            "case-finished", event | {"problems": problems, "violations": [asdict(each) for each in case.violations]}
        )

    def run_finished(self, report: Report) -> None:
        """The last line."""
        self._finished = True
        found = {"outcome": report.outcome, "summary": report.summary, "counts": report.counts}
        early = {"interrupted": report.stopped == "interrupted", "stop_reason": report.stop_reason}
        self._write("run-finished", found | {"duration_s": report.duration_s} | early)

    def _write(self, event: str, fields: dict[str, Any]) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {"event": event, "at": at, "run": self._run_id} | fields
        if self.problem:
            return
        try:
            self._stream.write(mask(json.dumps(line, ensure_ascii=False)) + "\n")
        except OSError as error:
            self.problem = unwritten("ndjson", self._path, error)
