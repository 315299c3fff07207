"""What is in the log: one request, a tenant's list, and what earlier runs left unfinished.

These are plain functions on a connection; the writer and the reader each call them on their own.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import apsw

from qbridge_contract.structs import RequestState
from qbridge_server.buffer.index import parsed
from qbridge_server.buffer.record import BrokenRecord, finish, read_request, read_result, restore
from qbridge_server.ports import Clock, Entry

log = logging.getLogger("qbridge.server.buffer")

# Everything is read as bytes or as a number: a damaged text that is no UTF-8 must not stop the reading.
_COLUMNS = """
SELECT q.row, CAST(q.tenant AS BLOB), CAST(q.request_id AS BLOB), CAST(q.record AS BLOB)"""
_ONE = f"""{_COLUMNS}, CAST(s.record AS BLOB)
FROM request q LEFT JOIN settlement s ON s.row = q.row WHERE q.tenant = ? AND
"""
# The index alone says which requests are unfinished: the records of the finished are not touched.
_UNFINISHED = f"""{_COLUMNS},
       CAST(coalesce(l.attempts, 0) AS INTEGER), CAST(coalesce(l.held, 0) AS INTEGER),
       CAST(l.crashes_left AS INTEGER), CAST(l.errors_left AS INTEGER)
FROM request q LEFT JOIN lease l ON l.row = q.row
WHERE q.row IN (SELECT i.row FROM request i INDEXED BY request_by_id
                WHERE NOT EXISTS (SELECT 1 FROM settlement s WHERE s.row = i.row))
ORDER BY q.row
"""  # noqa: S608 - a constant


@dataclass(slots=True)
class Unfinished:
    """A request that an earlier run accepted and did not settle."""

    row: int
    entry: Entry
    held: bool
    """Whether that run ended while a backend had it."""


@dataclass(slots=True)
class Recovery:
    """What a new run takes over."""

    run: int
    """The number of the new run."""
    last_row: int
    finished: int
    """How many settled requests the log holds."""
    unfinished: list[Unfinished]
    broken: int
    """How many unfinished requests cannot be read. They stay in the log, and a Get says DATA_LOSS."""


def find_by_id(db: apsw.Connection, clock: Clock, tenant: str, request_id: str) -> Entry | None:
    """The request of that id. Raises BrokenRecord."""
    return _entry_of(db.execute(_ONE + "q.request_id = ?", (tenant, request_id)).fetchone(), clock)


def find_earlier(db: apsw.Connection, clock: Clock, tenant: str, request_id: str, key: str | None) -> Entry | None:
    """The request that one of that id and key repeats: by key first. Raises BrokenRecord."""
    if key is not None:
        same_key = db.execute(_ONE + "q.key = ?", (tenant, key)).fetchone()
        if same_key is not None:
            return _entry_of(same_key, clock)
    return find_by_id(db, clock, tenant, request_id)


def list_finished(
    db: apsw.Connection,
    clock: Clock,
    tenant: str,
    backend: str,
    state: RequestState | None,
    before: str,
    limit: int,
) -> list[Entry]:
    """The tenant's settled requests, latest accepted first. A damaged one is logged and left out; a Get names it."""
    select = f"{_COLUMNS}, CAST(s.record AS BLOB) FROM request q JOIN settlement s ON s.row = q.row WHERE q.tenant = ?"
    values: list[str | int] = [tenant]
    if backend:
        select += " AND q.backend = ?"
        values += [backend]
    if state is not None:
        select += " AND s.state = ?"
        values += [state.number]
    if before:
        select += " AND (q.accepted_us, q.request_id) < (?, ?)"
        values += parsed(before)
    select += " ORDER BY q.accepted_us DESC, q.request_id DESC"
    found: list[Entry] = []
    for row in db.execute(select, values):
        try:
            entry = _entry_of(row, clock)
        except BrokenRecord as error:
            log.error("a stored request is damaged", extra={"row": row[0], "reason": str(error)})
            continue
        if entry is not None:
            found.append(entry)
        if len(found) >= limit:
            break
    return found


def recover(db: apsw.Connection, clock: Clock, run: int) -> Recovery:
    """Reads what earlier runs left unfinished, oldest first."""
    last_row = db.execute("SELECT coalesce(max(row), 0) FROM request").get
    finished = db.execute("SELECT count(*) FROM settlement").get
    recovery = Recovery(run, int(last_row), int(finished), [], 0)
    monotonic, wall = clock.monotonic(), clock.wall()
    for row, tenant, request_id, record, attempts, held, crashes, errors in db.execute(_UNFINISHED):
        try:
            entry = _restored(row, tenant, request_id, record, monotonic, wall)
        except BrokenRecord as error:
            log.error("an accepted request is damaged", extra={"row": row, "reason": str(error)})
            recovery.broken += 1
            continue
        if attempts:
            entry.attempts, entry.crashes_left, entry.errors_left = attempts, crashes, errors
        recovery.unfinished.append(Unfinished(row, entry, bool(held)))
    return recovery


def _entry_of(row: tuple[Any, ...] | None, clock: Clock) -> Entry | None:
    if row is None:
        return None
    number, tenant, request_id, record, settled = row
    entry = _restored(number, tenant, request_id, record, clock.monotonic(), clock.wall())
    if settled is None:
        return entry
    entry.request_bytes, entry.result_bytes = len(record), len(settled)
    return finish(entry, read_result(number, settled))


def _restored(row: int, tenant: bytes, request_id: bytes, record: bytes, monotonic: float, wall: float) -> Entry:
    stored = read_request(row, record)
    if stored.tenant.encode() != tenant or stored.request.id.encode() != request_id:
        raise BrokenRecord(f"row {row}: the index names another request than the record")
    return restore(stored, monotonic, wall)
