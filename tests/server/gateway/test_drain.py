"""A server that drains says farewell on every stream, finishes what it has, and ends without waiting for anybody."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import grpc.aio

from qbridge_contract.v1 import bridge_pb2, errors_pb2, request_pb2

from .conftest import Doors, invoke, new_request_id, submitted
from .process import Process

WAIT_S = 10


async def next_frame(session: Any) -> bridge_pb2.SessionResponse:
    async with asyncio.timeout(WAIT_S):
        frame = await session.read()
    assert frame is not grpc.aio.EOF, "the session ended"
    return frame  # type: ignore[no-any-return]


async def submit(session: Any, name: str) -> str:
    request_id = new_request_id()
    request = submitted(invoke(name, backend="far", id=request_id, durability="DURABILITY_MEMORY"))
    await session.write(bridge_pb2.SessionRequest(submits=[request]))
    return request_id


async def test_a_session_hears_the_farewell_gets_what_was_accepted_and_ends_well(doors: Doors) -> None:
    await doors.http.post("/v1/backends", json={"name": "far"})
    process = Process(doors, "far")
    await process.attach()
    session = doors.bridge.Session()
    assert (await next_frame(session)).HasField("credit")
    accepted = await submit(session, "work")
    (item,) = await process.batch()

    draining = asyncio.create_task(doors.server.deployment.drain())
    while not (frame := await next_frame(session)).HasField("go_away"):
        assert not frame.results
    assert frame.go_away.error.code == errors_pb2.ERROR_CODE_UNAVAILABLE
    refused = await submit(session, "more")
    (result,) = (await next_frame(session)).results
    assert (result.request_id, result.state) == (refused, request_pb2.REQUEST_STATE_REJECTED)
    assert result.error.code == errors_pb2.ERROR_CODE_UNAVAILABLE

    await process.answer(item, "done")
    (result,) = (await next_frame(session)).results
    assert (result.request_id, result.reply.payload.text) == (accepted, "done")
    async with asyncio.timeout(WAIT_S):
        assert await session.read() is grpc.aio.EOF
        assert await session.code() is grpc.StatusCode.OK
        assert await draining
    process.vanish()


async def test_an_idle_session_ends_as_soon_as_the_server_drains(doors: Doors) -> None:
    session = doors.bridge.Session()
    assert (await next_frame(session)).HasField("credit")
    assert await doors.server.deployment.drain()
    assert (await next_frame(session)).HasField("go_away")
    async with asyncio.timeout(WAIT_S):
        assert await session.read() is grpc.aio.EOF


async def test_a_session_over_websocket_hears_it_too(doors: Doors) -> None:
    async with asyncio.timeout(WAIT_S), doors.session() as socket:
        assert "credit" in await socket.recv()
        await doors.server.deployment.drain()
        assert "ERROR_CODE_UNAVAILABLE" in await socket.recv()
        await socket.wait_closed()
        assert socket.close_code == 1000


async def test_a_backend_process_is_told_before_the_doors_close(doors: Doors) -> None:
    await doors.http.post("/v1/backends", json={"name": "far"})
    process = Process(doors, "far")
    await process.attach()
    await doors.server.deployment.quiesce()
    async with asyncio.timeout(WAIT_S):
        assert await process.farewell()
