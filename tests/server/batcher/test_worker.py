"""A lane's worker forms batches, and each request of a batch gets its own outcome."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from qbridge_contract.structs import BatchLimits, Error, ErrorCode, RequestState
from qbridge_server.ports import BackendLost

from .making import Script, answer_all, reply


async def test_requests_that_wait_together_go_together(bench: Any) -> None:
    async def do(batch: Any) -> Any:
        return [reply(entry) for entry in batch]

    path, backend = bench(do)
    entries = await path.send("a", "b", "c")
    assert await path.finished(entries) == [RequestState.SUCCEEDED] * 3
    assert backend.batches == [["a", "b", "c"]]
    assert {entry.batch_size for entry in entries} == {3}


async def test_a_batch_never_exceeds_the_backends_limit(bench: Any) -> None:
    async def do(batch: Any) -> Any:
        return [reply(entry) for entry in batch]

    path, backend = bench(do, BatchLimits(size_max=2))
    await path.finished(await path.send("a", "b", "c"))
    assert [len(batch) for batch in backend.batches] == [2, 1]


async def test_one_bad_request_does_not_fail_its_neighbours(bench: Any) -> None:
    async def do(batch: Any) -> Any:
        bad = Error(code=ErrorCode.BACKEND_FAILED, message="no")
        return [bad if entry.effect_key == "b" else reply(entry) for entry in batch]

    path, _ = bench(do)
    states = await path.finished(await path.send("a", "b", "c"))
    assert states == [RequestState.SUCCEEDED, RequestState.FAILED, RequestState.SUCCEEDED]


async def test_poison_is_found_by_halving_the_batch(bench: Any) -> None:
    async def do(batch: Any) -> Any:
        if any(entry.effect_key == "poison" for entry in batch):
            raise ValueError("poison")
        return [reply(entry) for entry in batch]

    path, _ = bench(do)
    entries = await path.send("a", "b", "poison", "d", "e")
    states = await path.finished(entries)
    assert [state.name for state in states] == ["SUCCEEDED", "SUCCEEDED", "FAILED", "SUCCEEDED", "SUCCEEDED"]
    assert entries[2].result.error.code is ErrorCode.BACKEND_FAILED


async def test_a_lost_batch_is_tried_again_while_the_crash_budget_lasts(bench: Any) -> None:
    async def do(batch: Any) -> Any:
        if backend_calls(backend) == 1:
            raise BackendLost("gone")
        return [reply(entry) for entry in batch]

    path, backend = bench(do)
    entries = await path.send("a", crashes=1)
    assert await path.finished(entries) == [RequestState.SUCCEEDED]
    assert entries[0].attempts == 2


async def test_a_spent_crash_budget_ends_dead_with_backend_lost(bench: Any) -> None:
    async def do(batch: Any) -> Any:
        raise BackendLost("gone")

    path, _ = bench(do)
    entries = await path.send("a", crashes=2)
    assert await path.finished(entries) == [RequestState.DEAD]
    assert entries[0].result.error.code is ErrorCode.BACKEND_LOST
    assert entries[0].attempts == 3


async def test_a_retryable_error_is_paid_from_the_error_budget(bench: Any) -> None:
    async def do(batch: Any) -> Any:
        if backend_calls(backend) == 1:
            return [Error(code=ErrorCode.UNAVAILABLE, message="busy")] * len(batch)
        return [reply(entry) for entry in batch]

    path, backend = bench(do)
    entries = await path.send("a", errors=1)
    assert await path.finished(entries) == [RequestState.SUCCEEDED]
    assert entries[0].attempts == 2


async def test_an_answer_of_the_wrong_length_fails_the_batch_and_nothing_hangs(bench: Any) -> None:
    async def do(batch: Any) -> Any:
        return []

    path, _ = bench(do)
    entries = await path.send("a", "b")
    assert await path.finished(entries) == [RequestState.FAILED] * 2
    assert entries[0].result.error.code is ErrorCode.INTERNAL


async def test_several_batches_run_at_once_where_the_backend_takes_them(bench: Any) -> None:
    both = asyncio.Barrier(2)

    async def do(batch: Any) -> Any:
        async with asyncio.timeout(5):
            await both.wait()
        return [reply(entry) for entry in batch]

    path, _ = bench(do, BatchLimits(size_max=1, in_flight_max=2))
    assert await path.finished(await path.send("a", "b")) == [RequestState.SUCCEEDED] * 2


def backend_calls(backend: Script) -> int:
    return len(backend.batches)


@pytest.mark.parametrize("in_flight_max", [1, 4])
async def test_a_backend_that_raises_at_the_call_fails_the_request_at_fault_only(
    bench: Any, in_flight_max: int
) -> None:
    path, backend = bench(answer_all, BatchLimits(in_flight_max=in_flight_max))
    execute = backend.execute

    def raising(batch: Any) -> Any:
        if any(entry.effect_key == "poison" for entry in batch):
            raise ValueError("poison")
        return execute(batch)

    backend.execute = raising
    states = await path.finished(await path.send("a", "poison", "c"))
    assert states == [RequestState.SUCCEEDED, RequestState.FAILED, RequestState.SUCCEEDED]
