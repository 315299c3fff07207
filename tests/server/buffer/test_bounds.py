"""What is in the buffer is bounded by count and by size, and every lane is served and forgotten in its time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from qbridge_contract.structs import ErrorCode, InternalRequest, Payload, Reply, RequestState, Result
from qbridge_server.buffer import BufferLimits
from qbridge_server.buffer.size import request_bytes, result_bytes

from .making import CLOCK, Bench, bounded, finish_of, make_real
from .test_contract import STORES

KIB = 1024


@asynccontextmanager
async def a_bench(store: str, folder: Path, **limits: int) -> AsyncIterator[Bench]:
    durability, on_disk = STORES[store]
    bounds = BufferLimits(**limits)
    place = folder / "buffer" if on_disk else None
    buffer = make_real(place, bounds)
    await buffer.open()
    try:
        yield Bench(buffer, durability, bounds, place)
    finally:
        await buffer.close()


@pytest.mark.parametrize("store", STORES)
async def test_a_lane_is_full_by_the_payload_that_waits_and_takes_more_once_some_is_claimed(
    store: str, tmp_path: Path
) -> None:
    async with a_bench(store, tmp_path, lane_bytes_max=10 * KIB) as bench:
        first, second = await bench.accepted(2, data=b"x" * 4 * KIB)
        refused = await bench.append(bench.entry(data=b"x" * 4 * KIB))
        assert refused.error is not None
        assert refused.error.code is ErrorCode.QUEUE_FULL
        assert await bench.claim(1) == [first]
        await bench.accepted(1, data=b"x" * 4 * KIB)
        bench.buffer.release([(first, first.epoch)])
        assert (await bench.append(bench.entry(data=b"x" * 4 * KIB))).error is not None
        await bounded(bench.buffer.cancel(first))
        await bounded(bench.buffer.cancel(second))
        await bench.accepted(1, data=b"x" * 4 * KIB)


@pytest.mark.parametrize("store", STORES)
async def test_a_request_larger_than_a_lane_waits_alone(store: str, tmp_path: Path) -> None:
    async with a_bench(store, tmp_path, lane_bytes_max=KIB) as bench:
        await bench.accepted(1, data=b"x" * 4 * KIB)
        assert (await bench.append(bench.entry())).error is not None


@pytest.mark.parametrize("store", STORES)
async def test_late_entries_give_their_bytes_back(store: str, tmp_path: Path) -> None:
    async with a_bench(store, tmp_path, lane_bytes_max=KIB) as bench:
        (late,) = await bench.accepted(1, data=b"x" * KIB, timeout_s=0.02)
        await bounded(finish_of(late))
        await bench.accepted(1, data=b"x" * KIB)


async def test_the_oldest_results_are_forgotten_beyond_their_size_but_never_the_latest(tmp_path: Path) -> None:
    async with a_bench("memory", tmp_path, results_bytes_max=20 * KIB) as bench:
        entries = await bench.accepted(5, data=b"x" * 4 * KIB)
        await bench.claim()
        for entry in entries:
            await bench.settle(entry, data=b"y" * 4 * KIB)
        known = [await bench.buffer.get("local", entry.request.id) for entry in entries]
        assert known == [None, None, None, *entries[3:]]
        (huge,) = await bench.accepted(1, data=b"x" * 40 * KIB)
        await bench.claim()
        await bench.settle(huge)
        assert await bench.buffer.get("local", huge.request.id) is huge
        assert await bench.buffer.get("local", entries[4].request.id) is None


@pytest.mark.parametrize("store", STORES)
async def test_one_lane_too_many_is_refused_until_one_is_retired(store: str, tmp_path: Path) -> None:
    async with a_bench(store, tmp_path, lanes_max=2) as bench:
        (entry,) = await bench.accepted(lane="echo/a")
        await bench.accepted(lane="echo/b")
        refused = await bench.append(bench.entry(lane="echo/c"))
        assert refused.error is not None
        assert refused.error.code is ErrorCode.QUEUE_FULL
        await bench.accepted(lane="echo/b")
        lane = bench.lane("echo/a")
        bench.buffer.retire(lane)
        assert bench.lane("echo/a") is lane
        assert await lane.claim(9, CLOCK.monotonic()) == [entry]
        bench.buffer.retire(lane)
        await bench.accepted(lane="echo/c")
        assert {each.key for each in bench.buffer.lanes()} == {"echo/b", "echo/c"}
        bench.buffer.release([(entry, entry.epoch)])
        assert await bench.lane("echo/a").claim(9, CLOCK.monotonic()) == [entry]


@pytest.mark.parametrize("store", STORES)
async def test_who_serves_lanes_is_told_of_each_that_something_came_into(store: str, tmp_path: Path) -> None:
    async with a_bench(store, tmp_path) as bench:
        told: list[tuple[str, str]] = []
        bench.buffer.on_waiting = lambda key, backend: told.append((key, backend))
        (entry,) = await bench.accepted(lane="echo/a")
        assert told == [("echo/a", "echo")]
        await bench.lane("echo/a").claim(1, CLOCK.monotonic())
        bench.buffer.release([(entry, entry.epoch)])
        assert told == [("echo/a", "echo")] * 2
        await bounded(bench.buffer.cancel(entry))
        assert len(told) == 2


@pytest.mark.parametrize(
    ("payload", "size"),
    [
        (Payload(data=b"x" * 100), 100),
        (Payload(text="x" * 100), 100),
        (Payload(json={"a": "x" * 100}), 400),
        (Payload(), 0),
        (None, 0),
    ],
    ids=["bytes", "text", "json", "empty", "none"],
)
def test_a_size_is_about_that_of_the_payload(payload: Payload | None, size: int) -> None:
    result = Result(state=RequestState.SUCCEEDED, reply=Reply(payload=payload))
    assert size <= result_bytes(result) <= size + 50
    assert request_bytes(InternalRequest()) == 0
