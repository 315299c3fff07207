"""A bridge in the caller's process leaves nobody waiting when it closes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from qbridge_contract.errors import BridgeError
from qbridge_contract.services import BACKEND_REGISTER, BRIDGE_GET, BRIDGE_LIST, BRIDGE_SESSION, BRIDGE_WATCH
from qbridge_contract.structs import (
    Backend,
    Durability,
    ErrorCode,
    GetRequest,
    InternalRequest,
    Invoke,
    ListRequest,
    Operation,
    RegisterRequest,
    RequestState,
    SessionRequest,
    SessionResponse,
    WatchRequest,
)
from qbridge_server.embedded import Embedded, open_embedded


def far() -> InternalRequest:
    """A request for a backend that no process serves."""
    return InternalRequest(backend="far", operation=Operation(invoke=Invoke(name="x")))


async def queued(bridge: Embedded) -> str:
    """The id of the request that waits, once it does."""
    async with asyncio.timeout(10):
        while True:
            listed = await bridge.unary(BRIDGE_LIST, ListRequest(state=RequestState.QUEUED))
            if listed.records:
                request_id: str = listed.records[0].request.id
                return request_id


async def held_session(bridge: Embedded, said: asyncio.Queue[SessionResponse]) -> None:
    """A session with a request that nobody answers; ends when the bridge ends it."""

    async def requests() -> AsyncIterator[SessionRequest]:
        request = far()
        request.id, request.durability = f"req_{1:026}", Durability.MEMORY
        yield SessionRequest(submits=[request])
        await asyncio.Event().wait()

    async for frame in bridge.bidi(BRIDGE_SESSION, requests()):
        said.put_nowait(frame)


async def watched(bridge: Embedded, request_id: str, seen: asyncio.Event) -> None:
    async for _ in bridge.stream(BRIDGE_WATCH, WatchRequest(request_id=request_id)):
        seen.set()


async def test_closing_ends_a_session_with_a_farewell_though_a_request_has_no_answer(tmp_path: Any) -> None:
    bridge = open_embedded(str(tmp_path / "bridge"))
    await bridge.start()
    await bridge.unary(BACKEND_REGISTER, RegisterRequest(backend=Backend(name="far")))
    said: asyncio.Queue[SessionResponse] = asyncio.Queue()
    session = asyncio.ensure_future(held_session(bridge, said))
    await queued(bridge)
    await bridge.close()
    async with asyncio.timeout(10):
        await session
    frames = [said.get_nowait() for _ in range(said.qsize())]
    assert any(frame.go_away is not None for frame in frames)
    assert not any(frame.results for frame in frames)


@pytest.mark.parametrize("durability", [Durability.MEMORY, Durability.DISK])
async def test_closing_ends_every_wait_with_unavailable(tmp_path: Any, durability: Durability) -> None:
    bridge = open_embedded(str(tmp_path / "bridge"))
    await bridge.start()
    await bridge.unary(BACKEND_REGISTER, RegisterRequest(backend=Backend(name="far")))
    request = far()
    request.durability = durability
    call = asyncio.ensure_future(bridge.call(request))
    request_id = await queued(bridge)
    get = asyncio.ensure_future(bridge.unary(BRIDGE_GET, GetRequest(request_id=request_id, wait_s=30.0)))
    seen = asyncio.Event()
    watch = asyncio.ensure_future(watched(bridge, request_id, seen))
    await seen.wait()
    await bridge.close()
    async with asyncio.timeout(10):
        ended = await asyncio.gather(call, get, watch, return_exceptions=True)
    assert [getattr(error, "code", error) for error in ended] == [ErrorCode.UNAVAILABLE] * 3


async def test_what_was_durable_when_it_closed_is_found_again(tmp_path: Any) -> None:
    bridge = open_embedded(str(tmp_path / "bridge"))
    await bridge.start()
    await bridge.unary(BACKEND_REGISTER, RegisterRequest(backend=Backend(name="far")))
    call = asyncio.ensure_future(bridge.call(far()))
    request_id = await queued(bridge)
    await bridge.close()
    with pytest.raises(BridgeError):
        await call
    again = open_embedded(str(tmp_path / "bridge"))
    await again.start()
    found = await again.unary(BRIDGE_GET, GetRequest(request_id=request_id))
    assert found.record.state is RequestState.QUEUED
    await again.close()
