"""What a lane's worker does while its backend is full, changes, or is taken away."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from qbridge_contract.structs import BatchLimits, Error, ErrorCode, RequestState
from qbridge_server.ports import BackendLost

from .making import answer_all, within


async def test_what_arrives_while_the_backend_is_full_goes_with_the_next_batch(bench: Any) -> None:
    path, backend = bench(answer_all)
    backend.roomy.clear()
    entries = await path.send("a")
    await within(backend.asked.wait())
    entries += await path.send("b", "c")
    backend.roomy.set()
    await path.finished(entries)
    assert backend.batches == [["a", "b", "c"]]


async def test_what_ends_while_the_backend_is_full_is_not_in_the_next_batch(bench: Any) -> None:
    path, backend = bench(answer_all)
    backend.roomy.clear()
    first, second = await path.send("a", "b")
    await within(backend.asked.wait())
    await path.buffer.cancel(first)
    backend.roomy.set()
    await path.finished([second])
    assert backend.batches == [["b"]]


async def test_new_limits_hold_for_a_lane_that_is_served_already(bench: Any) -> None:
    path, backend = bench(answer_all)
    await path.finished(await path.send("a", "b"))
    backend.spec.batch = BatchLimits(size_max=1)
    await path.batcher.refresh("script")
    await path.finished(await path.send("c", "d"))
    assert backend.batches == [["a", "b"], ["c"], ["d"]]


async def test_a_shorter_wait_holds_for_what_waits_already(bench: Any) -> None:
    path, backend = bench(answer_all, BatchLimits(wait_s_max=3600))
    entries = await path.send("a")
    backend.spec.batch = BatchLimits(size_max=1)
    await path.batcher.refresh("script")
    assert await path.finished(entries) == [RequestState.SUCCEEDED]


async def test_new_limits_leave_the_running_batch_alone(bench: Any) -> None:
    started, goes_on = asyncio.Event(), asyncio.Event()

    async def do(batch: Any) -> Any:
        started.set()
        await goes_on.wait()
        return await answer_all(batch)

    path, backend = bench(do)
    entries = await path.send("a")
    await within(started.wait())
    backend.spec.batch = BatchLimits(size_max=1)
    await path.batcher.refresh("script")
    goes_on.set()
    await path.finished(entries)
    assert backend.batches == [["a"]]
    assert entries[0].attempts == 1


@pytest.mark.parametrize("in_flight_max", [1, 4])
async def test_a_batch_that_is_out_when_its_backend_is_deleted_ends_dead(bench: Any, in_flight_max: int) -> None:
    started, closed = asyncio.Event(), asyncio.Event()

    async def do(batch: Any) -> Any:
        started.set()
        await closed.wait()
        raise BackendLost("its stream ended")

    path, _ = bench(do, BatchLimits(in_flight_max=in_flight_max))
    entries = await path.send("a", crashes=9)
    await within(started.wait())
    path.registry.backend = None
    closed.set()
    await within(path.batcher.abandon("script"))
    assert [entry.state for entry in entries] == [RequestState.DEAD]
    assert entries[0].result.error.code is ErrorCode.BACKEND_LOST


async def test_what_waits_for_its_next_attempt_ends_with_its_backend(bench: Any) -> None:
    async def do(batch: Any) -> Any:
        return [Error(code=ErrorCode.UNAVAILABLE, message="busy")] * len(batch)

    path, _ = bench(do)
    (entry,) = await path.send("a", errors=9)
    await within(path.retry_waits.wait())
    path.registry.backend = None
    await within(path.batcher.abandon("script"))
    assert entry.state is RequestState.DEAD


async def test_a_request_whose_backend_is_deleted_while_it_is_stored_ends_dead(bench: Any) -> None:
    path, _ = bench(answer_all)
    path.registry.backend = None
    await path.batcher.abandon("script")
    assert await path.finished(await path.send("late")) == [RequestState.DEAD]


async def test_a_deleted_backend_that_is_registered_again_serves_its_lane(bench: Any) -> None:
    path, backend = bench(answer_all)
    path.registry.backend = None
    await path.batcher.abandon("script")
    path.registry.backend = backend
    await path.batcher.refresh("script")
    assert await path.finished(await path.send("a")) == [RequestState.SUCCEEDED]


async def test_a_request_of_a_backend_that_never_came_back_waits(bench: Any) -> None:
    path, _ = bench(answer_all)
    path.registry.backend, backend = None, path.registry.backend
    entries = await path.send("a")
    path.registry.backend = backend
    await path.batcher.refresh("script")
    assert await path.finished(entries) == [RequestState.SUCCEEDED]


async def test_a_delete_goes_on_when_its_caller_leaves(bench: Any) -> None:
    started, closed = asyncio.Event(), asyncio.Event()

    async def do(batch: Any) -> Any:
        started.set()
        await closed.wait()
        raise BackendLost("its stream ended")

    path, _ = bench(do)
    entries = await path.send("a", crashes=9)
    await within(started.wait())
    path.registry.backend = None
    delete = asyncio.ensure_future(path.batcher.abandon("script"))
    asyncio.get_running_loop().call_soon(delete.cancel)
    with pytest.raises(asyncio.CancelledError):
        await delete
    closed.set()
    assert await path.finished(entries) == [RequestState.DEAD]
