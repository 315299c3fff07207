"""What was lost, or may be tried again, waits a while for its next attempt, and is seen to wait."""

from __future__ import annotations

from typing import Any

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import BackendState, BatchLimits, Error, ErrorCode, RequestState, WaitReason
from qbridge_server.gateway.explain import Explainer
from qbridge_server.ports import BackendLost, NotTaken, ProcessLost

from .making import answer_all, within

OUTAGE_S = 0.1


async def test_a_short_outage_costs_a_request_attempts_but_not_its_life(bench: Any) -> None:
    began: list[float] = []

    async def do(batch: Any) -> Any:
        now = path.clock.monotonic()
        began.append(now)
        if now - began[0] < OUTAGE_S:
            raise BackendLost("connection refused")
        return await answer_all(batch)

    path, _ = bench(do)
    assert await path.finished(await path.send("a", "b", crashes=2)) == [RequestState.SUCCEEDED] * 2


async def test_what_was_lost_together_goes_again_together(bench: Any) -> None:
    async def do(batch: Any) -> Any:
        if len(backend.batches) == 1:
            raise BackendLost("gone")
        return await answer_all(batch)

    path, backend = bench(do)
    await path.finished(await path.send("a", "b", "c", crashes=1))
    assert backend.batches == [["a", "b", "c"]] * 2


async def test_a_backend_that_lost_a_batch_is_failing_until_it_answers_again(bench: Any) -> None:
    seen: list[BackendState] = []

    async def do(batch: Any) -> Any:
        seen.append(backend.spec.state)
        if len(seen) == 1:
            return [BackendLost("gone")] * len(batch)
        return await answer_all(batch)

    path, backend = bench(do)
    await path.finished(await path.send("a", crashes=1))
    assert [*seen, backend.spec.state] == [BackendState.READY, BackendState.FAILING, BackendState.READY]


async def test_a_batch_that_no_process_took_costs_nobody_a_crash(bench: Any) -> None:
    async def do(batch: Any) -> Any:
        if len(backend.batches) < 3:
            raise NotTaken("its process went first")
        return await answer_all(batch)

    path, backend = bench(do)
    assert await path.finished(await path.send("a", crashes=0)) == [RequestState.SUCCEEDED]
    assert backend.spec.state is BackendState.READY


async def test_only_the_second_loss_of_a_process_makes_a_request_wait(bench: Any) -> None:
    waited: list[bool] = []

    async def do(batch: Any) -> Any:
        waited.append(path.retry_waits.is_set())
        if len(waited) < 3:
            raise ProcessLost("its stream ended")
        return await answer_all(batch)

    path, backend = bench(do)
    await path.finished(await path.send("a", crashes=2))
    assert waited == [False, False, True]
    assert backend.spec.state is BackendState.READY, "its other processes work"


async def test_explain_says_that_a_request_waits_for_its_next_attempt(bench: Any) -> None:
    async def do(batch: Any) -> Any:
        if len(backend.batches) == 1:
            return [Error(code=ErrorCode.UNAVAILABLE, message="busy")] * len(batch)
        return await answer_all(batch)

    path, backend = bench(do)
    explainer = Explainer(path.buffer, path.registry, path.batcher.serving, clock=path.clock)
    (entry,) = await path.send("a", errors=1)
    await within(path.retry_waits.wait())
    assert entry.state is RequestState.RETRY_WAIT
    explained = explainer.explain(entry)
    assert explained.reason is WaitReason.RETRY
    assert "attempt 2" in explained.sentence
    assert path.batcher.busy
    await path.finished([entry])
    assert not path.batcher.serving["script/all"].waiting
    states = [state.name for state, _ in entry.events]
    assert states[2:7] == ["LEASED", "RUNNING", "RETRY_WAIT", "QUEUED", "LEASED"]


async def test_a_result_that_cannot_be_stored_does_not_end_the_lane(bench: Any) -> None:
    path, _ = bench(answer_all, BatchLimits(size_max=1))
    settle = path.buffer.settle

    async def broken_once(outcomes: Any) -> None:
        path.buffer.settle = settle
        raise BridgeError.of(ErrorCode.UNAVAILABLE, "The log could not be written.")

    path.buffer.settle = broken_once
    first, second = await path.send("a", "b")
    assert await path.finished([second]) == [RequestState.SUCCEEDED]
    assert path.batcher.unsettled == 1
    assert first.state is RequestState.RUNNING, "the work is done: only a new start may ask for it again"
    assert path.batcher.serving["script/all"].unsettled == 1
