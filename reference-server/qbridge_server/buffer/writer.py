"""The writer: one thread that owns whole transactions, and commits in groups without linger.

    loop --submit--> queue --> [ gather | BEGIN IMMEDIATE, apply, COMMIT ] --one wake-up a group--> loop

It commits whatever queued while the last commit was under way. A lone job waits for one fsync; fifty
that arrive together share one. A group in which some job asks for the disk is committed with
synchronous=FULL, so fsync comes before the answer; one in which none does, with NORMAL: written to the
log, not synced. A commit that fails for want of space loses nothing and is tried again; one that fails
in any other way stops the writer for good: after a failed fsync nobody knows what the disk holds. A job
that breaks before anything is written, for what is in it, is answered alone.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeVar

import apsw

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import ErrorCode
from qbridge_server.buffer.database import begin_run, open_for_writing, transaction
from qbridge_server.buffer.jobs import Job, SettleJob
from qbridge_server.buffer.limits import BufferLimits
from qbridge_server.buffer.lookup import Recovery, recover
from qbridge_server.buffer.retention import Retention
from qbridge_server.ports import Clock

log = logging.getLogger("qbridge.server.buffer")
_T = TypeVar("_T")

CHECKPOINT_PAGES = 1_000
"""Pages of log that are worth a checkpoint while the writer is idle."""
CHECKPOINT_PAGES_MAX = 8_000
"""Pages of log at which even a busy writer makes one."""
RETRY_S = 0.25
"""How long results wait for the next attempt where the disk is full."""


class Writer:
    """The thread, its queue, and what became of it."""

    def __init__(self, folder: Path, clock: Clock, limits: BufferLimits) -> None:
        self._folder = folder
        self._clock = clock
        self._limits = limits
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._next: Job | None = None
        self._held: list[Job] = []
        self._stopping = False
        self._log_pages = 0
        self._full_sync = True
        self._retention = Retention(clock, limits)
        self.failure: BridgeError | None = None
        """Why it takes no more jobs."""
        self.hindrance = ""
        """What keeps it from writing at present."""
        self.groups = 0
        """Commits so far."""
        self.rows = 0
        """Rows in them."""

    # ---- on the loop

    async def open(self) -> Recovery:
        """Starts the thread; answers what earlier runs left. Raises BridgeError, apsw.Error."""
        self._loop = asyncio.get_running_loop()
        opened: asyncio.Future[Recovery] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        threading.Thread(target=self._run, args=(opened,), name="qbridge-log", daemon=True).start()
        return await opened

    def submit(self, job: Job) -> None:
        """Queues a job. It is `done` on the loop once it is committed, or refused."""
        self._queue.put(job)

    def stop(self) -> None:
        """Has the thread end by itself, after what is queued."""
        self._queue.put(None)

    async def close(self) -> None:
        """Commits what is queued, ends the thread and closes the file."""
        self.stop()
        await asyncio.shield(self._ended)

    # ---- on the thread

    def _run(self, opened: asyncio.Future[Recovery]) -> None:
        try:
            db = open_for_writing(self._folder)
            recovery = recover(db, self._clock, begin_run(db))
        except Exception as error:
            self._call(_reject, opened, error)
            return
        self._retention.begin(recovery.finished)
        db.set_wal_hook(self._committed)
        self._call(_resolve, opened, recovery)
        try:
            while not self._stopping:
                self._work(db, self._gather())
            self._answer(self._held, unavailable("The server stopped before the result could be stored."))
            _close(db)
        finally:
            self._call(_resolve, self._ended, None)

    def _committed(self, db: apsw.Connection, name: str, pages: int) -> int:
        self._log_pages = pages
        return apsw.SQLITE_OK

    def _gather(self) -> list[Job]:
        """The next group: what is queued, at least one job, at most `group_rows_max` rows."""
        jobs, self._held = self._held, []
        rows = sum(job.rows for job in jobs)
        try:
            job = self._next or self._queue.get(timeout=RETRY_S if jobs else None)
            self._next = None
            while True:
                if job is None:
                    self._stopping = True
                    return jobs
                if jobs and rows + job.rows > self._limits.group_rows_max:
                    self._next = job
                    return jobs
                jobs.append(job)
                rows += job.rows
                job = self._queue.get_nowait()
        except Empty:
            return jobs

    def _work(self, db: apsw.Connection, jobs: list[Job]) -> None:
        """Commits a group and answers it, then keeps house."""
        if self.failure is not None:
            self._answer(jobs, self.failure)
            return
        try:
            for job in jobs:
                job.prepare()
            self._commit(db, jobs)
        except (apsw.FullError, apsw.BusyError) as error:
            self._hold(jobs, error)
            return
        except (apsw.Error, OSError) as error:
            self._stop_for_good(db, jobs, error)
            return
        except Exception as error:
            self._part(db, jobs, error)
            return
        self.hindrance = ""
        self._answer(jobs, None)
        self._keep_house(db, jobs)

    def _part(self, db: apsw.Connection, jobs: Sequence[Job], error: Exception) -> None:
        """Commits the jobs of a broken group one by one: the file is as it was, and one of them is at fault."""
        if len(jobs) > 1:
            for job in jobs:
                self._work(db, [job])
            return
        log.error("a job broke before it was written", exc_info=error)
        message = "The server could not bring this into its log; its operator's log has the cause."
        self._answer(jobs, BridgeError.of(ErrorCode.INTERNAL, message))

    def _commit(self, db: apsw.Connection, jobs: Sequence[Job]) -> None:
        self._set_sync(db, any(job.sync for job in jobs))
        with transaction(db):
            for job in jobs:
                job.apply(db)
        self.groups += 1
        self.rows += sum(job.rows for job in jobs)

    def _set_sync(self, db: apsw.Connection, full: bool) -> None:
        if full != self._full_sync:
            db.pragma("synchronous", "FULL" if full else "NORMAL")
            self._full_sync = full

    def _keep_house(self, db: apsw.Connection, jobs: Sequence[Job]) -> None:
        """Deletes what the retention gives up, and moves the log into the tables."""
        self._retention.settled(sum(job.rows for job in jobs if isinstance(job, SettleJob)))
        idle = self._next is None and self._queue.empty()
        try:
            self._retention.delete_some(db)
            if self._log_pages >= (CHECKPOINT_PAGES if idle else CHECKPOINT_PAGES_MAX):
                self._log_pages = 0
                db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        except (apsw.FullError, apsw.BusyError) as error:
            log.warning("the log keeps its size for now: %s", error)
        except Exception as error:
            self._stop_for_good(db, (), error)

    def _hold(self, jobs: Sequence[Job], error: Exception) -> None:
        """Refuses what is new; keeps results for the next attempt, for they cannot be asked for again."""
        full = isinstance(error, apsw.FullError)
        what = "The disk is full" if full else "Another program holds the log"
        if not self.hindrance:
            log.error("%s: new durable requests are refused", what, exc_info=error)
        self.hindrance = what
        self._held = [job for job in jobs if job.keep_trying]
        refused = [job for job in jobs if not job.keep_trying]
        self._answer(refused, unavailable(f"{what}: the request was not stored.", RETRY_S))

    def _stop_for_good(self, db: apsw.Connection, jobs: Sequence[Job], error: Exception) -> None:
        log.critical("the log cannot be written: no more durable requests until a restart", exc_info=error)
        self.failure = unavailable("The log could not be written. The server must be restarted.")
        # A checkpoint on closing would sync, and take pages for written that never were.
        db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        self._answer(jobs, self.failure)

    def _answer(self, jobs: Sequence[Job], error: BridgeError | None) -> None:
        """Ends jobs: one wake-up of the loop for all of them."""
        if jobs:
            self._call(_done, jobs, error)

    def _call(self, function: object, *values: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *values)  # type: ignore[arg-type]
        except RuntimeError:
            log.warning("the loop has ended before the buffer was closed")


def _close(db: apsw.Connection) -> None:
    """Closes the file. What a full disk did not let into the tables stays in the log, and is read from there."""
    try:
        db.close()
    except apsw.Error as error:
        log.warning("the log keeps its size: %s", error)


def unavailable(message: str, retry_after_s: float = 0.0) -> BridgeError:
    """The error of a job that was not committed."""
    return BridgeError.of(ErrorCode.UNAVAILABLE, message, retry_after_s=retry_after_s)


def _done(jobs: Sequence[Job], error: BridgeError | None) -> None:
    for job in jobs:
        job.error = error
        job.done()


def _resolve(future: asyncio.Future[_T], value: _T) -> None:
    if not future.done():
        future.set_result(value)


def _reject(future: asyncio.Future[_T], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
