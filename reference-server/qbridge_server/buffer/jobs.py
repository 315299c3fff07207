"""What the writer writes: each job is whole, and shares a commit with the jobs that queue beside it.

A job is made on the loop, `prepare`d and `apply`d on the writer's thread, and `done` on the loop again,
with `error` set where its group was not committed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

import apsw

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import Durability, Error, ErrorCode, RequestState, Result
from qbridge_server.buffer.lookup import find_earlier
from qbridge_server.buffer.record import BrokenRecord, seal_request, seal_result
from qbridge_server.ports import Appended, Clock, Entry, accepted_us

log = logging.getLogger("qbridge.server.buffer")


class Job:
    """A unit of work for the writer."""

    sync = False
    """Whether its commit is synced to disk, or only written."""
    keep_trying = False
    """Whether it waits where the disk is full; otherwise it is refused."""

    def __init__(self) -> None:
        self.error: BridgeError | None = None
        """Why it was not committed."""
        self.future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def rows(self) -> int:
        """How many rows it writes."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Does what needs no transaction."""

    def apply(self, db: apsw.Connection) -> None:
        """Writes, inside the group's transaction."""
        raise NotImplementedError

    def done(self) -> None:
        """Ends the job, on the loop."""
        try:
            self.conclude()
        finally:
            if not self.future.done():
                self.future.set_result(None)

    def conclude(self) -> None:
        """What the loop does with the outcome, before those who wait for the job go on."""


@dataclass(slots=True, eq=False)
class NewRow:
    """An entry on its way into the log."""

    entry: Entry
    row: int
    record: bytes = b""
    earlier: Entry | None = None
    """The stored entry that it repeats."""
    refusal: Error | None = None
    """Why it was not stored."""
    answer: Appended | None = None
    """What its caller gets, once the job is done."""


class AppendJob(Job):
    """Stores accepted entries. One of durability MEMORY is only looked up: its key may be in the log."""

    def __init__(self, clock: Clock, concluded: Callable[[AppendJob], None]) -> None:
        super().__init__()
        self.new: list[NewRow] = []
        self._clock = clock
        self._concluded = concluded

    def conclude(self) -> None:
        """Hands the entries to the lanes, or back to their callers."""
        self._concluded(self)

    def add(self, entry: Entry, row: int) -> None:
        """Adds an entry, under that row."""
        self.new.append(NewRow(entry, row))
        self.sync = self.sync or entry.durability is Durability.DISK

    @property
    def rows(self) -> int:
        """One for each entry."""
        return len(self.new)

    def prepare(self) -> None:
        """Encodes the entries; one that cannot be encoded is refused, and hurts no other."""
        for new in self.new:
            try:
                if new.entry.durability is Durability.MEMORY:
                    _check_names(new.entry)
                else:
                    new.record = seal_request(new.row, new.entry)
            except Exception as error:
                message = f"The request cannot be stored: {error}"
                new.refusal = BridgeError.of(ErrorCode.INVALID_ARGUMENT, message).error

    def apply(self, db: apsw.Connection) -> None:
        """Inserts what is new, and finds what is not."""
        fresh = [new for new in self.new if new.record]
        before = db.total_changes()
        db.executemany(
            "INSERT INTO request VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [
                (new.row, new.entry.caller.tenant, new.entry.request.id, key_of(new.entry), new.entry.backend,
                 accepted_us(new.entry), new.record)
                for new in fresh
            ],
        )  # fmt: skip
        if db.total_changes() - before != len(fresh):
            span = "SELECT row FROM request WHERE row BETWEEN ? AND ?"
            stored = {row for (row,) in db.execute(span, (fresh[0].row, fresh[-1].row))}
            for new in fresh:
                if new.row not in stored:
                    self._find(db, new)
        for new in self.new:
            if new.entry.durability is Durability.MEMORY and new.refusal is None:
                self._find(db, new)

    def _find(self, db: apsw.Connection, new: NewRow) -> None:
        entry = new.entry
        try:
            new.earlier = find_earlier(db, self._clock, entry.caller.tenant, entry.request.id, key_of(entry))
        except BrokenRecord as error:
            log.error("a stored request is damaged", extra={"request_id": entry.request.id, "reason": str(error)})
            message = "The earlier request under this id or key is stored, but damaged."
            new.refusal = BridgeError.of(ErrorCode.DATA_LOSS, message).error


@dataclass(slots=True, eq=False)
class NewResult:
    """A result on its way into the log."""

    entry: Entry
    row: int
    result: Result
    wall: float
    events: list[tuple[RequestState, float]]
    record: bytes = b""


class SettleJob(Job):
    """Stores results: result, effect record and acknowledgement of a request in one row."""

    keep_trying = True

    def __init__(self, results: list[NewResult], concluded: Callable[[SettleJob], None]) -> None:
        super().__init__()
        self.results = results
        self._concluded = concluded
        self.sync = any(new.entry.durability is Durability.DISK for new in results)

    def conclude(self) -> None:
        """Makes the entries final."""
        self._concluded(self)

    @property
    def rows(self) -> int:
        """One for each result."""
        return len(self.results)

    def prepare(self) -> None:
        """Encodes the results; in place of one that cannot be encoded goes an error that says so."""
        for new in self.results:
            try:
                new.record = seal_result(new.row, new.entry, new.result, new.events)
            except Exception as error:
                log.error("a result cannot be stored", extra={"request_id": new.entry.request.id}, exc_info=error)
                new.result = _unstorable(new)
                new.events[-1] = (new.result.state, new.wall)
                new.record = seal_result(new.row, new.entry, new.result, new.events)

    def apply(self, db: apsw.Connection) -> None:
        """Writes the results; the notes of attempts have done their work."""
        db.executemany(
            "INSERT INTO settlement VALUES (?, ?, ?, ?)",
            [(new.row, new.result.state.number, new.wall, new.record) for new in self.results],
        )
        db.executemany("DELETE FROM lease WHERE row = ?", [(new.row,) for new in self.results])


@dataclass(frozen=True, slots=True)
class Note:
    """The attempts of an unfinished request, and whether one is under way."""

    row: int
    attempts: int
    held: bool
    crashes_left: int
    errors_left: int


class NoteJob(Job):
    """Notes attempts, unsynced: what a crash of the process must not forget, and a power cut may."""

    def __init__(self, notes: list[Note]) -> None:
        super().__init__()
        self._notes = notes

    @property
    def rows(self) -> int:
        """One for each note."""
        return len(self._notes)

    def apply(self, db: apsw.Connection) -> None:
        """Writes the notes over the ones before."""
        db.executemany(
            "INSERT OR REPLACE INTO lease VALUES (?, ?, ?, ?, ?)",
            [(n.row, n.attempts, n.held, n.crashes_left, n.errors_left) for n in self._notes],
        )


def key_of(entry: Entry) -> str | None:
    """The effect key, where it is not the request id under another name."""
    return entry.effect_key if entry.request.idempotency_key else None


def _check_names(entry: Entry) -> None:
    """Raises UnicodeEncodeError where the log cannot be asked for the entry: a name of it is no Unicode text."""
    for name in (entry.caller.tenant, entry.request.id, entry.effect_key):
        name.encode()


def _unstorable(new: NewResult) -> Result:
    message = "The backend answered something that cannot be stored."
    error = BridgeError.of(ErrorCode.BACKEND_FAILED, message, trace_id=new.entry.trace_id).error
    return Result(
        request_id=new.entry.request.id,
        state=RequestState.FAILED,
        error=error,
        attempts=new.result.attempts,
        trace_id=new.entry.trace_id,
    )
