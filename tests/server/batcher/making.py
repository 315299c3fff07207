"""A buffer, a batcher and a backend that a test drives."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from qbridge_contract.structs import (
    Backend as BackendSpec,
    BackendState,
    BatchLimits,
    Durability,
    InternalRequest,
    Invoke,
    Operation,
    Payload,
    Reply,
    RequestState,
)
from qbridge_server.batcher import Batcher, TimerSizePolicy
from qbridge_server.buffer import create_buffer
from qbridge_server.ports import LOCAL, Backend, Entry
from qbridge_server.runtime import SystemClock, SystemRng, Tasks


class Script(Backend):
    """A backend that does what the test says, and remembers its batches."""

    def __init__(self, do: Any, batch: BatchLimits | None = None) -> None:
        self.spec = BackendSpec(name="script", kind="echo", batch=batch, state=BackendState.READY)
        self.batches: list[list[str]] = []
        self.asked = asyncio.Event()
        """Set once a worker has asked for room."""
        self.roomy = asyncio.Event()
        self.roomy.set()
        self._do = do

    def lane_of(self, operation: Operation) -> str:
        return "all"

    async def room(self) -> None:
        self.asked.set()
        await self.roomy.wait()

    async def execute(self, batch: Sequence[Entry]) -> Any:
        self.batches.append([entry.request.idempotency_key for entry in batch])
        return await self._do(batch)

    async def probe(self) -> tuple[BackendState, str]:
        return BackendState.READY, ""

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""


class OneBackend:
    """A registry with one backend, until it is taken away."""

    def __init__(self, backend: Backend) -> None:
        self.backend: Backend | None = backend

    def find(self, name: str) -> Backend | None:
        return self.backend


class Bench:
    """A buffer, a batcher and one backend. Random numbers are 1, so that each pause is as long as it can be."""

    def __init__(self, backend: Backend) -> None:
        self.clock, self.tasks, rng = SystemClock(), Tasks(), SystemRng()
        rng.random = lambda: 1.0
        self.retry_waits = asyncio.Event()
        """Set once an entry waits for its next attempt."""
        self.buffer = create_buffer(None, clock=self.clock)
        self.registry = cast(Any, OneBackend(backend))
        self.batcher = Batcher(
            self.buffer,
            self.registry,
            TimerSizePolicy(),
            clock=self.clock,
            rng=rng,
            spawn=self._spawn,
        )

    def _spawn(self, work: Any, name: str) -> Any:
        if name.startswith("retry"):
            self.retry_waits.set()
        return self.tasks.spawn(work, name)

    async def send(self, *names: str, crashes: int = 0, errors: int = 0) -> list[Entry]:
        entries = [self._entry(name, crashes, errors) for name in names]
        await self.buffer.append(entries)
        self.batcher.serve("script/all", "script")
        return entries

    async def finished(self, entries: Sequence[Entry]) -> list[RequestState]:
        async with asyncio.timeout(10):
            for entry in entries:
                done = asyncio.Event()
                entry.watchers = [_setter(done)]
                while entry.result is None:
                    done.clear()
                    await done.wait()
        return [entry.state for entry in entries]

    def _entry(self, name: str, crashes: int, errors: int) -> Entry:
        request = InternalRequest(
            id=f"req_{len(name):010}{abs(hash(name)) % 10**16:016}",
            idempotency_key=name,
            operation=Operation(invoke=Invoke(name="do", payload=Payload(text=name))),
        )
        return Entry(
            request=request,
            caller=LOCAL,
            backend="script",
            lane="script/all",
            durability=Durability.MEMORY,
            effect_key=name,
            trace_id="1" * 32,
            accepted_at=self.clock.monotonic(),
            accepted_wall=self.clock.wall(),
            crashes_left=crashes,
            errors_left=errors,
        )

    async def close(self) -> None:
        await self.batcher.close()
        await self.buffer.close()
        await self.tasks.close()


def _setter(done: asyncio.Event) -> Callable[[Entry], None]:
    return lambda _entry: done.set()


def reply(entry: Entry) -> Reply:
    operation: Any = entry.request.operation
    return Reply(payload=operation.invoke.payload)


async def answer_all(batch: Sequence[Entry]) -> list[Reply]:
    """Answers each request with its own payload."""
    return [reply(entry) for entry in batch]


async def within(work: Awaitable[Any]) -> None:
    """Waits for `work`, for ten seconds at most."""
    async with asyncio.timeout(10):
        await work
