"""A lane's worker: one task that watches the lane, forms its batches and takes them to the backend.

It decides once a claimed bunch, completion or timer, never once a request. Where the backend takes one batch at
a time the batch runs in this very task; where it takes several, each runs in a task of its own.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Collection, Sequence

from qbridge_contract.structs import BackendState, BatchLimits, Error, ErrorCode, Reply, Result
from qbridge_server.batcher.guard import guard
from qbridge_server.batcher.outcomes import fate_of, succeeded
from qbridge_server.batcher.retries import Retries
from qbridge_server.ports import (
    Backend,
    BackendLost,
    Buffer,
    Clock,
    Entry,
    Lane,
    Outcomes,
    Policy,
    Rng,
    Spawn,
)

log = logging.getLogger("qbridge.server.batcher")

SERVICE_S_WEIGHT = 0.2
"""How much the latest batch counts in the running mean of the service time."""


class LaneWorker:
    """Serves one lane until it has been idle for `idle_s_max`, or until it is stopped."""

    def __init__(
        self,
        lane: Lane,
        backend: Backend,
        buffer: Buffer,
        policy: Policy,
        limits: BatchLimits,
        *,
        clock: Clock,
        rng: Rng,
        spawn: Spawn,
        idle_s_max: float,
    ) -> None:
        self.lane = lane
        self.in_flight = 0
        self._retries = Retries(buffer, spawn)
        self.unsettled = 0
        """Batches whose results could not be stored. They stay leased, and the log's next run has them again."""
        self._backend = backend
        self._buffer = buffer
        self._policy = policy
        self._limits = limits
        self._clock = clock
        self._rng = rng
        self._spawn = spawn
        self._idle_s_max = idle_s_max
        self._service_s = 0.0
        self._freed = asyncio.Event()
        self._stopping = False
        self._batches: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> Collection[Entry]:
        """Entries that wait for their next attempt; they stay leased until then."""
        return self._retries.waiting

    async def run(self) -> None:
        """Forms batches until the lane is idle; once stopped, ends when the batches that are out have ended."""
        lane, clock = self.lane, self._clock
        while not self._stopping:
            if self.in_flight >= self._limits.in_flight_max:
                await self._end_of_a_batch()
                continue
            # First the room, then the view: what arrives or ends during the wait counts.
            await self._backend.room()
            now = clock.monotonic()
            view = lane.view(now, self.in_flight)
            if view.depth == 0:
                await lane.changed(self._idle_s_max)
                if self._idle(now):
                    return
                continue
            limits = self._limits
            decision = self._policy.decide(view, limits.size_max, limits.wait_s_max)
            decision = guard(decision, view, limits.size_max, limits.wait_s_max, self._service_s)
            if decision.size == 0:
                await lane.changed(None if math.isinf(decision.wait_s) else decision.wait_s)
                continue
            batch = await lane.claim(decision.size, clock.monotonic())
            if batch:
                await self._send(batch, decision.reason)
        while self.in_flight:
            await self._end_of_a_batch()
        self._retries.hurry()

    def limit(self, limits: BatchLimits) -> None:
        """Holds from the next batch on; what is out goes on."""
        self._limits = limits
        self._wake()

    def stop(self) -> None:
        """Claims no more. `run` ends when what is out has ended; what waits for a retry is back in the lane then."""
        self._stopping = True
        self._wake()

    async def cancel(self) -> None:
        """Cancels the batches that are out; what they hold goes back into the lane."""
        batches = list(self._batches)
        for batch in batches:
            batch.cancel()
        await asyncio.gather(*batches, return_exceptions=True)

    def _wake(self) -> None:
        self._freed.set()
        self.lane.wake()

    async def _end_of_a_batch(self) -> None:
        self._freed.clear()
        await self._freed.wait()

    def _idle(self, since: float) -> bool:
        now = self._clock.monotonic()
        if now - since < self._idle_s_max or self.in_flight or self.waiting:
            return False
        return self.lane.view(now, 0).depth == 0

    async def _send(self, batch: list[Entry], reason: str) -> None:
        size = len(batch)
        for entry in batch:
            entry.batch_size = size
            entry.dispatch_reason = reason
        self.in_flight += 1
        # The backend is asked here, not in the batch's task: its room must be taken before we look at it again.
        work = self._dispatch(batch, self._ask(batch))
        if self._limits.in_flight_max == 1:
            await work
            return
        task = self._spawn(work, f"batch {self.lane.key}")
        self._batches.add(task)
        task.add_done_callback(self._batches.discard)

    def _ask(self, batch: Sequence[Entry]) -> Awaitable[Outcomes]:
        try:
            return self._backend.execute(batch)
        except Exception as error:
            return _raise(error)

    async def _dispatch(self, batch: list[Entry], answer: Awaitable[Outcomes]) -> None:
        """Takes one batch to its settlement: each entry gets its outcome. Raises nothing but cancellation.

        Results that the buffer cannot store leave their entries leased: the work is done, so that nobody may ask
        for it again before the log can say so. The lane goes on.
        """
        clock = self._clock
        leases = [entry.epoch for entry in batch]
        started = clock.monotonic()
        self._buffer.running(batch)
        try:
            outcomes = await self._execute(batch, answer)
            now = clock.monotonic()
            for entry in batch:
                entry.executed_at = now
            self._service_s += SERVICE_S_WEIGHT * (now - started - self._service_s)
            await self._settle(batch, leases, outcomes)
        except asyncio.CancelledError:
            self._buffer.release(list(zip(batch, leases, strict=True)))
            raise
        except Exception:
            self.unsettled += 1
            log.exception("results not stored", extra={"lane": self.lane.key, "count": len(batch)})
        finally:
            self.in_flight -= 1
            self._freed.set()

    async def _execute(self, batch: Sequence[Entry], answer: Awaitable[Outcomes]) -> Outcomes:
        """One outcome an entry. A batch that raises is split, so that only the entry at fault pays for it."""
        try:
            outcomes = await answer
            if len(outcomes) == len(batch):
                return outcomes
            problem = f"answered {len(outcomes)} outcomes for {len(batch)} requests"
            log.error("backend broke its port", extra={"backend": self.lane.backend, "problem": problem})
            return [Error(code=ErrorCode.INTERNAL, message="The backend's answer was incomplete.")] * len(batch)
        except BackendLost as error:
            return [error] * len(batch)
        except Exception as error:
            if len(batch) > 1:
                half = len(batch) // 2
                parts = (batch[:half], batch[half:])
                return [outcome for part in parts for outcome in await self._execute(part, self._ask(part))]
            log.exception("backend raised", extra={"backend": self.lane.backend})
            message = f"The backend {self.lane.backend} broke on this request ({type(error).__name__})."
            return [Error(code=ErrorCode.BACKEND_FAILED, message=message)]

    async def _settle(self, batch: Sequence[Entry], leases: Sequence[int], outcomes: Outcomes) -> None:
        settled: list[tuple[Entry, int, Result]] = []
        again: list[tuple[Entry, int]] = []
        spec, pause_s, gone = self._backend.spec, 0.0, False
        for entry, epoch, outcome in zip(batch, leases, outcomes, strict=True):
            if type(outcome) is Reply:
                settled.append((entry, epoch, succeeded(entry, outcome)))
                continue
            assert not isinstance(outcome, Reply)
            gone = gone or type(outcome) is BackendLost
            fate = fate_of(entry, outcome, self._rng)
            if isinstance(fate, Result):
                settled.append((entry, epoch, fate))
            else:
                again.append((entry, epoch))
                pause_s = max(pause_s, fate)
        if gone:
            spec.state = BackendState.FAILING
        elif spec.state is BackendState.FAILING and any(type(outcome) is Reply for outcome in outcomes):
            spec.state = BackendState.READY
        if again:
            self._again(again, pause_s)
        if settled:
            await self._buffer.settle(settled)

    def _again(self, leases: list[tuple[Entry, int]], pause_s: float) -> None:
        """Another attempt. What was in one batch stays together."""
        if pause_s > 0.0:
            self._buffer.pausing(leases)
            self._retries.later(leases, pause_s)
        else:
            self._buffer.release(leases)


async def _raise(error: Exception) -> Outcomes:
    raise error
