"""Finds and reads the JSON report of a run: the one that is named, or the newest where runs leave theirs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qbridge_harness.engine.results import SCHEMA
from qbridge_harness.usage import UsageError

FOLDER = Path("reports") / "itest"
"""Where `run` and `itest` leave their reports."""
_PARTS = ("run_id", "seed", "capabilities", "cases")


@dataclass(frozen=True, slots=True)
class LastRun:
    """A report, and how it was found."""

    path: Path
    report: dict[str, Any]
    looked: str

    @property
    def words(self) -> str:
        """Which run it is, for a person."""
        report = self.report
        return f"{self.looked}: {report['run_id']} of {report['started_at']} against {report['target']}"


def find_run(named: Path | None, folder: Path = FOLDER) -> LastRun:
    """The named report (a file, or a folder of them), or else the newest. Raises UsageError, with what to do next."""
    place = named or folder
    if place.is_file():
        report = _read(place)
        if report is None:
            raise UsageError(f"{place} is no JSON report of a run (schema {SCHEMA}): write one with `run --json`.")
        return LastRun(place, report, str(place))
    found = sorted(place.rglob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in found:
        report = _read(file)
        if report is not None:
            return LastRun(file, report, f"{file}, the newest report under {place}")
    raise UsageError(
        f"There is no JSON report of a run under {place}: run `qbridge-harness itest` first, or name one with --run."
    )


def _read(file: Path) -> dict[str, Any] | None:
    """The report in a file; None where it holds something else."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        return None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA or not all(p in document for p in _PARTS):
        return None
    return document
