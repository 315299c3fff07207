"""Entries to put into a buffer, and the buffers to put them into."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from qbridge_contract.structs import (
    Durability,
    InternalRequest,
    Invoke,
    Operation,
    Payload,
    Reply,
    RequestState,
    Result,
)
from qbridge_server.buffer import BufferLimits, create_buffer
from qbridge_server.buffer.memory import MemoryBuffer
from qbridge_server.ports import Appended, Buffer, Caller, Entry, Lane
from qbridge_server.runtime import SystemClock

CLOCK = SystemClock()
T = TypeVar("T")
WAIT_S = 10.0
"""No wait of a test is longer; a test that comes near it has failed."""

Make = Callable[[Path | None, BufferLimits], Buffer]


def make_real(folder: Path | None, limits: BufferLimits) -> MemoryBuffer:
    """The shipped buffer."""
    return create_buffer(folder, clock=CLOCK, limits=limits)


@dataclass
class Bench:
    """One open buffer, and entries of one durability for it."""

    buffer: Buffer
    durability: Durability
    limits: BufferLimits
    folder: Path | None = None
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def entry(self, **with_: Any) -> Entry:
        """A new entry with the next id."""
        return make_entry(next(self.numbers), self.durability, **with_)

    async def accepted(self, n: int = 1, **with_: Any) -> list[Entry]:
        """That many entries, accepted."""
        entries = [self.entry(**with_) for _ in range(n)]
        answers = await bounded(self.buffer.append(entries))
        assert [answer.error for answer in answers] == [None] * n
        return entries

    async def append(self, entry: Entry) -> Appended:
        """What the buffer makes of one entry."""
        (answer,) = await bounded(self.buffer.append([entry]))
        return answer

    def lane(self, key: str = "echo/x") -> Lane:
        """The lane that entries of the bench are in, unless they say otherwise."""
        return self.buffer.lane(key, "echo")

    async def claim(self, size: int = 100) -> list[Entry]:
        """Claims from that lane, now."""
        return await bounded(self.lane().claim(size, CLOCK.monotonic()))

    async def settle(self, *entries: Entry, data: bytes = b"done") -> None:
        """Settles entries with a reply, under the epochs that they have."""
        await bounded(self.buffer.settle([(entry, entry.epoch, succeeded(entry, data)) for entry in entries]))


def make_entry(
    number: int,
    durability: Durability = Durability.MEMORY,
    *,
    data: bytes = b"body",
    key: str = "",
    tenant: str = "local",
    lane: str = "echo/x",
    priority: int = 5,
    timeout_s: float | None = None,
    crashes_left: int = 2,
) -> Entry:
    """An entry as the gateway makes it; `number` is its id and its age."""
    request = InternalRequest(
        id=request_id(number),
        backend="echo",
        operation=Operation(invoke=Invoke(name="x", payload=Payload(data=data))),
        idempotency_key=key,
    )
    now = CLOCK.monotonic()
    return Entry(
        request=request,
        caller=Caller(tenant, "key_1", frozenset({"call"})),
        backend="echo",
        lane=lane,
        durability=durability,
        effect_key=key or request.id,
        trace_id="0123456789abcdef0123456789abcdef",
        accepted_at=now,
        accepted_wall=CLOCK.wall(),
        deadline=None if timeout_s is None else now + timeout_s,
        priority=priority,
        crashes_left=crashes_left,
    )


def request_id(number: int) -> str:
    """An id that sorts by its number."""
    return f"req_{number:026d}"


def succeeded(entry: Entry, data: bytes = b"done") -> Result:
    """A result as the batcher makes it."""
    return Result(
        request_id=entry.request.id,
        state=RequestState.SUCCEEDED,
        reply=Reply(payload=Payload(data=data)),
        attempts=entry.attempts,
        trace_id=entry.trace_id,
    )


def finish_of(entry: Entry) -> asyncio.Future[Entry]:
    """Done with the entry when its on_done is called; a second call is an error of the test's loop."""
    finished: asyncio.Future[Entry] = asyncio.get_running_loop().create_future()
    entry.on_done = finished.set_result
    return finished


async def bounded(awaitable: Awaitable[T]) -> T:
    """Awaits, for WAIT_S at most."""
    async with asyncio.timeout(WAIT_S):
        return await awaitable


async def turns(n: int = 5) -> None:
    """Lets everything that is ready on the loop run."""
    for _ in range(n):
        await asyncio.sleep(0)
