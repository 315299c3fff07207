"""REST: what goes over HTTP, and what comes of answers that no bridge gives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import respx

import qbridge
from qbridge._transports._http_messages import body_of, route_of, url_of
from qbridge._transports._sse import events
from qbridge_contract.services import (
    BACKEND_EXECUTE,
    BACKEND_UPDATE,
    BRIDGE_CANCEL,
    BRIDGE_GET,
    BRIDGE_LIST,
    PLATFORM_SET_QUOTA,
)
from qbridge_contract.structs import (
    CancelRequest,
    GetRequest,
    HealthState,
    ListRequest,
    Quota,
    RequestState,
    SetQuotaRequest,
    UpdateBackendRequest,
)

BASE = "http://bridge.test"


def test_paths_queries_and_bodies_follow_the_contract() -> None:
    assert url_of(route_of(BRIDGE_GET), GetRequest(request_id="a/b", wait_s=1.5)) == "/v1/requests/a%2Fb?waitS=1.5"
    listing = ListRequest(state=RequestState.QUEUED, page_size=3)
    assert url_of(route_of(BRIDGE_LIST), listing) == "/v1/requests?state=REQUEST_STATE_QUEUED&pageSize=3"
    assert url_of(route_of(BRIDGE_CANCEL), CancelRequest(request_id="x")) == "/v1/requests/x:cancel"
    quota = SetQuotaRequest(quota=Quota(tenant="t", burst=3))
    assert url_of(route_of(PLATFORM_SET_QUOTA), quota) == "/v1/quotas/t"
    update = UpdateBackendRequest(name="n", description="d")
    assert body_of(route_of(BACKEND_UPDATE), update) == b'{"description":"d"}'


def test_a_stream_of_requests_is_not_for_plain_http() -> None:
    with pytest.raises(qbridge.Unsupported, match="grpc://"):
        route_of(BACKEND_EXECUTE)


async def test_the_key_goes_in_the_header() -> None:
    with respx.mock(base_url=BASE) as mock:
        route = mock.get("/v1/health").respond(json={"state": "HEALTH_STATE_SERVING"})
        async with qbridge.aconnect(BASE, api_key="secret") as client:
            await client.health()
    assert route.calls[0].request.headers["authorization"] == "Bearer secret"


async def test_a_problem_document_becomes_its_error() -> None:
    problem = {"code": "QUOTA_EXCEEDED", "detail": "spent", "retryable": True, "retryAfterS": 3, "traceId": "a" * 32}
    with respx.mock(base_url=BASE) as mock:
        mock.post("/v1/call").respond(429, json=problem)
        async with qbridge.aconnect(BASE) as client:
            with pytest.raises(qbridge.QuotaExceeded, match="spent") as caught:
                await client.call("echo", "echo")
    assert (caught.value.retry_after_s, caught.value.trace_id) == (3.0, "a" * 32)


@pytest.mark.parametrize("answer", [httpx.Response(502, text="<html>"), httpx.Response(404, json={"detail": "x"})])
async def test_an_answer_of_something_else_says_that_this_is_no_bridge(answer: httpx.Response) -> None:
    with respx.mock(base_url=BASE) as mock:
        mock.post("/v1/call").mock(return_value=answer)
        async with qbridge.aconnect(BASE) as client:
            with pytest.raises(qbridge.InternalError, match="not a bridge"):
                await client.call("echo", "echo")


async def test_a_body_that_is_no_json_is_an_error_and_not_a_crash() -> None:
    with respx.mock(base_url=BASE) as mock:
        mock.post("/v1/call").respond(200, text="hello")
        async with qbridge.aconnect(BASE) as client:
            with pytest.raises(qbridge.QBridgeError):
                await client.call("echo", "echo")


async def test_what_a_newer_bridge_adds_is_passed_over() -> None:
    result = {"requestId": "x", "state": "REQUEST_STATE_SUCCEEDED", "mood": "good", "tomorrow": {"a": [1]}}
    result["reply"] = {"payload": {"text": "hello", "colour": 3}}
    event = '{"sequence": "1", "state": "REQUEST_STATE_SUCCEEDED", "mood": {"good": true}}'
    with respx.mock(base_url=BASE) as mock:
        mock.post("/v1/call").respond(json=result)
        mock.get("/v1/health").respond(json={"state": "HEALTH_STATE_SERVING", "moon": "full"})
        mock.get("/v1/requests/x/events").respond(text=f"data: {event}\n\n")
        async with qbridge.aconnect(BASE) as client:
            assert await client.call("echo", "echo", "x") == "hello"
            assert (await client.health()).state is HealthState.SERVING
            assert [event.sequence async for event in client.watch("x")] == [1]


async def test_a_lost_answer_is_asked_for_again_under_the_same_id() -> None:
    result = {"requestId": "x", "state": "REQUEST_STATE_SUCCEEDED", "reply": {"payload": {"text": "again"}}}
    with respx.mock(base_url=BASE) as mock:
        route = mock.post("/v1/call")
        route.side_effect = [httpx.ReadError("reset"), httpx.Response(200, json=result)]
        async with qbridge.aconnect(BASE) as client:
            assert await client.call("echo", "echo", "x") == "again"
    assert route.calls[0].request.content == route.calls[1].request.content


async def test_a_silent_bridge_ends_with_the_deadline() -> None:
    async def hang(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    with respx.mock(base_url=BASE, assert_all_called=False) as mock:
        mock.post("/v1/call").mock(side_effect=hang)
        async with qbridge.aconnect(BASE) as client:
            with pytest.raises(qbridge.DeadlineExceeded, match=r"0\.05 s"):
                await client.call("echo", "echo", timeout_s=0.05)


async def test_no_bridge_is_connection_lost() -> None:
    async with qbridge.aconnect("http://127.0.0.1:1", connect_timeout_s=0.2) as client:
        with pytest.raises(qbridge.ConnectionLost, match="is the bridge running"):
            await client.call("echo", "echo")


async def test_server_sent_events_are_read_line_by_line() -> None:
    async def lines() -> AsyncIterator[str]:
        for line in [": awake", "", "event: QUEUED", "id: 1", "data: {", "data:}", "", "data: last", ""]:
            yield line

    found = [(event.name, event.id, event.data) async for event in events(lines())]
    assert found == [("QUEUED", "1", ["{", "}"]), ("", "", ["last"])]
