"""A process that works with a durable buffer until it is killed, and reports what it was promised.

    python crash_child.py FOLDER FIRST

Eight callers append requests from number FIRST on, a worker settles them. Each fact is one line on
standard output, written at once: `run` (open), `a ID` (accepted), `f ID` (final), after the buffer said so.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from pathlib import Path

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
from qbridge_server.buffer import create_buffer
from qbridge_server.ports import Buffer, Caller, Entry
from qbridge_server.runtime import SystemClock

CLOCK = SystemClock()
CALLER = Caller("local", "key_1", frozenset())
LEVELS = (Durability.DISK, Durability.DISK, Durability.PROCESS)


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def make(number: int) -> Entry:
    request = InternalRequest(
        id=f"req_{number:026d}", operation=Operation(invoke=Invoke(name="x", payload=Payload(text=str(number))))
    )
    return Entry(
        request=request,
        caller=CALLER,
        backend="echo",
        lane="echo/x",
        durability=LEVELS[number % len(LEVELS)],
        effect_key=request.id,
        trace_id="",
        accepted_at=CLOCK.monotonic(),
        accepted_wall=CLOCK.wall(),
        crashes_left=1_000_000,
    )


async def call(buffer: Buffer, numbers: itertools.count[int]) -> None:
    while True:
        entries = [make(next(numbers)) for _ in range(1 + next(numbers) % 9)]
        for answer in await buffer.append(entries):
            assert answer.error is None
            assert not answer.replayed
            say(f"a {answer.entry.request.id}")


async def work(buffer: Buffer) -> None:
    lane = buffer.lane("echo/x", "echo")
    while True:
        entries = await lane.claim(32, CLOCK.monotonic())
        if not entries:
            await lane.changed()
            continue
        for entry in entries:
            entry.on_done = lambda done: say(f"f {done.request.id}")
        await buffer.settle([(entry, entry.epoch, result_of(entry)) for entry in entries])


def result_of(entry: Entry) -> Result:
    return Result(
        request_id=entry.request.id,
        state=RequestState.SUCCEEDED,
        reply=Reply(payload=Payload(text=f"result of {entry.request.id}")),
        attempts=entry.attempts,
    )


async def main(folder: Path, first: int) -> None:
    buffer = create_buffer(folder, clock=CLOCK)
    await buffer.open()
    say("run")
    numbers = itertools.count(first)
    await asyncio.gather(work(buffer), *(call(buffer, numbers) for _ in range(8)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
