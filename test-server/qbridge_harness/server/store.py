"""The history's tables in SQLite: runs, their events, their cases, their reports."""

from __future__ import annotations

import json
import statistics
import zlib
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apsw

from qbridge_harness.engine import Report
from qbridge_harness.server.record import INTERRUPTED, CaseRow, Event, RunRecord, now
from qbridge_harness.usage import UsageError

_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs(
  id TEXT PRIMARY KEY, created_at TEXT NOT NULL, state TEXT NOT NULL, record TEXT NOT NULL,
  key TEXT UNIQUE, fingerprint TEXT NOT NULL, report BLOB) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS runs_by_age ON runs(created_at, id);
CREATE TABLE IF NOT EXISTS events(
  run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, number INTEGER NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL,
  PRIMARY KEY(run, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cases(
  run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, id TEXT NOT NULL, verdict TEXT NOT NULL, reason TEXT NOT NULL,
  duration_ms REAL NOT NULL, PRIMARY KEY(run, id)) WITHOUT ROWID;
"""
_RUNS_FOR_ESTIMATES = 20


class NewerHistory(Exception):
    """The file was written by a newer harness."""


class Store:
    """The tables. One thread at a time may use it."""

    def __init__(self, file: str) -> None:
        self._db = apsw.Connection(file)
        self._db.set_busy_timeout(2000)
        version = self._db.pragma("user_version")
        if version > _VERSION:
            self._db.close()
            raise NewerHistory
        # Not synced at each commit: a lost last second of a history costs nobody anything.
        for pragma, value in (("journal_mode", "wal"), ("synchronous", "normal"), ("foreign_keys", True)):
            self._db.pragma(pragma, value)
        with self._db:
            self._db.execute(_SCHEMA)
            self._db.pragma("user_version", _VERSION)

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def add(self, record: RunRecord, key: str, fingerprint: str) -> None:
        """A run that was asked for."""
        row = (record.id, record.created_at, record.state, _dump(record), key or None, fingerprint)
        self._db.execute(
            "INSERT INTO runs(id, created_at, state, record, key, fingerprint) VALUES(?, ?, ?, ?, ?, ?)", row
        )

    def note(self, run: str, event: Event) -> None:
        """An event of a run."""
        self._db.execute(
            "INSERT INTO events VALUES(?, ?, ?, ?)", (run, event.number, event.kind, json.dumps(event.data))
        )

    def finish(self, record: RunRecord, last: Event, cases: Iterable[CaseRow], report: Report | None) -> None:
        """A run that is over, with its last event and what came of it."""
        packed = None if report is None else zlib.compress(json.dumps(report.to_json()).encode(), 6)
        with self._db:
            self._db.execute(
                "UPDATE runs SET state = ?, record = ?, report = ? WHERE id = ?",
                (record.state, _dump(record), packed, record.id),
            )
            self.note(record.id, last)
            rows = [(record.id, case.id, case.verdict, case.reason, case.duration_ms) for case in cases]
            self._db.executemany("INSERT OR REPLACE INTO cases VALUES(?, ?, ?, ?, ?)", rows)

    def get(self, run: str) -> RunRecord | None:
        """A run."""
        found = self._db.execute("SELECT record FROM runs WHERE id = ?", (run,)).fetchone()
        return _load(found[0]) if found else None

    def by_key(self, key: str) -> tuple[RunRecord, str] | None:
        """The run that an idempotency key started, and the fingerprint of what was asked for then."""
        found = self._db.execute("SELECT record, fingerprint FROM runs WHERE key = ?", (key,)).fetchone()
        return (_load(found[0]), found[1]) if found else None

    def newest(self, limit: int) -> list[RunRecord]:
        """Runs, the newest first."""
        rows = self._db.execute("SELECT record FROM runs ORDER BY created_at DESC, id DESC LIMIT ?", (limit,))
        return [_load(record) for (record,) in rows]

    def events(self, run: str, after: int) -> list[Event]:
        """A run's events past a number."""
        rows = self._db.execute(
            "SELECT number, kind, data FROM events WHERE run = ? AND number > ? ORDER BY number", (run, after)
        )
        return [Event(number, kind, json.loads(data)) for number, kind, data in rows]

    def cases(self, run: str) -> list[CaseRow]:
        """The cases of a run that ended."""
        rows = self._db.execute("SELECT id, verdict, reason, duration_ms FROM cases WHERE run = ? ORDER BY id", (run,))
        return [CaseRow(*row) for row in rows]

    def report(self, run: str) -> dict[str, Any] | None:
        """A run's report as plain data."""
        found = self._db.execute("SELECT report FROM runs WHERE id = ?", (run,)).fetchone()
        if not found or found[0] is None:
            return None
        document: dict[str, Any] = json.loads(zlib.decompress(found[0]))
        return document

    def durations_ms(self) -> dict[str, float]:
        """Case -> the median of what it took lately, where it was judged at all."""
        return _durations_ms(self._db)

    def interrupt(self) -> int:
        """Ends the runs that an earlier process left behind; answers how many."""
        left = self._db.execute("SELECT record FROM runs WHERE state IN ('queued', 'running')").fetchall()
        for (text,) in left:
            record = _load(str(text))
            number = self._db.execute("SELECT coalesce(max(number), 0) FROM events WHERE run = ?", (record.id,)).get
            record.state, record.problem, record.ended_at = "interrupted", INTERRUPTED, now()
            last = Event(number + 1, "done", {"state": record.state, "outcome": "", "summary": INTERRUPTED})
            self.finish(record, last, [], None)
        return len(left)

    def forget(self, keep_runs: int, keep_days: float) -> int:
        """Removes what is over and either too old or too many; answers how many runs."""
        oldest = (datetime.now(UTC) - timedelta(days=keep_days)).isoformat(timespec="milliseconds")
        self._db.execute(
            "DELETE FROM runs WHERE state NOT IN ('queued', 'running') AND (created_at < ? OR id NOT IN"
            " (SELECT id FROM runs ORDER BY created_at DESC, id DESC LIMIT ?))",
            (oldest, keep_runs),
        )
        return self._db.changes()


def _dump(record: RunRecord) -> str:
    return json.dumps(record.document())


def _load(text: str) -> RunRecord:
    return RunRecord(**json.loads(text))


def read_durations_ms(path: Path) -> dict[str, float]:
    """Case -> what it took lately, from a file that a server may be writing. Raises UsageError where it is none."""
    try:
        with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as db:
            return _durations_ms(db)
    except apsw.Error as error:
        raise UsageError(f"{path} is no history of `qbridge-harness serve`: {error}.") from None


def _durations_ms(db: apsw.Connection) -> dict[str, float]:
    rows = db.execute(
        "SELECT id, duration_ms FROM cases WHERE verdict != 'skipped' AND run IN"
        " (SELECT id FROM runs WHERE state = 'done' ORDER BY created_at DESC LIMIT ?)",
        (_RUNS_FOR_ESTIMATES,),
    )
    taken = defaultdict(list)
    for case, duration_ms in rows:
        taken[case].append(duration_ms)
    return {case: statistics.median(durations) for case, durations in taken.items()}
