"""The batcher: a worker for each lane that has requests."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from qbridge_contract.structs import BatchLimits
from qbridge_server.batcher.outcomes import lost
from qbridge_server.batcher.worker import LaneWorker
from qbridge_server.ports import Backend, Buffer, Clock, Policy, Registry, Rng, Spawn

DELETED_MAX = 1_000
"""Deleted backends that are remembered."""


class Batcher:
    """Serves lanes: `serve` starts a lane's worker unless it runs already.

    `size_max`, `wait_s_max` and `in_flight_max` hold where a backend's own batch limits say nothing.
    A lane whose backend is gone is served again once the backend is back.
    """

    def __init__(
        self,
        buffer: Buffer,
        registry: Registry,
        policy: Policy,
        *,
        clock: Clock,
        rng: Rng,
        spawn: Spawn,
        size_max: int = 256,
        wait_s_max: float = 0.0,
        in_flight_max: int = 1,
        idle_s_max: float = 10.0,
    ) -> None:
        self._buffer = buffer
        self._registry = registry
        self._policy = policy
        self._clock = clock
        self._rng = rng
        self._spawn = spawn
        self._size_max = size_max
        self._wait_s_max = wait_s_max
        self._in_flight_max = in_flight_max
        self._idle_s_max = idle_s_max
        self._deleted: dict[str, None] = {}
        """Backends that were taken away, the latest last: a request may be on its way to them."""
        self._unsettled = 0
        self._workers: dict[str, LaneWorker] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def serving(self) -> dict[str, LaneWorker]:
        """The workers that run, by lane."""
        return self._workers

    @property
    def unsettled(self) -> int:
        """How many batches were done whose results could not be stored; they stay leased until the next start."""
        return self._unsettled + sum(worker.unsettled for worker in self._workers.values())

    @property
    def busy(self) -> bool:
        """True while a batch is out, or a request waits for its next attempt."""
        return any(worker.in_flight or worker.waiting for worker in self._workers.values())

    def serve(self, key: str, backend_name: str) -> None:
        """Starts the lane's worker unless it runs already, or its backend is not there."""
        if key in self._workers:
            return
        backend = self._registry.find(backend_name)
        if backend is None:
            if backend_name in self._deleted:
                self._spawn(self._sweep(backend_name), f"sweep {backend_name}")
            return
        worker = LaneWorker(
            self._buffer.lane(key, backend_name),
            backend,
            self._buffer,
            self._policy,
            self._limits(backend),
            clock=self._clock,
            rng=self._rng,
            spawn=self._spawn,
            idle_s_max=self._idle_s_max,
        )
        self._workers[key] = worker
        self._tasks[key] = self._spawn(self._run(worker), f"lane {key}")

    def _limits(self, backend: Backend) -> BatchLimits:
        """The backend's limits, with the deployment's where they say nothing."""
        own = backend.spec.batch or BatchLimits()
        return BatchLimits(
            size_max=own.size_max or self._size_max,
            wait_s_max=own.wait_s_max or self._wait_s_max,
            in_flight_max=own.in_flight_max or self._in_flight_max,
        )

    async def _run(self, worker: LaneWorker) -> None:
        key = worker.lane.key
        try:
            await worker.run()
        finally:
            self._unsettled += worker.unsettled
            worker.unsettled = 0
            if self._workers.get(key) is worker:
                del self._workers[key], self._tasks[key]
            self._buffer.retire(worker.lane)

    async def refresh(self, backend_name: str) -> None:
        """Serves the lanes of a backend that came, or holds them to its new limits; what is out goes on."""
        backend = self._registry.find(backend_name)
        if backend is None:
            return
        self._deleted.pop(backend_name, None)
        for lane in self._buffer.lanes():
            if lane.backend != backend_name:
                continue
            worker = self._workers.get(lane.key)
            if worker is None:
                self.serve(lane.key, backend_name)
            else:
                worker.limit(self._limits(backend))

    async def abandon(self, backend_name: str) -> None:
        """Ends all that waits for a backend that was taken away, or was out with it: DEAD with BACKEND_LOST.

        The registry has closed the backend, so that the batches that are out come back. Goes on where its caller
        does not wait for the end.
        """
        self._deleted[backend_name] = None
        while len(self._deleted) > DELETED_MAX:
            del self._deleted[next(iter(self._deleted))]
        tasks = []
        for key, worker in self._workers.items():
            if worker.lane.backend == backend_name:
                worker.stop()
                tasks.append(self._tasks[key])
        await asyncio.shield(self._spawn(self._abandon(backend_name, tasks), f"abandon {backend_name}"))

    async def _abandon(self, backend_name: str, tasks: Sequence[asyncio.Task[None]]) -> None:
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._sweep(backend_name)
        # One of the same name may have come while the old one's batches ended.
        await self.refresh(backend_name)

    async def _sweep(self, backend_name: str) -> None:
        for lane in self._buffer.lanes():
            while lane.backend == backend_name and self._registry.find(backend_name) is None:
                batch = await lane.claim(self._size_max, self._clock.monotonic())
                if not batch:
                    break
                await self._buffer.settle([(entry, entry.epoch, lost(entry, "it was deleted")) for entry in batch])
            if lane.backend == backend_name:
                self._buffer.retire(lane)

    async def close(self) -> None:
        """Stops all workers and cancels their batches; a durable request is found again at the next start."""
        # A batch that was sent in this very turn of the loop begins first: what has not begun cannot be cancelled.
        await asyncio.sleep(0)
        workers, tasks = list(self._workers.values()), list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *(worker.cancel() for worker in workers), return_exceptions=True)
