"""The buffer in memory: the twin of every durable one, and what they keep of an entry while it lives.

Everything runs on the loop, and nothing suspends. A durable buffer extends this class at three points:
what `append` waits for, what `settle` waits for, and how an entry is ended from inside (`_end`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from math import inf

from qbridge_contract.structs import Durability, ErrorCode, HealthState, RequestState, Result
from qbridge_server.buffer.index import TenantIndex, refused, repeats
from qbridge_server.buffer.lane import MemoryLane
from qbridge_server.buffer.limits import BufferLimits
from qbridge_server.buffer.size import request_bytes, result_bytes
from qbridge_server.buffer.states import (
    HELD,
    LEASED,
    QUEUED,
    REJECTED,
    RETRY_WAIT,
    RUNNING,
    SUBMITTED,
    advance,
    done,
    ended,
)
from qbridge_server.buffer.timer import DeadlineTimer
from qbridge_server.ports import Appended, Clock, Entry, Lane

EPOCH_BITS = 40
"""Of an epoch, the bits that count the claims of one run; above them is the number of the run."""
EXPIRE_MAX = 500
"""Entries of a lane that one sweep expires; the rest follow at once, after other work of the loop."""
LIST_SLICE = 2_000
"""Entries that a list looks through before it lets others run."""


class MemoryBuffer:
    """The port's Buffer, for entries of durability MEMORY."""

    durabilities: tuple[Durability, ...] = (Durability.MEMORY,)

    def __init__(self, clock: Clock, limits: BufferLimits) -> None:
        self._clock = clock
        self._limits = limits
        self.on_waiting: Callable[[str, str], None] | None = None
        self._tenants: dict[str, TenantIndex] = {}
        self._lanes: dict[tuple[str, str], MemoryLane] = {}
        self._lanes_full = False
        self._finished: deque[Entry] = deque()
        self._finished_bytes = 0
        self._leased_with_deadline: set[Entry] = set()
        self._timer = DeadlineTimer(clock, self._expire_due)
        self._order = 0
        self._epoch = 0
        self.stale_settles = 0
        """Results refused because their lease was over: an older epoch, or a final entry."""

    # ---- life

    async def open(self) -> list[Entry]:
        """Nothing to take over: memory starts empty."""
        return []

    async def close(self) -> None:
        """Stops the clock of the deadlines. What is in memory is given up."""
        self._timer.close()

    def health(self) -> tuple[HealthState, str]:
        """How the buffer is, and what it says to a person."""
        return HealthState.SERVING, ""

    # ---- acceptance

    async def append(self, entries: Sequence[Entry]) -> list[Appended]:
        """Accepts entries; returns without suspending."""
        wall = self._clock.wall()
        touched: set[MemoryLane] = set()
        answers = [self._accept(entry, wall, touched) for entry in entries]
        for lane in touched:
            lane.wake()
        return answers

    def _accept(self, entry: Entry, wall: float, touched: set[MemoryLane]) -> Appended:
        """Accepts one entry of durability MEMORY, or answers why not."""
        if entry.durability is not Durability.MEMORY:
            message = "This deployment keeps requests in memory only: ask for MEMORY, or give it a folder."
            return self._refuse(entry, ErrorCode.FAILED_PRECONDITION, message)
        tenant = self._tenant(entry.caller.tenant)
        earlier = tenant.earlier(entry)
        if earlier is not None:
            return repeats(entry, earlier)
        lane = self._lane_with_room(entry)
        if lane is None:
            return self._refuse_full(entry)
        tenant.add(entry)
        self._enqueue(entry, lane, wall)
        touched.add(lane)
        return Appended(entry)

    def _enqueue(self, entry: Entry, lane: MemoryLane, wall: float) -> None:
        """Puts an accepted entry into its lane. The caller wakes the lane, once for many entries."""
        self._order += 1
        entry.order = self._order
        entry.events.append((SUBMITTED, entry.accepted_wall))
        advance(entry, (QUEUED, wall))
        lane.push(entry)
        if entry.deadline is not None:
            self._timer.watch(entry.deadline)

    def _refuse(self, entry: Entry, code: ErrorCode, message: str, retry_after_s: float = 0.0) -> Appended:
        entry.state = REJECTED
        return refused(entry, code, message, retry_after_s)

    def _lane_with_room(self, entry: Entry) -> MemoryLane | None:
        """The lane of a new entry; None where it is full, or would be one lane too many."""
        lane, limits = self._lanes.get((entry.backend, entry.lane)), self._limits
        if lane is None:
            if self._lanes_full:
                return None
            lane = self._new_lane(entry.lane, entry.backend)
        size = entry.request_bytes = request_bytes(entry.request)
        if lane.depth + lane.reserved >= limits.lane_items_max:
            return None
        return None if lane.bytes and lane.bytes + size > limits.lane_bytes_max else lane

    def _refuse_full(self, entry: Entry) -> Appended:
        lane = self._lanes.get((entry.backend, entry.lane))
        if lane is None:
            message = f"The bridge has {len(self._lanes)} lanes in use; a new one can open when one is idle."
        else:
            waiting = f"{lane.depth + lane.reserved} requests of {lane.bytes} bytes wait"
            message = f"The lane {entry.lane} of {entry.backend} is full: {waiting}."
        return self._refuse(entry, ErrorCode.QUEUE_FULL, message, self._limits.full_retry_after_s)

    # ---- leases

    async def lease(self, entries: list[Entry], now: float) -> None:
        """Leases entries that a lane gave out, under one new epoch. For the lanes."""
        self._epoch += 1
        epoch = self._epoch
        event = (LEASED, self._clock.wall())
        for entry in entries:
            entry.epoch = epoch
            entry.attempts += 1
            entry.leased_at = now
            if entry.deadline is not None:
                self._leased_with_deadline.add(entry)
                self._timer.watch(entry.deadline)
            advance(entry, event)

    def running(self, entries: Sequence[Entry]) -> None:
        """Marks leased entries RUNNING."""
        event = (RUNNING, self._clock.wall())
        for entry in entries:
            if entry.state is LEASED:
                advance(entry, event)

    def pausing(self, entries: Sequence[tuple[Entry, int]]) -> None:
        """Marks leased entries RETRY_WAIT."""
        event = (RETRY_WAIT, self._clock.wall())
        for entry, epoch in entries:
            if self._holds(entry, epoch):
                advance(entry, event)

    def release(self, entries: Sequence[tuple[Entry, int]]) -> None:
        """Puts leased entries back into their lanes; what is not leased under that epoch stays as it is."""
        event = (QUEUED, self._clock.wall())
        back: dict[MemoryLane, list[Entry]] = {}
        for entry, epoch in entries:
            if self._holds(entry, epoch):
                self._leased_with_deadline.discard(entry)
                back.setdefault(self._lane_of(entry), []).append(entry)
        for lane, released in back.items():
            for entry in released:
                advance(entry, event)
            lane.give_back(released)

    def _holds(self, entry: Entry, epoch: int) -> bool:
        """Whether the lease of that epoch still holds."""
        return entry.epoch == epoch and entry.state in HELD

    # ---- ends

    async def settle(self, outcomes: Sequence[tuple[Entry, int, Result]]) -> None:
        """Makes results final; returns without suspending."""
        now, wall = self._clock.monotonic(), self._clock.wall()
        for entry, epoch, result in outcomes:
            if self._holds(entry, epoch):
                self._finish(entry, result, now, wall)
            else:
                self.stale_settles += 1
        self._forget_old(now)

    async def cancel(self, entry: Entry) -> bool:
        """Makes an accepted entry that is not final CANCELLED, waiting or not."""
        known = self._tenants.get(entry.caller.tenant)
        if entry.result is not None or known is None or known.get(entry.request.id) is not entry:
            return False
        self._withdraw(entry)
        self._end([(entry, ended(entry, RequestState.CANCELLED))])
        return True

    def expire(self, entries: list[Entry]) -> None:
        """Ends entries, already out of their lane, whose deadline has passed. For the lanes."""
        if entries:
            self._end([(entry, ended(entry, RequestState.EXPIRED)) for entry in entries])

    def _withdraw(self, entry: Entry) -> None:
        """Takes an entry out of its lane, if it waits there."""
        if entry.state is QUEUED:
            self._lane_of(entry).remove(entry)

    def _end(self, endings: list[tuple[Entry, Result]]) -> None:
        """Ends entries that are in no lane, from inside the buffer."""
        now, wall = self._clock.monotonic(), self._clock.wall()
        for entry, result in endings:
            self._finish(entry, result, now, wall)

    def _finish(self, entry: Entry, result: Result, now: float, wall: float) -> None:
        """Makes an entry final: the state, the result, then whoever waits for it."""
        entry.result = result
        entry.finished_at = now
        if entry.deadline is not None:
            self._leased_with_deadline.discard(entry)
        entry.result_bytes = result_bytes(result)
        self._finished_bytes += entry.request_bytes + entry.result_bytes
        self._finished.append(entry)
        advance(entry, (result.state, wall))
        if entry.on_done is not None:
            done(entry)

    def _expire_due(self, now: float) -> float:
        """Ends what is past its deadline, in any state; answers the nearest deadline that is left."""
        nearest = inf
        for lane in list(self._lanes.values()):
            self.expire(lane.take_late(now, EXPIRE_MAX))
            nearest = min(nearest, lane.nearest_deadline())
        late = [entry for entry in self._leased_with_deadline if _deadline(entry) <= now]
        self._leased_with_deadline.difference_update(late)
        self.expire(late)
        self._forget_old(now)
        return min(nearest, min(map(_deadline, self._leased_with_deadline), default=inf))

    def _forget_old(self, now: float) -> None:
        """Forgets final entries beyond the count, the size and the age of the limits."""
        finished, limits, too_old = self._finished, self._limits, now - self._limits.result_ttl_s
        while finished and (
            len(finished) > limits.results_max
            or finished[0].finished_at < too_old
            or (self._finished_bytes > limits.results_bytes_max and len(finished) > 1)
        ):
            entry = finished.popleft()
            self._finished_bytes -= entry.request_bytes + entry.result_bytes
            self._tenants[entry.caller.tenant].forget(entry)

    # ---- lanes

    def lane(self, key: str, backend: str) -> Lane:
        """The lane of that key, made when first asked for."""
        return self._lanes.get((backend, key)) or self._new_lane(key, backend)

    def lanes(self) -> Sequence[Lane]:
        """All lanes."""
        return list(self._lanes.values())

    def retire(self, lane: Lane) -> None:
        """Nobody serves the lane any more: it is forgotten if it is empty."""
        place = (lane.backend, lane.key)
        kept = self._lanes.get(place)
        if kept is lane and not kept.depth and not kept.reserved:
            del self._lanes[place]
            self._lanes_full = len(self._lanes) >= self._limits.lanes_max

    def ahead(self, entry: Entry) -> int:
        """How many entries of its lane are before it; 0 where it does not wait."""
        return self._lane_of(entry).ahead(entry) if entry.state is QUEUED else 0

    def _lane_of(self, entry: Entry) -> MemoryLane:
        return self._lanes.get((entry.backend, entry.lane)) or self._new_lane(entry.lane, entry.backend)

    def _new_lane(self, key: str, backend: str) -> MemoryLane:
        lane = self._lanes[backend, key] = MemoryLane(key, backend, self)
        self._lanes_full = len(self._lanes) >= self._limits.lanes_max
        return lane

    # ---- reading

    async def get(self, tenant: str, request_id: str) -> Entry | None:
        """The entry of that tenant's request; None where it is not known, or forgotten."""
        self._forget_old(self._clock.monotonic())
        known = self._tenants.get(tenant)
        return None if known is None else known.get(request_id)

    async def list(self, tenant: str, backend: str, state: RequestState | None, before: str, limit: int) -> list[Entry]:
        """The tenant's entries, latest accepted first, behind the place `before` if given."""
        self._forget_old(self._clock.monotonic())
        found: list[Entry] = []
        for place, entry in enumerate(self._tenant(tenant).newest_first(before), start=1):
            if (not backend or entry.backend == backend) and (state is None or entry.state is state):
                found.append(entry)
                if len(found) >= limit:
                    break
            if place % LIST_SLICE == 0:
                await asyncio.sleep(0)
        return found

    def _tenant(self, name: str) -> TenantIndex:
        tenant = self._tenants.get(name)
        if tenant is None:
            tenant = self._tenants[name] = TenantIndex()
        return tenant


def _deadline(entry: Entry) -> float:
    return inf if entry.deadline is None else entry.deadline
