"""A remote backend's windows, limits and deletion, at the doors."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from qbridge_server.backends.registry import REMOTE_IN_FLIGHT_MAX

from .conftest import Doors, invoke, new_request_id
from .process import Process


async def register(doors: Doors, **batch: Any) -> None:
    assert (await doors.http.post("/v1/backends", json={"name": "far", "batch": batch})).status_code == 201


async def submit(doors: Doors, **more: Any) -> str:
    response = await doors.http.post("/v1/requests", json=invoke("plan", "far", **more))
    request_id: str = response.json()["requestId"]
    return request_id


async def record(doors: Doors, request_id: str, wait_s: int = 10) -> Any:
    return (await doors.http.get(f"/v1/requests/{request_id}", params={"waitS": wait_s})).json()


async def explain(doors: Doors, request_id: str) -> Any:
    return (await doors.http.get(f"/v1/requests/{request_id}/explain")).json()


@pytest.fixture
async def processes(doors: Doors) -> Any:
    """`await processes(window)` attaches one more process to the backend `far`."""
    made: list[Process] = []

    async def attach(window: int) -> Process:
        made.append(Process(doors, "far", window))
        await made[-1].attach()
        return made[-1]

    yield attach
    for process in made:
        process.vanish()


async def test_a_process_never_has_more_batches_than_its_window(doors: Doors, processes: Any) -> None:
    await register(doors, sizeMax=1)
    process = await processes(2)
    ids = [await submit(doors) for _ in range(5)]
    items = [(await process.batch())[0], (await process.batch())[0]]
    states = [(await record(doors, each, 0))["state"] for each in ids]
    assert states == ["REQUEST_STATE_RUNNING"] * 2 + ["REQUEST_STATE_QUEUED"] * 3
    assert (await explain(doors, ids[2]))["reason"] == "WAIT_REASON_BACKEND_BUSY"
    for _ in range(3):
        await process.answer(items.pop(0), "done")
        items += await process.batch()
    for item in items:
        await process.answer(item, "done")
    assert {(await record(doors, each))["state"] for each in ids} == {"REQUEST_STATE_SUCCEEDED"}


async def test_a_frame_of_many_never_overruns_the_window(doors: Doors, processes: Any) -> None:
    await register(doors, sizeMax=1)
    process = await processes(1)
    ids = [new_request_id() for _ in range(10)]
    async with doors.session() as socket:
        submits = [invoke("plan", "far", id=each, durability="DURABILITY_MEMORY") for each in ids]
        await socket.send(json.dumps({"submits": submits}))
        await process.batch()
        states = [(await record(doors, each, 0))["state"] for each in ids]
    assert states.count("REQUEST_STATE_QUEUED") == 9


async def test_a_second_process_takes_the_second_batch(doors: Doors, processes: Any) -> None:
    await register(doors, sizeMax=1)
    first, second = await processes(1), await processes(1)
    ids = {await submit(doors), await submit(doors)}
    (one,), (two,) = await first.batch(), await second.batch()
    assert {one.request_id, two.request_id} == ids


async def test_deleting_a_backend_ends_what_its_process_works_on(doors: Doors, processes: Any) -> None:
    await register(doors)
    process = await processes(1)
    request_id = await submit(doors, retry={"crashesMax": 9})
    await process.batch()
    assert (await doors.http.delete("/v1/backends/far")).status_code == 200
    ended = await record(doors, request_id, 0)
    assert ended["state"] == "REQUEST_STATE_DEAD"
    assert ended["result"]["error"]["code"] == "ERROR_CODE_BACKEND_LOST"


async def test_a_new_description_leaves_the_running_batch_alone(doors: Doors, processes: Any) -> None:
    await register(doors, inFlightMax=1)
    process = await processes(2)
    request_id = await submit(doors)
    (item,) = await process.batch()
    assert (await doors.http.patch("/v1/backends/far", json={"description": "new"})).status_code == 200
    await process.answer(item, "done")
    ended = await record(doors, request_id)
    assert (ended["state"], ended["result"]["attempts"]) == ("REQUEST_STATE_SUCCEEDED", 1)


async def test_a_changed_limit_keeps_the_default_of_those_that_were_not_said(doors: Doors) -> None:
    await register(doors)
    changed = (await doors.http.patch("/v1/backends/far", json={"batch": {"sizeMax": 5}})).json()
    assert changed["batch"] == {"sizeMax": 5, "inFlightMax": REMOTE_IN_FLIGHT_MAX}


async def test_a_drain_waits_for_a_request_that_waits_for_its_next_attempt(doors: Doors, processes: Any) -> None:
    doors.server.deployment.rng.random = lambda: 1.0  # type: ignore[method-assign]
    await register(doors)
    process = await processes(1)
    request_id = await submit(doors, retry={"errorsMax": 1})
    (item,) = await process.batch()
    drain = asyncio.create_task(doors.server.deployment.drain())
    await process.fail(item)
    (again,) = await process.batch()
    assert (again.attempt, drain.done()) == (2, False)
    await process.answer(again, "done")
    assert await drain
    assert (await record(doors, request_id))["state"] == "REQUEST_STATE_SUCCEEDED"


async def test_explain_says_how_the_result_goes_back(doors: Doors) -> None:
    await register(doors)
    framed = new_request_id()
    async with doors.session() as socket:
        await socket.send(json.dumps({"submits": [invoke("plan", "far", id=framed)]}))
        assert json.loads(await socket.recv())
        while "accepted" not in json.loads(await socket.recv()):
            """The frame with the credit may come first."""
        assert (await explain(doors, framed))["transport"] == "frame"
    assert (await explain(doors, await submit(doors)))["transport"] == "inline"
