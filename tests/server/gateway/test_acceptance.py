"""What is told of a request's acceptance and end is so, whenever its caller goes, repeats it or cancels it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import (
    Durability,
    ErrorCode,
    GetRequest,
    InternalRequest,
    Invoke,
    Operation,
    Payload,
    Quota,
    RequestState,
)
from qbridge_contract.v1 import bridge_pb2
from qbridge_server.config import ServerConfig
from qbridge_server.embedded import Embedded
from qbridge_server.gateway.context import CallContext
from qbridge_server.ports import Entry

from .conftest import Doors, echo, invoke, new_request_id, submitted

WAIT_S = 10
CANCELLED = 15
"""ERROR_CODE_CANCELLED."""


@pytest.fixture
async def nobody(serve: Callable[..., Any], tmp_path: Path) -> Doors:
    """A durable server with a backend that no process serves."""
    doors: Doors = await serve(data=str(tmp_path / "data"))
    (await doors.http.post("/v1/backends", json={"name": "nobody"})).raise_for_status()
    return doors


@pytest.fixture
async def durable(tmp_path: Path) -> AsyncIterator[Embedded]:
    """An embedded bridge with a folder, which keeps the latest final request alone in memory."""
    config = ServerConfig.model_validate({"data": tmp_path / "data", "limits": {"results_kept_max": 1}})
    bridge = Embedded(config)
    await bridge.start()
    yield bridge
    await bridge.close()


def an_echo(**more: Any) -> InternalRequest:
    operation = Operation(invoke=Invoke(name="echo", payload=Payload(text="x")))
    return InternalRequest(**{"backend": "echo", "durability": Durability.DISK, "operation": operation, **more})


async def answers(stream: Any) -> list[Any]:
    """All results of a session, once it has nothing more to say."""
    await stream.done_writing()
    async with asyncio.timeout(WAIT_S):
        return [result async for frame in stream for result in frame.results]


async def state_of(doors: Doors, request_id: str) -> str:
    record = (await doors.http.get(f"/v1/requests/{request_id}")).json()
    return str(record["state"])


async def test_a_durable_submit_and_its_cancel_in_one_frame_end_as_the_caller_is_told(nobody: Doors) -> None:
    request_id = new_request_id()
    submit = submitted(invoke("x", "nobody", id=request_id, durability="DURABILITY_DISK"))
    stream = nobody.bridge.Session()
    await stream.write(bridge_pb2.SessionRequest(submits=[submit], cancels=[request_id]))
    results = await answers(stream)
    assert [result.error.code for result in results] == [CANCELLED]
    assert await state_of(nobody, request_id) == "REQUEST_STATE_CANCELLED"


async def test_a_cancel_after_a_resend_on_a_new_session_cancels_the_request_that_waits(nobody: Doors) -> None:
    request_id = new_request_id()
    submit = submitted(invoke("x", "nobody", id=request_id, durability="DURABILITY_DISK"))
    (await nobody.http.put("/v1/quotas/local", json={"inFlightMax": 5})).raise_for_status()
    first = nobody.bridge.Session()
    await first.write(bridge_pb2.SessionRequest(submits=[submit]))
    while not (await first.read()).accepted:
        pass
    first.cancel()
    second = nobody.bridge.Session()
    await second.write(bridge_pb2.SessionRequest(submits=[submit]))
    await second.write(bridge_pb2.SessionRequest(cancels=[request_id]))
    results = await answers(second)
    assert [(result.error.code, result.replayed) for result in results] == [(CANCELLED, True)]
    assert await state_of(nobody, request_id) == "REQUEST_STATE_CANCELLED"
    assert nobody.server.deployment.quotas._buckets["local"].in_flight == 0


@pytest.mark.parametrize("how", ["submit", "call"])
async def test_an_accepted_durable_request_is_done_though_its_caller_went_during_the_commit(
    durable: Embedded, how: str
) -> None:
    request = an_echo()
    going = asyncio.create_task(durable.submit(request) if how == "submit" else durable.call(request))
    await asyncio.sleep(0)
    going.cancel()
    await asyncio.wait((going,))
    assert going.cancelled()
    (entry,) = durable.deployment.buffer._coming  # type: ignore[attr-defined]
    async with asyncio.timeout(WAIT_S):
        result = await durable.deployment.bridge.outcome(entry)
    assert result.state is RequestState.SUCCEEDED


async def test_a_repeat_whose_caller_went_meanwhile_gives_its_quota_back(durable: Embedded) -> None:
    first = an_echo(idempotency_key="k")
    await durable.call(first)
    await durable.call(an_echo())
    durable.deployment.quotas.set(Quota(tenant="local", in_flight_max=1))
    going = asyncio.create_task(durable.submit(an_echo(idempotency_key="k")))
    await asyncio.sleep(0)
    going.cancel()
    await asyncio.wait((going,))
    appends = [task for task in asyncio.all_tasks() if task.get_name().startswith("append ")]
    await asyncio.wait(appends, timeout=WAIT_S)
    assert (await durable.call(an_echo())).state is RequestState.SUCCEEDED


async def test_text_that_is_no_unicode_is_refused_alone_and_the_log_goes_on(durable: Embedded) -> None:
    for bad in (
        an_echo(durability=Durability.MEMORY, idempotency_key="\ud800"),
        an_echo(idempotency_key="\ud800"),
        an_echo(labels={"\ud800": "x"}),
    ):
        with pytest.raises(BridgeError) as refused:
            await durable.call(bad)
        assert refused.value.code is ErrorCode.INVALID_ARGUMENT
    with pytest.raises(BridgeError) as unknown:
        await durable.deployment.bridge.get(CallContext(), GetRequest(request_id="\ud800"))
    assert unknown.value.code in (ErrorCode.INVALID_ARGUMENT, ErrorCode.NOT_FOUND)
    assert (await durable.call(an_echo())).state is RequestState.SUCCEEDED


async def test_a_get_that_waited_in_vain_and_a_session_that_ended_leave_no_watcher(nobody: Doors) -> None:
    request_id = new_request_id()
    request = invoke("x", "nobody", id=request_id)
    (await nobody.http.post("/v1/requests", json=request)).raise_for_status()
    entry = await nobody.server.deployment.buffer.get("local", request_id)
    assert entry is not None
    await nobody.http.get(f"/v1/requests/{request_id}", params={"waitS": 0.01})
    stream = nobody.bridge.Session()
    await stream.write(bridge_pb2.SessionRequest(submits=[submitted(request)]))
    while not (await stream.read()).accepted:
        pass
    assert entry.watchers
    stream.cancel()
    async with asyncio.timeout(WAIT_S):
        while entry.watchers:
            await nobody.http.get("/healthz")


async def test_a_lane_that_nobody_uses_is_forgotten_with_its_worker(serve: Callable[..., Any]) -> None:
    doors: Doors = await serve()
    deployment = doors.server.deployment
    deployment.batcher._idle_s_max = 0.01
    for name in ("a", "b", "c"):
        count = {"backend": "vectors", "operation": {"count": {"collection": name}}}
        assert (await doors.rest(count)).code == "NOT_FOUND"
    await doors.rest(echo())
    async with asyncio.timeout(WAIT_S):
        while deployment.buffer.lanes():
            await doors.http.get("/healthz")
    assert not deployment.batcher.serving
    assert (await doors.rest(echo())).result["state"] == "REQUEST_STATE_SUCCEEDED"


async def test_large_requests_are_given_up_as_the_limit_says_and_by_everybody() -> None:
    size = 256 * 1024
    bridge = Embedded(ServerConfig.model_validate({"limits": {"results_bytes_max": 8 * size}}))
    await bridge.start()
    for _ in range(40):
        payload = Payload(data=bytes(size))
        operation = Operation(invoke=Invoke(name="echo", payload=payload))
        await bridge.call(an_echo(durability=Durability.MEMORY, operation=operation))
    held = [each for each in gc.get_objects() if isinstance(each, Entry) and each.request_bytes >= size]
    assert 1 <= len(held) <= 5
    await bridge.close()
