"""A lane: the waiting entries of one backend and compatible operation.

One ordered map for each priority, so that taking the first, taking one out of the middle and putting
one back at the front are all O(1). The lane knows nothing of durability, results or callers: what it
takes out it hands to its `Owner`, which leases it, or expires what is past its deadline.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from heapq import heapify, heappop, heappush
from math import inf
from typing import Protocol

from qbridge_server.ports import Entry, LaneView

PRIORITY_MAX = 9


class Owner(Protocol):
    """The buffer, as its lanes see it."""

    on_waiting: Callable[[str, str], None] | None
    """Told the key and backend of a lane that entries came into."""

    async def lease(self, entries: list[Entry], now: float) -> None:
        """Gives entries that left a lane to a worker."""
        ...

    def expire(self, entries: list[Entry]) -> None:
        """Ends entries that left a lane because their deadline has passed."""
        ...


class MemoryLane:
    """The port's Lane. All of it runs on the loop; `push`, `give_back` and `remove` are the buffer's."""

    def __init__(self, key: str, backend: str, owner: Owner) -> None:
        self.key = key
        self.backend = backend
        self.depth = 0
        self.bytes = 0
        """Payload of the entries that wait, and of those on their way into the log."""
        self.reserved = 0
        """Places taken by entries that are on their way into the log."""
        self._owner = owner
        # Highest priority first.
        self._queues = tuple[OrderedDict[Entry, None], ...](OrderedDict() for _ in range(PRIORITY_MAX + 1))
        # (deadline, order, entry) of entries that wait, and of some that have left: those are passed over.
        self._deadlines: list[tuple[float, int, Entry]] = []
        self._news = False
        self._waiters: list[asyncio.Future[None]] = []

    # ---- what the batcher does

    def view(self, now: float, in_flight: int) -> LaneView:
        """The lane as the policy sees it."""
        if not self.depth:
            return LaneView(0, 0.0, inf, in_flight)
        oldest = now
        for queue in self._queues:
            if queue:
                first = next(iter(queue)).accepted_at
                if first < oldest:
                    oldest = first
        slack = self.nearest_deadline() - now if self._deadlines else inf
        return LaneView(self.depth, now - oldest, slack, in_flight)

    async def claim(self, size: int, now: float) -> list[Entry]:
        """Leases up to `size` entries, highest priority first, then oldest."""
        self._news = False
        taken: list[Entry] = []
        late: list[Entry] = []
        for queue in self._queues:
            while queue and len(taken) < size:
                entry, _ = queue.popitem(last=False)
                self.bytes -= entry.request_bytes
                if entry.deadline is not None and entry.deadline <= now:
                    late.append(entry)
                else:
                    taken.append(entry)
        self.depth -= len(taken) + len(late)
        if late:
            self._owner.expire(late)
        if taken:
            await self._owner.lease(taken, now)
        return taken

    async def changed(self, timeout_s: float | None = None) -> None:
        """Waits for an append or a release, or for `timeout_s`.

        Returns at once if one came since the last claim or the last return of this method.
        """
        if not self._news:
            loop = asyncio.get_running_loop()
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiters.append(waiter)
            timer = None if timeout_s is None else loop.call_later(timeout_s, _set, waiter)
            try:
                await waiter
            finally:
                if timer is not None:
                    timer.cancel()
                if waiter in self._waiters:
                    self._waiters.remove(waiter)
        self._news = False

    # ---- what the buffer does

    def push(self, entry: Entry) -> None:
        """Puts an accepted entry behind those of its priority. `wake` follows, once for many."""
        self._queues[PRIORITY_MAX - entry.priority][entry] = None
        self.depth += 1
        self.bytes += entry.request_bytes
        if entry.deadline is not None:
            self._note_deadline(entry.deadline, entry)

    def give_back(self, entries: Iterable[Entry]) -> None:
        """Puts released entries back, each before the entries that were accepted after it."""
        for entry in sorted(entries, key=_order, reverse=True):
            queue = self._queues[PRIORITY_MAX - entry.priority]
            _insert_by_order(queue, entry)
            self.depth += 1
            self.bytes += entry.request_bytes
            if entry.deadline is not None:
                self._note_deadline(entry.deadline, entry)
        self.wake()

    def remove(self, entry: Entry) -> bool:
        """Takes a waiting entry out; False where it does not wait here."""
        queue = self._queues[PRIORITY_MAX - entry.priority]
        if entry not in queue:
            return False
        del queue[entry]
        self.depth -= 1
        self.bytes -= entry.request_bytes
        return True

    def wake(self) -> None:
        """Tells who waits in `changed`, or who asks next, that there is news; and who finds the lane a worker."""
        self._news = True
        if self._waiters:
            for waiter in self._waiters:
                _set(waiter)
            self._waiters.clear()
        on_waiting = self._owner.on_waiting
        if on_waiting is not None:
            on_waiting(self.key, self.backend)

    def ahead(self, entry: Entry) -> int:
        """How many entries a claim takes before this one; 0 where it does not wait."""
        place = 0
        for queue in self._queues[: PRIORITY_MAX - entry.priority + 1]:
            if entry not in queue:
                place += len(queue)
                continue
            for other in queue:
                if other is entry:
                    return place
                place += 1
        return 0

    def nearest_deadline(self) -> float:
        """The nearest deadline among the waiting; infinity where there is none."""
        deadlines = self._deadlines
        while deadlines and not self._waits(deadlines[0][2]):
            heappop(deadlines)
        return deadlines[0][0] if deadlines else inf

    def take_late(self, now: float, limit: int) -> list[Entry]:
        """Takes out up to `limit` entries whose deadline has passed."""
        late: list[Entry] = []
        while len(late) < limit and self.nearest_deadline() <= now:
            entry = self._deadlines[0][2]
            self.remove(entry)
            late.append(entry)
        return late

    # ---- inside

    def _waits(self, entry: Entry) -> bool:
        return entry in self._queues[PRIORITY_MAX - entry.priority]

    def _note_deadline(self, deadline: float, entry: Entry) -> None:
        if len(self._deadlines) > 2 * self.depth + 64:
            self._deadlines = [(e.deadline, e.order, e) for e in self._waiting() if e.deadline is not None]
            heapify(self._deadlines)
        else:
            heappush(self._deadlines, (deadline, entry.order, entry))

    def _waiting(self) -> Iterator[Entry]:
        for queue in self._queues:
            yield from queue


def _order(entry: Entry) -> int:
    return entry.order


def _set(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _insert_by_order(queue: OrderedDict[Entry, None], entry: Entry) -> None:
    """Puts `entry` at its place; O(1) at the front, where released entries belong but for rare cases."""
    older: list[Entry] = []
    for other in queue:
        if other.order > entry.order:
            break
        older.append(other)
    queue[entry] = None
    queue.move_to_end(entry, last=False)
    for other in reversed(older):
        queue.move_to_end(other, last=False)
