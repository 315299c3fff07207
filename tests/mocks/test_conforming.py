"""The conforming mock: the same answers over REST, gRPC, SSE and WebSocket."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import suppress
from typing import Any

import grpc
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError

from qbridge_contract.v1 import backend_pb2, bridge_pb2, platform_pb2, request_pb2

Wire = Any
ID = f"req_{'C' * 26}"


def invoke(name: str = "echo", text: str = "hello") -> dict[str, Any]:
    return {"invoke": {"name": name, "payload": {"text": text}}}


def call_request(text: str = "hello", **fields: Any) -> bridge_pb2.CallRequest:
    request = bridge_pb2.CallRequest(request=request_pb2.InternalRequest(**fields))
    request.request.operation.invoke.name = "echo"
    request.request.operation.invoke.payload.text = text
    return request


async def frames_until_closed(socket: ClientConnection) -> list[dict[str, Any]]:
    """What the other side still sends."""
    frames = []
    with suppress(ConnectionClosedError):
        async for text in socket:
            frames.append(json.loads(text))  # noqa: PERF401  what came before the close counts
    return frames


async def test_a_call_answers_the_same_over_rest_and_grpc(wire: Wire) -> None:
    over_rest = (await wire.call(invoke())).json()
    over_grpc = (await wire.bridge.Call(call_request())).result
    assert over_rest["reply"]["payload"]["text"] == over_grpc.reply.payload.text == "hello"
    assert over_rest["state"] == request_pb2.RequestState.Name(over_grpc.state) == "REQUEST_STATE_SUCCEEDED"


async def test_what_was_submitted_over_grpc_is_found_over_rest(wire: Wire) -> None:
    asked = call_request(id=ID)
    accepted = (await wire.bridge.Submit(bridge_pb2.SubmitRequest(request=asked.request))).accepted
    record = await wire.record(ID)
    assert accepted.request_id == record["request"]["id"] == ID
    assert record["result"]["traceId"] == accepted.trace_id


async def test_the_capabilities_claim_what_is_served(wire: Wire) -> None:
    answer = await wire.platform.GetCapabilities(platform_pb2.GetCapabilitiesRequest())
    assert set(answer.capabilities.transports) == {"grpc", "rest", "sse", "websocket"}
    assert set(answer.capabilities.profiles) == {"core", "vector"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"operation": ', 400, "MALFORMED"),
        (b'{"operation": {"invoke": {"name": "\xff"}}}', 400, "MALFORMED"),
        (b'{"operation": {"invoke": {"name": "a"}}, "operation": {}}', 400, "MALFORMED"),
        (b'{"operation": {"invoke": {"name": "a"}}, "timeoutS": NaN}', 400, "MALFORMED"),
        (b'{"operation": {"invoke": {"name": "a"}}, "timeoutS": "NaN"}', 400, "INVALID_ARGUMENT"),
        (b'{"operation": {"invoke": {"name": "a"}}, "priority": 10}', 400, "INVALID_ARGUMENT"),
        (b'{"operation": {"invoke": {"name": "a"}}, "backend": "nobody"}', 404, "NOT_FOUND"),
        (b'{"operation": {"listCollections": {}}, "backend": "echo"}', 501, "UNIMPLEMENTED"),
        (b'{"operation": {"invoke": {"name": "\\ud800"}}}', 400, "MALFORMED"),
        (b"[]", 400, "MALFORMED"),
        (b'{"labels": ' * 2000, 400, "MALFORMED"),
        (b" " * (4 * 1024 * 1024 + 1), 413, "TOO_LARGE"),
    ],
    ids=lambda value: value[:60].decode("latin-1") if isinstance(value, bytes) else None,
)
async def test_bad_input_gets_the_error_of_the_table(wire: Wire, body: bytes, status: int, code: str) -> None:
    answer = await wire.http.post("/v1/call", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await wire.http.get("/v1/health")).json()["state"] == "HEALTH_STATE_SERVING"


async def test_a_path_and_a_method_that_do_not_exist_are_problems(wire: Wire) -> None:
    missing, wrong = await wire.http.get("/v1/nothing"), await wire.http.put("/v1/call")
    assert (missing.status_code, missing.json()["code"]) == (404, "NOT_FOUND")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert wrong.headers["allow"] == "POST"


async def test_another_media_type_is_refused(wire: Wire) -> None:
    answer = await wire.http.post("/v1/call", content=b"a: 1", headers={"content-type": "application/yaml"})
    assert (answer.status_code, answer.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_json_is_proto3_json_both_ways(wire: Wire) -> None:
    await wire.call({"create_collection": {"collection": "json", "dimension": 2}})
    f32le = base64.b64encode(bytes(8)).decode()
    await wire.call(
        {"upsert": {"collection": "json", "ids": ["a"], "vectors": {"f32le": f32le}, "metadata": [{"n": 1}]}}
    )
    answer = await wire.call({"get": {"collection": "json", "ids": ["a", "b"]}})
    records = answer.json()["reply"]["records"]
    assert records == {
        "ids": ["a"],
        "vectors": {"f32le": f32le, "shape": [1, 2], "dtype": "DTYPE_F32"},
        "metadata": [{"n": 1}],
    }


async def test_a_filter_limits_query_count_and_delete(wire: Wire) -> None:
    await wire.call({"createCollection": {"collection": "filtered", "dimension": 1, "metric": "METRIC_L2"}})
    vectors = {"values": {"items": [1, 2, 3]}, "shape": [3, 1]}
    metadata = [{"kind": "a", "size": 1}, {"kind": "b", "size": 2}, {"kind": "b", "size": True}]
    await wire.call(
        {"upsert": {"collection": "filtered", "ids": ["x", "y", "z"], "vectors": vectors, "metadata": metadata}}
    )
    is_b = {"where": {"key": "kind", "value": "b"}}
    small = {"where": {"key": "size", "comparison": "COMPARISON_LTE", "value": 2}}
    query = {"collection": "filtered", "topK": 3, "queries": {"values": {"items": [1]}}, "filter": is_b}
    found = (await wire.call({"query": query})).json()["reply"]["matches"]
    both = await wire.call({"count": {"collection": "filtered", "filter": {"all": {"filters": [is_b, small]}}}})
    gone = await wire.call({"delete": {"collection": "filtered", "filter": {"not": is_b}}})
    assert (found["ids"], found["distances"]) == (["y", "z"], [1, 4])
    assert both.json()["reply"]["count"] == gone.json()["reply"]["count"] == {"count": 1}


async def test_sse_ends_with_the_result_and_resumes_behind_what_was_read(wire: Wire) -> None:
    request_id = await wire.submit(invoke())
    events = await wire.events(request_id)
    resumed = await wire.events(request_id, last_event_id=events[1]["id"])
    assert events[-1]["event"] == "SUCCEEDED"
    assert events[-1]["data"]["result"]["reply"]["payload"]["text"] == "hello"
    assert resumed == events[2:]


async def test_a_watch_over_websocket_tells_of_changes_as_they_come(wire: Wire) -> None:
    await wire.register("slow")
    request_id = await wire.submit(invoke(), backend="slow")
    async with connect(f"{wire.websocket_url}/v1/requests/{request_id}/events") as socket, asyncio.timeout(5):
        frames = [json.loads(await socket.recv()) for _ in range(2)]
        await wire.http.post(f"/v1/requests/{request_id}:cancel")
        frames += await frames_until_closed(socket)
    states = [frame["event"]["state"] for frame in frames]
    assert states == [f"REQUEST_STATE_{state}" for state in ("SUBMITTED", "QUEUED", "CANCELLED")]


async def test_a_websocket_error_is_a_last_frame_and_a_close_code(wire: Wire) -> None:
    async with connect(f"{wire.websocket_url}/v1/requests/req_missing/events") as socket, asyncio.timeout(5):
        frames = await frames_until_closed(socket)
    assert frames[-1]["error"]["code"] == "NOT_FOUND"
    assert socket.close_code == 4404


async def test_a_session_over_websocket_answers_submits_and_cancels(wire: Wire) -> None:
    await wire.register("never")
    done, stopped = f"req_{'D' * 26}", f"req_{'E' * 26}"
    submits = [{"id": done, "operation": invoke()}, {"id": stopped, "operation": invoke(), "backend": "never"}]
    results: dict[str, str] = {}
    async with connect(f"{wire.websocket_url}/v1/session") as socket, asyncio.timeout(5):
        assert json.loads(await socket.recv())["credit"]["items"] > 0
        await socket.send(json.dumps({"submits": submits}))
        await socket.send(json.dumps({"cancels": [stopped]}))
        while len(results) < 2:
            for result in json.loads(await socket.recv()).get("results", []):
                results[result["requestId"]] = result["state"]
    assert results == {done: "REQUEST_STATE_SUCCEEDED", stopped: "REQUEST_STATE_CANCELLED"}


async def test_a_frame_with_an_unknown_field_ends_the_session_with_malformed(wire: Wire) -> None:
    async with connect(f"{wire.websocket_url}/v1/session") as socket, asyncio.timeout(5):
        await socket.send(json.dumps({"flavour": "mint"}))
        frames = await frames_until_closed(socket)
    assert frames[-1]["error"]["code"] == "MALFORMED"
    assert socket.close_code == 4400


async def test_a_backend_over_websocket_does_the_work(wire: Wire) -> None:
    await wire.register("agent")
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    async with connect(f"{wire.websocket_url}/v1/execute") as socket, asyncio.timeout(5):
        await socket.send(json.dumps({"attach": {"backend": "agent"}}))
        assert json.loads(await socket.recv())["attached"]["backend"]["state"] == "BACKEND_STATE_READY"
        calling = asyncio.create_task(
            wire.call(invoke(), backend="agent", traceparent=f"00-{trace_id}-b7ad6b7169203331-01")
        )
        [item] = json.loads(await socket.recv())["batch"]["items"]
        reply = {"payload": {"json": {"plan": [1, 2]}}}
        result = {"requestId": item["requestId"], "epoch": item["epoch"], "reply": reply}
        await socket.send(json.dumps({"results": [result]}))
        answer = (await calling).json()
    assert item["traceparent"].split("-")[1] == answer["traceId"] == trace_id
    assert answer["reply"] == reply


async def test_retryable_errors_are_paid_from_the_error_budget(wire: Wire) -> None:
    await wire.register("flaky")
    request_id = await wire.submit(invoke(), backend="flaky", retry={"errorsMax": 1})
    async with wire.worker("flaky") as worker:
        for attempt in (1, 2):
            [item] = await worker.batch()
            assert item.attempt == attempt
            await worker.fail(item, "not today", retryable=True)
        record = await wire.record(request_id, wait_s=5)
    assert record["state"] == "REQUEST_STATE_DEAD"
    assert (record["result"]["error"]["code"], record["attempts"]) == ("ERROR_CODE_BACKEND_FAILED", 2)


async def test_a_spent_crash_budget_ends_dead(wire: Wire) -> None:
    await wire.register("doomed")
    request_id = await wire.submit(invoke(), backend="doomed", retry={"crashesMax": 0})
    async with wire.worker("doomed") as worker:
        await worker.batch()
    record = await wire.record(request_id, wait_s=5)
    assert record["state"] == "REQUEST_STATE_DEAD"
    assert record["result"]["error"]["code"] == "ERROR_CODE_BACKEND_LOST"


async def test_a_deadline_ends_a_request_that_nobody_serves(wire: Wire) -> None:
    await wire.register("asleep")
    answer = await wire.call(invoke(), backend="asleep", timeoutS=0.05)
    assert (answer.status_code, answer.json()["code"]) == (504, "DEADLINE_EXCEEDED")


async def test_a_request_that_comes_after_its_deadline_is_refused(wire: Wire) -> None:
    answer = await wire.http.post("/v1/requests", json={"operation": invoke(), "deadline": "2020-01-01T00:00:00Z"})
    assert (answer.status_code, answer.json()["code"]) == (504, "DEADLINE_EXCEEDED")


async def test_explain_says_that_no_process_serves_the_backend(wire: Wire) -> None:
    await wire.register("empty")
    request_id = await wire.submit(invoke(), backend="empty")
    explained = (await wire.http.get(f"/v1/requests/{request_id}/explain")).json()
    assert (explained["reason"], explained["depth"]) == ("WAIT_REASON_NO_BACKEND", 1)


async def test_a_backend_is_changed_on_the_version_that_was_read_and_deleted_with_what_waits(wire: Wire) -> None:
    await wire.register("brief")
    request_id = await wire.submit(invoke(), backend="brief")
    etag = (await wire.http.get("/v1/backends/brief")).headers["etag"]
    change = {"description": "new"}
    first, second = [
        await wire.http.patch("/v1/backends/brief", json=change, headers={"if-match": etag}) for _ in range(2)
    ]
    assert (first.status_code, second.status_code) == (200, 412)
    assert (await wire.http.delete("/v1/backends/brief")).json() == {}
    record = await wire.record(request_id, wait_s=5)
    assert record["result"]["error"]["code"] == "ERROR_CODE_BACKEND_LOST"


async def test_execute_for_a_backend_that_is_not_registered_is_not_found(wire: Wire) -> None:
    call = wire.backends.Execute()
    await call.write(backend_pb2.ExecuteRequest(attach=backend_pb2.Attach(backend="nobody")))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND


async def test_a_call_whose_caller_hangs_up_is_cancelled(wire: Wire) -> None:
    await wire.register("patient")
    call = wire.bridge.Call(call_request(id=ID, backend="patient"))
    async with wire.worker("patient") as worker:
        await worker.batch()
        call.cancel()
        assert (await wire.record(ID, wait_s=5))["state"] == "REQUEST_STATE_CANCELLED"


async def test_where_keys_are_asked_for_a_call_without_one_is_refused_on_every_door(open_wire: Any) -> None:
    async with open_wire("conforming", key="secret") as wire:
        rest = await wire.http.get("/v1/requests", headers={"authorization": ""})
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await wire.bridge.Call(call_request())
        async with connect(f"{wire.websocket_url}/v1/session") as socket, asyncio.timeout(5):
            frames = await frames_until_closed(socket)
        assert (await wire.http.get("/v1/capabilities", headers={"authorization": ""})).status_code == 200
    assert rest.status_code == 401
    assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED
    assert frames[-1]["error"]["code"] == "UNAUTHENTICATED"
