"""The tables of services and routes agree with each other and with the faces that are generated from them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from qbridge_contract import client, servicer, services, structs as s
from qbridge_contract.errors import BridgeError
from qbridge_contract.routes import ROUTES, WEBSOCKETS
from qbridge_contract.services import RPCS, Rpc

RPC_IDS = [f"{rpc.service}.{rpc.name}" for rpc in RPCS]


@pytest.mark.parametrize("rpc", RPCS, ids=RPC_IDS)
def test_each_rpc_has_a_route_or_a_websocket(rpc: Rpc) -> None:
    routes = [route for route in ROUTES if route.rpc is rpc]
    sockets = [route for route in WEBSOCKETS if route.rpc is rpc]
    assert len(routes) == (rpc.http is not None)
    assert len(sockets) == bool(rpc.websocket)
    assert routes or sockets
    for route in routes:
        assert rpc.http is not None
        assert (route.http_method, route.body, route.response_body, route.success_status) == (
            rpc.http.method,
            rpc.http.body,
            rpc.http.response_body,
            rpc.success_status,
        )
        assert route.sse == rpc.server_streaming


def test_a_place_in_a_path_has_a_plain_name_and_names_its_field() -> None:
    route = next(route for route in ROUTES if route.rpc is services.PLATFORM_SET_QUOTA)
    assert (route.path, route.path_params) == ("/v1/quotas/{tenant}", {"tenant": "quota.tenant"})


def test_a_query_parameter_has_both_spellings_and_a_header_its_field() -> None:
    watch = next(route for route in ROUTES if route.rpc is services.BRIDGE_WATCH)
    assert watch.query_params == {"afterSequence": "after_sequence", "after_sequence": "after_sequence"}
    assert watch.header_params == {"last-event-id": "after_sequence"}
    submit = next(route for route in ROUTES if route.rpc is services.BRIDGE_SUBMIT)
    assert submit.header_params == {
        "idempotency-key": "request.idempotency_key",
        "traceparent": "request.traceparent",
    }
    update = next(route for route in ROUTES if route.rpc is services.BACKEND_UPDATE)
    assert update.header_params == {"if-match": "expected_version"}


@pytest.mark.parametrize("rpc", RPCS, ids=RPC_IDS)
async def test_a_method_that_an_application_leaves_out_answers_unimplemented(rpc: Rpc) -> None:
    method = getattr(servicer.SERVICERS[rpc.service](), rpc.method)

    async def ask() -> None:
        answer = method(None, rpc.request())
        if not rpc.server_streaming:
            await answer

    with pytest.raises(BridgeError, match=f"{rpc.service}.{rpc.name}") as refused:
        await ask()
    assert refused.value.code is s.ErrorCode.UNIMPLEMENTED


class Recorder:
    """A transport that keeps what it is asked for, and answers empty messages."""

    def __init__(self) -> None:
        self.asked: list[tuple[Rpc, Any]] = []

    def unary(self, rpc: Rpc, request: Any) -> Any:
        self.asked.append((rpc, request))
        return rpc.response()

    def stream(self, rpc: Rpc, request: Any) -> Iterator[Any]:
        self.asked.append((rpc, request))
        return iter([rpc.response()])

    bidi = stream


class AsyncRecorder(Recorder):
    """The same for the async clients."""

    async def unary(self, rpc: Rpc, request: Any) -> Any:
        return super().unary(rpc, request)

    async def stream(self, rpc: Rpc, request: Any) -> AsyncIterator[Any]:  # type: ignore[override]
        for answer in super().stream(rpc, request):
            yield answer

    bidi = stream  # type: ignore[assignment]


@pytest.mark.parametrize("rpc", RPCS, ids=RPC_IDS)
async def test_each_client_method_reaches_the_transport_with_its_rpc(rpc: Rpc) -> None:
    name = rpc.service.removesuffix("Service")
    request = rpc.request()
    blocking, waiting = Recorder(), AsyncRecorder()
    answer = getattr(getattr(client, f"{name}Client")(blocking), rpc.method)(request)
    answers = getattr(getattr(client, f"Async{name}Client")(waiting), rpc.method)(request)
    if rpc.server_streaming:
        assert list(answer) == [rpc.response()]
        assert [each async for each in answers] == [rpc.response()]
    else:
        assert answer == rpc.response()
        assert await answers == rpc.response()
    assert blocking.asked == waiting.asked == [(rpc, request)]
