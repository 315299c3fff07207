"""Prints the p50 of an embedded call in microseconds: memory, echo, on the `async` or the `sync` face."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time

import qbridge

CALLS, WARM = 4000, 500


async def on_async_face() -> list[float]:
    times = []
    async with qbridge.aconnect() as client:
        for turn in range(CALLS + WARM):
            began = time.perf_counter()
            await client.call("echo", "echo", b"quick brown fox", durability="memory")
            if turn >= WARM:
                times.append(time.perf_counter() - began)
    return times


def on_sync_face() -> list[float]:
    times = []
    with qbridge.connect() as client:
        for turn in range(CALLS + WARM):
            began = time.perf_counter()
            client.call("echo", "echo", b"quick brown fox", durability="memory")
            if turn >= WARM:
                times.append(time.perf_counter() - began)
    return times


if __name__ == "__main__":
    times = asyncio.run(on_async_face()) if sys.argv[1] == "async" else on_sync_face()
    print(statistics.median(times) * 1e6)
