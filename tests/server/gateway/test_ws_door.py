"""The WebSocket door: streams end with their caller."""

from __future__ import annotations

import asyncio
import json

import pytest

from .conftest import Doors, invoke


@pytest.mark.parametrize("goodbye", ["close", "abort"])
async def test_a_watch_ends_when_its_caller_goes(doors: Doors, goodbye: str) -> None:
    await doors.http.post("/v1/backends", json={"name": "far"})
    accepted = (await doors.http.post("/v1/requests", json=invoke("x", "far"))).json()
    request_id = accepted["requestId"]
    entry = await doors.server.deployment.buffer.get("local", request_id)
    assert entry is not None
    before = len(entry.watchers or ())
    async with doors.session(f"/v1/requests/{request_id}/events") as socket:
        assert json.loads(await socket.recv())["event"]["sequence"] == 1
        assert len(entry.watchers or ()) == before + 1
        if goodbye == "close":
            await socket.close()
        else:
            socket.transport.abort()
        async with asyncio.timeout(10):
            while len(entry.watchers or ()) != before:
                await doors.http.get("/healthz")


async def test_a_watch_over_a_websocket_ends_with_the_request(doors: Doors) -> None:
    accepted = (await doors.http.post("/v1/requests", json=invoke("echo", "echo"))).json()
    async with doors.session(f"/v1/requests/{accepted['requestId']}/events") as socket:
        events = [json.loads(text)["event"] async for text in socket]
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["state"] == "REQUEST_STATE_SUCCEEDED"
    assert socket.close_code == 1000
