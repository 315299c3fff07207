"""A process elsewhere serves as a backend: leases out, results in, and what happens when it goes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from .conftest import Doors, echo, invoke
from .process import Process


@pytest.fixture
async def far(doors: Doors) -> Any:
    assert (await doors.http.post("/v1/backends", json={"name": "far"})).status_code == 201
    process = Process(doors, "far")
    yield process
    process.vanish()


async def test_a_request_goes_to_the_process_and_its_answer_comes_back(doors: Doors, far: Process) -> None:
    await far.attach()
    call = asyncio.create_task(doors.rest(invoke("plan", "far", traceparent=f"00-{'a' * 32}-{'b' * 16}-01")))
    (item,) = await far.batch()
    assert item.operation.invoke.name == "plan"
    assert item.traceparent[3:35] == "a" * 32
    await far.answer(item, "done")
    assert (await call).result["reply"]["payload"]["text"] == "done"


async def test_a_request_waits_for_a_process_and_explain_says_so(doors: Doors, far: Process) -> None:
    submitted = await doors.http.post("/v1/requests", json=invoke("plan", "far"))
    assert submitted.status_code == 202
    path = f"/v1/requests/{submitted.json()['requestId']}"
    explained = (await doors.http.get(f"{path}/explain")).json()
    assert explained["reason"] == "WAIT_REASON_NO_BACKEND"
    assert "Execute" in explained["sentence"]
    await far.attach()
    (item,) = await far.batch()
    await far.answer(item, "late")
    record = (await doors.http.get(path, params={"waitS": 10})).json()
    assert record["state"] == "REQUEST_STATE_SUCCEEDED"


async def test_a_process_that_dies_mid_batch_costs_an_attempt(doors: Doors, far: Process) -> None:
    await far.attach()
    call = asyncio.create_task(doors.rest(invoke("plan", "far", retry={"crashesMax": 1})))
    (first,) = await far.batch()
    far.vanish()
    second_process = Process(doors, "far")
    await second_process.attach()
    (second,) = await second_process.batch()
    assert second.request_id == first.request_id
    assert (second.attempt, first.attempt) == (2, 1)
    assert second.epoch > first.epoch
    assert second.effect_key == first.effect_key
    await second_process.answer(second, "made good")
    assert (await call).result["attempts"] == 2
    second_process.vanish()


async def test_a_spent_crash_budget_ends_with_backend_lost(doors: Doors, far: Process) -> None:
    await far.attach()
    call = asyncio.create_task(doors.rest(invoke("plan", "far", retry={"crashesMax": 0})))
    await far.batch()
    far.vanish()
    answer = await call
    assert (answer.code, answer.status) == ("BACKEND_LOST", 503)


async def test_a_result_of_an_older_epoch_is_ignored(doors: Doors, far: Process) -> None:
    await far.attach()
    call = asyncio.create_task(doors.rest(invoke("plan", "far")))
    (item,) = await far.batch()
    await far.answer(item, "stale", epoch=item.epoch - 1)
    await far.answer(item, "true")
    assert (await call).result["reply"]["payload"]["text"] == "true"


async def test_deleting_a_backend_ends_what_waits_for_it(doors: Doors, far: Process) -> None:
    request_id = (await doors.http.post("/v1/requests", json=invoke("plan", "far"))).json()["requestId"]
    assert (await doors.http.delete("/v1/backends/far")).status_code == 200
    record = (await doors.http.get(f"/v1/requests/{request_id}", params={"waitS": 10})).json()
    assert record["state"] == "REQUEST_STATE_DEAD"
    assert record["result"]["error"]["code"] == "ERROR_CODE_BACKEND_LOST"


async def test_a_process_that_leaves_finishes_what_it_has_and_costs_nobody_an_attempt(
    doors: Doors, far: Process
) -> None:
    await far.attach()
    call = asyncio.create_task(doors.rest(invoke("plan", "far", retry={"crashesMax": 0})))
    (item,) = await far.batch()
    assert (await far.leave()).HasField("go_away")
    waiting = await doors.http.post("/v1/requests", json=invoke("plan", "far", retry={"crashesMax": 0}))
    await far.answer(item, "last")
    assert (await call).result["attempts"] == 1
    explained = (await doors.http.get(f"/v1/requests/{waiting.json()['requestId']}/explain")).json()
    assert explained["state"] == "REQUEST_STATE_QUEUED"


async def test_the_websocket_twin_serves_too(doors: Doors, far: Process) -> None:
    async with doors.session("/v1/execute") as socket:
        await socket.send(json.dumps({"attach": {"backend": "far"}}))
        assert "attached" in json.loads(await socket.recv())
        call = asyncio.create_task(doors.rest(invoke("plan", "far")))
        item = json.loads(await socket.recv())["batch"]["items"][0]
        result = {"requestId": item["requestId"], "epoch": item["epoch"], "reply": {"payload": {"text": "ws"}}}
        await socket.send(json.dumps({"results": [result]}))
        assert (await call).result["reply"]["payload"]["text"] == "ws"


async def test_an_execute_that_does_not_attach_is_refused(doors: Doors) -> None:
    async with doors.session("/v1/execute") as socket:
        await socket.send(json.dumps({"results": []}))
        assert json.loads(await socket.recv())["error"]["code"] == "INVALID_ARGUMENT"


async def test_a_backend_of_the_configuration_cannot_be_replaced(doors: Doors) -> None:
    refused = (await doors.http.post("/v1/backends", json={"name": "echo"})).json()
    assert refused["code"] == "ALREADY_EXISTS"
    assert "configuration" in refused["detail"]


async def test_a_registration_that_differs_is_refused_with_what_differs(doors: Doors, far: Process) -> None:
    other = {"name": "far", "description": "Another one.", "labels": {"kept": "yes"}}
    refused = (await doors.http.post("/v1/backends", json=other)).json()
    assert refused["code"] == "ALREADY_EXISTS"
    assert "another description, labels;" in refused["detail"]
    assert (await doors.http.post("/v1/backends", json={"name": "far"})).is_success
    assert (await doors.http.delete("/v1/backends/echo")).json()["code"] == "FAILED_PRECONDITION"
    assert (await doors.rest(echo())).result


async def test_a_routing_rule_sends_a_request_to_the_process(serve: Any) -> None:
    doors = await serve(routes=("plan.*=far",))
    await doors.http.post("/v1/backends", json={"name": "far"})
    process = Process(doors, "far")
    await process.attach()
    call = asyncio.create_task(doors.rest(invoke("plan.trip")))
    (item,) = await process.batch()
    await process.answer(item, "routed")
    assert (await call).result["reply"]["payload"]["text"] == "routed"
    process.vanish()
