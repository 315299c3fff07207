"""The shipped store, and three that break its word: the fault commands must report loss on each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import apsw

from qbridge_contract.structs import Result
from qbridge_server.buffer import SqliteBuffer
from qbridge_server.buffer.writer import Writer
from qbridge_server.ports import Appended, Entry

from .making import CLOCK
from .script import LIMITS, shipped


class AcksBeforeSync(SqliteBuffer):
    """Says "accepted" for the disk once it is written: its log is never synced."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, CLOCK, LIMITS)
        self._writer = _NeverSyncs(folder, CLOCK, LIMITS)


class _NeverSyncs(Writer):
    def _set_sync(self, db: apsw.Connection, full: bool) -> None:
        db.pragma("synchronous", "OFF")


class SettlesWithoutWaiting(SqliteBuffer):
    """Shows results before their settlement is in the log, and forgets to write one in three."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, CLOCK, LIMITS)
        self._count = 0

    async def settle(self, outcomes: Sequence[tuple[Entry, int, Result]]) -> None:
        now, wall = self._clock.monotonic(), self._clock.wall()
        written = []
        for entry, epoch, result in outcomes:
            self._count += 1
            if self._count % 3:
                written.append((entry, epoch, result))
            elif self._holds(entry, epoch):
                self._finish(entry, result, now, wall)
        await super().settle(written)


class ForgetsTheLastGroup(SqliteBuffer):
    """Accepts every fourth group at once, and never writes it into its log."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, CLOCK, LIMITS)
        self._appends = 0

    async def append(self, entries: Sequence[Entry]) -> list[Appended]:
        self._appends += 1
        if self._appends % 4:
            return await super().append(entries)
        wall = self._clock.wall()
        for entry in entries:
            self._tenant(entry.caller.tenant).add(entry)
            self._enqueue(entry, self._lane_of(entry), wall)
        return [Appended(entry) for entry in entries]


STORES: dict[str, Callable[[Path], SqliteBuffer]] = {
    "shipped": shipped,
    "acks-before-sync": AcksBeforeSync,
    "settles-without-waiting": SettlesWithoutWaiting,
    "forgets-a-group": ForgetsTheLastGroup,
}
