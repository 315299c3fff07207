"""The gRPC door: statuses with details, deadlines, streams, health."""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from typing import Any
from urllib.parse import quote

import grpc
import grpc.aio
import pytest

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import ErrorCode, FieldViolation
from qbridge_contract.v1 import bridge_pb2, platform_pb2, platform_pb2_grpc
from qbridge_server.gateway.brief import bounded
from qbridge_server.gateway.grpc_door import details

from .conftest import Doors, echo, grpc_answer, invoke, new_request_id, submitted


async def raw_call(doors: Doors, data: bytes) -> Any:
    call: Any = doors.channel.unary_unary("/qbridge.v1.BridgeService/Call")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(data, timeout=10)
    return grpc_answer(caught.value)


async def test_bytes_that_are_no_message_are_malformed(doors: Doors) -> None:
    answer = await raw_call(doors, b"\xff\xff\xff\xff")
    assert (answer.code, answer.status) == ("MALFORMED", "INVALID_ARGUMENT")


async def test_bad_utf8_is_malformed(doors: Doors) -> None:
    good = bridge_pb2.CallRequest(request=submitted(echo())).SerializeToString()
    assert (await raw_call(doors, good.replace(b"echo", b"\xff\xfe\xfd\xfc", 1))).code == "MALFORMED"


async def test_an_unknown_field_is_malformed_as_over_rest(doors: Doors) -> None:
    good = bridge_pb2.CallRequest(request=submitted(echo())).SerializeToString()
    assert (await raw_call(doors, good + b"\xba\x3e\x01x")).code == "MALFORMED"


async def test_a_message_over_the_limit_is_too_large(doors: Doors) -> None:
    request = submitted(echo())
    request.operation.invoke.payload.data = b"x" * (5 * 1024 * 1024)
    answer = await raw_call(doors, bridge_pb2.CallRequest(request=request).SerializeToString())
    assert (answer.code, answer.status) == ("TOO_LARGE", "RESOURCE_EXHAUSTED")


async def test_a_deadline_of_grpc_becomes_the_requests(doors: Doors) -> None:
    await doors.http.post("/v1/backends", json={"name": "slow"})
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await doors.bridge.Call(bridge_pb2.CallRequest(request=submitted(invoke("x", "slow"))), timeout=0.3)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_the_standard_health_service_says_serving(doors: Doors) -> None:
    check: Any = doors.channel.unary_unary("/grpc.health.v1.Health/Check")
    assert await check(b"", timeout=10) == b"\x08\x01"


async def test_capabilities_name_what_is_served(doors: Doors) -> None:
    stub = platform_pb2_grpc.PlatformServiceStub(doors.channel)
    capabilities = (await stub.GetCapabilities(platform_pb2.GetCapabilitiesRequest())).capabilities
    assert list(capabilities.transports) == ["grpc", "rest", "sse", "websocket"]
    assert list(capabilities.profiles) == ["core", "vector"]
    assert not capabilities.authentication


async def test_a_session_answers_each_submit_once_and_refuses_a_bad_one_alone(doors: Doors) -> None:
    ids = [new_request_id() for _ in range(20)]
    submits = [submitted(echo(n, id=request_id)) for n, request_id in enumerate(ids)]
    submits[7].ClearField("operation")
    stream = doors.bridge.Session()
    await stream.write(bridge_pb2.SessionRequest(submits=submits))
    await stream.done_writing()
    results = {}
    first: Any = None
    async with asyncio.timeout(10):
        async for frame in stream:
            first = first or frame
            for result in frame.results:
                assert result.request_id not in results
                results[result.request_id] = result
    assert first.credit.items == 1024
    assert set(results) == set(ids)
    refused = results[ids[7]]
    assert (refused.state, refused.error.code) == (2, 1)
    assert refused.error.violations[0].field == "operation"
    assert all(results[ids[n]].reply.payload.json.number_value == n for n in range(20) if n != 7)


async def test_a_broken_frame_ends_the_session_with_go_away_and_its_error(doors: Doors) -> None:
    call: Any = doors.channel.stream_stream("/qbridge.v1.BridgeService/Session")()
    await call.write(b"\xff\xff\xff")
    go_away = bridge_pb2.SessionResponse()
    while not go_away.HasField("go_away"):
        go_away = bridge_pb2.SessionResponse.FromString(await call.read())
    assert go_away.go_away.error.code == 2
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    assert grpc_answer(caught.value).code == "MALFORMED"


async def test_a_session_can_cancel_what_waits(doors: Doors) -> None:
    await doors.http.post("/v1/backends", json={"name": "nobody"})
    request_id = new_request_id()
    stream = doors.bridge.Session()
    await stream.write(bridge_pb2.SessionRequest(submits=[submitted(invoke("x", "nobody", id=request_id))]))
    await stream.write(bridge_pb2.SessionRequest(cancels=[request_id]))
    await stream.done_writing()
    async with asyncio.timeout(10):
        results = [result async for frame in stream for result in frame.results]
    assert [result.error.code for result in results] == [15]


async def test_a_caller_that_vanishes_leaves_a_healthy_server(doors: Doors) -> None:
    await doors.http.post("/v1/backends", json={"name": "nobody"})
    for _ in range(20):
        stream = doors.bridge.Session()
        await stream.write(
            bridge_pb2.SessionRequest(submits=[submitted(invoke("x", "nobody", id=new_request_id(), timeoutS=0.2))])
        )
        await stream.read()
        stream.cancel()
    assert (await doors.rest(echo())).result


MANY = {"collection": "c", "ids": [""] * 1000, "vectors": {"values": {"items": [1.0]}, "shape": [1000, 1]}}


@pytest.mark.parametrize("count", [3, 200, 1000])
async def test_many_violations_leave_room_for_the_error_itself_at_every_door(doors: Doors, count: int) -> None:
    upsert = {**MANY, "ids": [""] * count}
    request = {"backend": "vectors", "operation": {"upsert": upsert}}
    over_grpc = await doors.grpc(request)
    assert (over_grpc.code, over_grpc.status) == ("INVALID_ARGUMENT", "INVALID_ARGUMENT")
    document = (await doors.http.post("/v1/call", json=request)).json()
    over_websocket = await doors.websocket(request)
    left_out = count + 1 - len(document["violations"])  # the ids are also not unique
    assert left_out_of(over_grpc.detail) == left_out_of(document["detail"]) == left_out
    assert (left_out > 0) == (left_out_of(over_websocket.detail) > 0) == (count > 3)


def left_out_of(sentence: str) -> int:
    """How many violations an error says that it leaves out."""
    found = re.search(r"And (\d+) more violations\.$", sentence)
    return int(found[1]) if found else 0


def test_the_details_of_the_longest_error_fit_the_metadata_of_every_client() -> None:
    violations = [FieldViolation(field=f"f[{n}]" + "\u20ac" * 99, rule="r", message="\u20ac" * 999) for n in range(999)]
    error = BridgeError.of(ErrorCode.INVALID_ARGUMENT, "\u20ac" * 99_999, violations=violations, retry_after_s=1.0)
    short = bounded(error)
    on_the_wire = len(quote(short.error.message)) + len(b64encode(details(short)))
    assert on_the_wire < 7800
    assert short.error.violations
    assert bounded(short) is short


async def test_the_time_that_grpc_gives_a_submit_is_not_the_requests(doors: Doors) -> None:
    await doors.http.post("/v1/backends", json={"name": "far"})
    message = bridge_pb2.SubmitRequest(request=submitted(invoke("x", "far")))
    answer = await doors.bridge.Submit(message, timeout=5)
    entry = await doors.server.deployment.buffer.get("local", answer.accepted.request_id)
    assert entry is not None
    assert entry.deadline is None
