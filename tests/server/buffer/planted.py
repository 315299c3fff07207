"""Five broken buffers, each with one bug that has lost somebody's work before, and the promise that finds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qbridge_contract.structs import Result
from qbridge_server.buffer import BufferLimits
from qbridge_server.buffer.database import open_for_reading
from qbridge_server.buffer.lane import MemoryLane
from qbridge_server.buffer.memory import MemoryBuffer
from qbridge_server.buffer.sqlite import SqliteBuffer
from qbridge_server.ports import Appended, Entry

from . import promises
from .making import CLOCK, Bench, Make

# ---- two promises that look into the file, for stores that have one


async def what_is_accepted_is_in_the_file(bench: Bench) -> None:
    """On return from append, another connection sees the entry."""
    (entry,) = await bench.accepted()
    assert stored(bench, "SELECT request_id FROM request") == [entry.request.id]


async def what_is_shown_as_final_is_in_the_file(bench: Bench) -> None:
    """On the call of on_done, another connection sees the result."""
    (entry,) = await bench.accepted()
    seen: list[object] = []
    entry.on_done = lambda _: seen.extend(stored(bench, "SELECT count(*) FROM settlement"))
    await bench.claim()
    await bench.settle(entry)
    assert seen == [1]


def stored(bench: Bench, select: str) -> list[object]:
    assert bench.folder is not None
    db = open_for_reading(bench.folder)
    try:
        return [row[0] for row in db.execute(select)]
    finally:
        db.close()


# ---- the bugs


class AcksBeforeCommit(SqliteBuffer):
    """Accepts as soon as the entry is in memory; the log may follow."""

    async def append(self, entries: Sequence[Entry]) -> list[Appended]:
        wall = self._clock.wall()
        for entry in entries:
            self._tenant(entry.caller.tenant).add(entry)
            self._enqueue(entry, self._lane_of(entry), wall)
        return [Appended(entry) for entry in entries]


class ShowsBeforeItStores(SqliteBuffer):
    """Tells the caller the result before it is in the log."""

    async def settle(self, outcomes: Sequence[tuple[Entry, int, Result]]) -> None:
        for entry, _, result in outcomes:
            self._finish(entry, result, self._clock.monotonic(), self._clock.wall())


class NoEpochCheck(MemoryBuffer):
    """Takes a result from whoever brings one."""

    def _holds(self, entry: Entry, epoch: int) -> bool:
        return entry.result is None


class LosesWakeUps(MemoryBuffer):
    """Wakes who waits at that moment, and forgets that there was news."""

    def _new_lane(self, key: str, backend: str) -> MemoryLane:
        lane = super()._new_lane(key, backend)
        wake = lane.wake

        def forgetful() -> None:
            wake()
            lane._news = False

        lane.wake = forgetful  # type: ignore[method-assign]
        return lane


class ReleasesToTheEnd(MemoryBuffer):
    """Puts released entries behind those that came later."""

    def release(self, entries: Sequence[tuple[Entry, int]]) -> None:
        for entry, _ in entries:
            self._order += 1
            entry.order = self._order
        super().release(entries)


@dataclass(frozen=True)
class Planted:
    """A bug, the store it is in, and the promise that it breaks."""

    bug: type[MemoryBuffer]
    store: str
    promise: promises.Promise

    @property
    def name(self) -> str:
        return self.bug.__name__

    @property
    def make(self) -> Make:
        def make(folder: Path | None, limits: BufferLimits) -> MemoryBuffer:
            if issubclass(self.bug, SqliteBuffer):
                assert folder is not None
                return self.bug(folder, CLOCK, limits)
            return self.bug(CLOCK, limits)

        return make


PLANTED = [
    Planted(AcksBeforeCommit, "sqlite-disk", what_is_accepted_is_in_the_file),
    Planted(ShowsBeforeItStores, "sqlite-disk", what_is_shown_as_final_is_in_the_file),
    Planted(NoEpochCheck, "memory", promises.a_result_of_an_older_lease_is_refused),
    Planted(LosesWakeUps, "memory", promises.a_change_before_the_wait_is_not_lost),
    Planted(ReleasesToTheEnd, "memory", promises.released_entries_go_back_to_their_old_places),
]
