"""A backend whose work is done by processes elsewhere, each on an Execute stream of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.backends.backend import Backend
from qbridge_mocks.conforming.ids import child_of
from qbridge_mocks.conforming.job import Job, State
from qbridge_mocks.conforming.refusal import ROWS, make_error, name_of

BATCH_SIZE_DEFAULT = 64
RETRY_WAIT_S = 0.05
Lease = tuple[str, int]
"""A request's id and the epoch of one attempt. Epochs rise over all requests, so tenants cannot meet."""


@dataclass(eq=False)
class Process:
    """One process on its stream, and the batches that it holds."""

    window: int
    outbox: asyncio.Queue[v1.ExecuteResponse | None] = field(default_factory=asyncio.Queue)
    """What to send; None ends the stream."""
    batches: list[dict[Lease, Job]] = field(default_factory=list)

    @property
    def room(self) -> int:
        """How many more batches it takes."""
        return self.window - len(self.batches)

    def release(self, lease: Lease) -> Job | None:
        """The job of an answered lease, and its place in the window given back with the last of its batch."""
        for batch in self.batches:
            if lease in batch:
                job = batch.pop(lease)
                if not batch:
                    self.batches.remove(batch)
                return job
        return None

    def held(self) -> Iterator[tuple[Lease, Job]]:
        """All that is not answered yet."""
        for batch in self.batches:
            yield from batch.items()


class RemoteBackend(Backend):
    """Jobs wait until a process has room; what a lost process held goes back, as the crash budget allows."""

    def __init__(self, spec: v1.Backend, epochs: count[int]) -> None:
        super().__init__(spec)
        self.epochs = epochs
        self.processes: list[Process] = []
        self.waiting: list[Job] = []

    def probe(self) -> tuple[v1.BackendState, str]:
        """READY with a process."""
        if self.processes:
            return v1.BackendState.READY, f"{len(self.processes)} attached."
        return v1.BackendState.DISCONNECTED, "No process serves this backend."

    def describe(self) -> v1.Backend:
        """The backend with its number of processes."""
        self.spec.connections = len(self.processes)
        return super().describe()

    def depth(self) -> int:
        """How many wait, not counting what ended while it waited."""
        return sum(not job.final for job in self.waiting)

    def ahead(self, job: Job) -> int:
        """How many are before this one."""
        waiting = self._in_order()
        return waiting.index(job) if job in waiting else 0

    def take(self, job: Job) -> None:
        """Queues the job, and sends it at once where a process has room."""
        job.move(State.QUEUED)
        self.waiting.append(job)
        self.pump()

    # ---- processes

    def attach(self, window: int) -> Process:
        """A new process."""
        process = Process(window=window or 1)
        self.processes.append(process)
        process.outbox.put_nowait(v1.ExecuteResponse(attached=v1.AttachedBackend(backend=self.describe())))
        self.pump()
        return process

    def dismiss(self, process: Process) -> None:
        """The process is leaving: it gets nothing more, and is told so."""
        process.window = 0
        process.outbox.put_nowait(v1.ExecuteResponse(go_away=v1.ExecuteGoAway()))

    def detach(self, process: Process) -> None:
        """The process is gone: what it held is lost attempts."""
        if process not in self.processes:
            return
        self.processes.remove(process)
        for (_, epoch), job in list(process.held()):
            if job.epoch == epoch and not job.final:
                self.lost(job)
        self.pump()

    def lost(self, job: Job) -> None:
        """Pays for a lost attempt from the crash budget."""
        if job.crashes_left:
            job.crashes_left -= 1
            self.take(job)
        else:
            job.fail(State.DEAD, "BACKEND_LOST", "The backend's process went away, and the crash budget is spent.")

    def close(self, name: str, message: str) -> None:
        """Ends all streams, and with them all jobs."""
        for process in self.processes:
            process.outbox.put_nowait(v1.ExecuteResponse(go_away=v1.ExecuteGoAway(error=make_error(name, message))))
            process.outbox.put_nowait(None)
        jobs = self.waiting + [job for process in self.processes for _, job in process.held()]
        for job in jobs:
            job.fail(State.DEAD, "BACKEND_LOST", message)
        self.waiting, self.processes = [], []

    # ---- batches

    def pump(self) -> None:
        """Sends what waits to the processes that have room, the roomiest first."""
        while self.processes and (waiting := self._in_order()):
            process = max(self.processes, key=lambda each: each.room)
            in_flight = sum(len(each.batches) for each in self.processes)
            limits = self.spec.batch or v1.BatchLimits()
            if process.room < 1 or (limits.in_flight_max and in_flight >= limits.in_flight_max):
                return
            batch = waiting[: self.size_max()]
            self.waiting = waiting[len(batch) :]
            self._send(process, batch)

    def _in_order(self) -> list[Job]:
        """What waits, highest priority first, then oldest."""
        return sorted((job for job in self.waiting if not job.final), key=lambda job: (-job.priority, job.order))

    def size_max(self) -> int:
        """How many items a batch has at most."""
        return (self.spec.batch or v1.BatchLimits()).size_max or BATCH_SIZE_DEFAULT

    def _send(self, process: Process, batch: list[Job]) -> None:
        leases: dict[Lease, Job] = {}
        for job in batch:
            job.epoch = next(self.epochs)
            job.attempts += 1
            job.batch_size = len(batch)
            leases[job.id, job.epoch] = job
            job.move(State.LEASED)
            job.move(State.RUNNING)
        process.batches.append(leases)
        items = [self.item(job) for job in batch]
        process.outbox.put_nowait(v1.ExecuteResponse(batch=v1.ExecuteBatch(items=items)))

    def item(self, job: Job) -> v1.ExecuteItem:
        """The job as the process sees it."""
        request = job.request
        return v1.ExecuteItem(
            request_id=job.id,
            epoch=job.epoch,
            operation=request.operation,
            traceparent=child_of(request.traceparent),
            deadline=job.deadline,
            attempt=job.attempts,
            effect_key=f"{job.tenant}/{request.idempotency_key or job.id}",
            labels=request.labels,
        )

    # ---- results

    def settle(self, process: Process, result: v1.ItemResult) -> None:
        """Ends the job that a result names, unless the result's epoch is an older one."""
        job = process.release((result.request_id, result.epoch))
        if job and self.current(job, result):
            self.end(job, result)
        self.pump()

    def current(self, job: Job, result: v1.ItemResult) -> bool:
        """Whether the result is of the job's present attempt."""
        return not job.final and result.epoch == job.epoch

    def end(self, job: Job, result: v1.ItemResult) -> None:
        """SUCCEEDED, FAILED, DEAD, or another attempt."""
        if result.error is None:
            job.succeed(result.reply or v1.Reply())
            return
        error = backend_error(result.error)
        if not error.retryable:
            job.finish(State.FAILED, error=error)
        elif job.errors_left:
            job.errors_left -= 1
            job.move(State.RETRY_WAIT)
            asyncio.get_running_loop().call_later(RETRY_WAIT_S, self._retry, job)
        else:
            job.finish(State.DEAD, error=error)

    def _retry(self, job: Job) -> None:
        if not job.final:
            self.take(job)


def backend_error(said: v1.Error) -> v1.Error:
    """The backend's own error; BACKEND_FAILED where it names no row of the table.

    Retryable where the row says so or the backend does, which can speak for a BACKEND_FAILED of its own.
    """
    known = said.code != v1.ErrorCode.UNSPECIFIED and v1.ErrorCode(said.code).name
    error = replace(said, code=said.code if known else v1.ErrorCode.BACKEND_FAILED)
    error.retryable = said.retryable or ROWS[name_of(error)].retryable
    return error
