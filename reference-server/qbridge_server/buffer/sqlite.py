"""The durable buffer on one machine: a LoggedBuffer whose log is SQLite, in a folder of its own.

Unfinished entries are always in memory, so the log is read for settled ones alone.
"""

from __future__ import annotations

import asyncio
import os
from heapq import merge
from itertools import islice
from pathlib import Path

import apsw

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import ErrorCode, HealthState, RequestState, Result
from qbridge_server.buffer.database import FILE, FolderLock
from qbridge_server.buffer.limits import BufferLimits
from qbridge_server.buffer.logged import LoggedBuffer
from qbridge_server.buffer.lookup import Recovery, Unfinished
from qbridge_server.buffer.memory import EPOCH_BITS
from qbridge_server.buffer.reader import Reader
from qbridge_server.buffer.size import request_bytes
from qbridge_server.buffer.states import ended
from qbridge_server.buffer.wal import set_aside
from qbridge_server.buffer.writer import Writer
from qbridge_server.ports import Clock, Entry, accepted_us

RECOVER_SLICE = 500
"""Entries that an opening buffer puts into their lanes before it lets others run."""


class SqliteBuffer(LoggedBuffer):
    """The port's Buffer, for entries of durability MEMORY, PROCESS and DISK."""

    def __init__(self, folder: Path, clock: Clock, limits: BufferLimits) -> None:
        super().__init__(Writer(folder, clock, limits), clock, limits)
        self._folder = folder
        self._reader = Reader(folder, clock)
        self._lock: FolderLock | None = None
        self._broken = 0

    # ---- life

    async def open(self) -> list[Entry]:
        """Takes the folder, and puts what earlier runs left back into its lanes.

        Raises BridgeError: FAILED_PRECONDITION where somebody else has the folder, or a newer version
        wrote it; DATA_LOSS where the file as a whole cannot be read.
        """
        _make_folder(self._folder)
        self._lock = FolderLock(self._folder)
        try:
            recovery = await self._writer.open()
        except BaseException as error:
            self._writer.stop()
            self._lock.close()
            self._lock = None
            if isinstance(error, apsw.CorruptError | apsw.NotADBError):
                message = f"The log in {self._folder} is damaged as a whole: restore it from a backup."
                raise BridgeError.of(ErrorCode.DATA_LOSS, message) from error
            raise
        return await self._take_over(recovery)

    async def _take_over(self, recovery: Recovery) -> list[Entry]:
        self._epoch = recovery.run << EPOCH_BITS
        self._row = recovery.last_row
        self._broken = recovery.broken
        dead: list[tuple[Entry, Result]] = []
        for place, unfinished in enumerate(recovery.unfinished, start=1):
            entry = unfinished.entry
            entry.request_bytes = request_bytes(entry.request)
            self._tenant(entry.caller.tenant).add(entry)
            self._rows[entry] = unfinished.row
            self._recovered.add(entry)
            if _pays_for_crash(unfinished):
                lane = self._lane_of(entry)
                self._enqueue(entry, lane, self._clock.wall())
                lane.wake()
            else:
                dead.append((entry, ended(entry, RequestState.DEAD)))
            if place % RECOVER_SLICE == 0:
                await asyncio.sleep(0)
        if dead:
            self._end(dead)
        return [unfinished.entry for unfinished in recovery.unfinished]

    async def close(self) -> None:
        """Commits what is queued and gives the folder back. Unfinished durable entries stay in the log."""
        if self._closed or self._lock is None:
            return
        self._closed = True
        await super().close()
        await self._reader.close()
        await self._writer.close()
        self._lock.close()

    def health(self) -> tuple[HealthState, str]:
        """How the log is, and what it says to a person."""
        if self._writer.failure is not None:
            return HealthState.NOT_SERVING, self._writer.failure.error.message
        if self._writer.hindrance:
            return HealthState.DEGRADED, f"{self._writer.hindrance}: new durable requests are refused."
        aside = set_aside(self._folder / FILE)
        if aside:
            message = (
                f"The log was damaged: what could not be read is kept in {aside[-1]}; move it away once you know it."
            )
            return HealthState.DEGRADED, message
        if self._broken:
            message = f"{self._broken} accepted requests cannot be read; they are isolated, others are served."
            return HealthState.DEGRADED, message
        return HealthState.SERVING, ""

    # ---- reading

    async def get(self, tenant: str, request_id: str) -> Entry | None:
        """The entry of that tenant's request. Raises BridgeError DATA_LOSS where its record is damaged."""
        entry = await super().get(tenant, request_id)
        if entry is None and not self._closed:
            stored = await self._reader.get(tenant, request_id)
            # It may have been accepted while the reader looked; the one in memory is the live one.
            entry = await super().get(tenant, request_id) or stored
        return entry

    async def list(self, tenant: str, backend: str, state: RequestState | None, before: str, limit: int) -> list[Entry]:
        """The tenant's entries, latest accepted first, in memory and in the log."""
        stored = await self._reader.list(tenant, backend, state, before, limit)
        found = await super().list(tenant, backend, state, before, limit)
        known = {entry.request.id for entry in found}
        others = (entry for entry in stored if entry.request.id not in known)
        return list(islice(merge(found, others, key=_place, reverse=True), limit))


def _place(entry: Entry) -> tuple[int, str]:
    return accepted_us(entry), entry.request.id


def _pays_for_crash(unfinished: Unfinished) -> bool:
    """Charges an attempt that died with an earlier run to the crash budget; False where that is spent."""
    entry = unfinished.entry
    if unfinished.held:
        entry.crashes_left -= 1
    return entry.crashes_left >= 0


def _make_folder(folder: Path) -> None:
    """Makes the folder, known to the disk, so that what is synced in it can be found after a power cut."""
    if folder.is_dir():
        return
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    parent = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)
