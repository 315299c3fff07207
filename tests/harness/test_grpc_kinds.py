"""All four kinds of gRPC calls against a server of another library: half-close, cancel, deadline, compression.

The contract has three of them (no client streaming); the client has all, so that a later version needs no new one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import grpc
import pytest

from qbridge_harness.clients import Target
from qbridge_harness.clients.errors import GrpcEnd
from qbridge_harness.clients.grpc import GrpcCall, GrpcClient
from qbridge_harness.contract import Contract, Rpc
from qbridge_harness.engine import Options, run
from qbridge_harness.language import Suite, plan_cases

from . import hostile

SERVICE = "qbridge.v1.BridgeService"


class Peer:
    """A server on grpc.aio that counts what it was sent, as bytes."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.metadata: dict[str, Any] = {}
        self.deadline_s: float | None = None
        self.endless = False

    async def unary(self, request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        self.metadata = {str(key): value for key, value in context.invocation_metadata() or ()}
        self.deadline_s = context.time_remaining()
        context.set_trailing_metadata((("x-last", "bye"), ("x-raw-bin", b"\x00\x01")))
        return request

    async def server_stream(self, request: bytes, context: Any) -> AsyncIterator[bytes]:
        number = 0
        while number < 3 or self.endless:
            number += 1
            yield request

    async def client_stream(self, requests: AsyncIterator[bytes], context: Any) -> bytes:
        return b"".join([request async for request in requests])

    async def bidi(self, requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        try:
            async for request in requests:
                yield request
        finally:
            self.ended.set()

    def handlers(self) -> grpc.GenericRpcHandler:
        methods: dict[str, Any] = {
            "Call": grpc.unary_unary_rpc_method_handler(self.unary),
            "Watch": grpc.unary_stream_rpc_method_handler(self.server_stream),
            "Collect": grpc.stream_unary_rpc_method_handler(self.client_stream),
            "Session": grpc.stream_stream_rpc_method_handler(self.bidi),
        }
        return grpc.method_handlers_generic_handler(SERVICE, methods)


@pytest.fixture
async def peer(contract: Contract) -> AsyncIterator[tuple[Peer, GrpcClient, str]]:
    made = Peer()
    server = grpc.aio.server(compression=grpc.Compression.Gzip)
    server.add_generic_rpc_handlers((made.handlers(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    client = GrpcClient(Target("http://127.0.0.1:1", f"127.0.0.1:{port}"), contract)
    yield made, client, f"127.0.0.1:{port}"
    client.close()
    await server.stop(0)


def of_kind(contract: Contract, name: str) -> Rpc:
    """An RPC whose messages are PlatformService's empty ones, or requests of a session."""
    session = contract.rpcs["BridgeService/Session"]
    kinds = {"Call": (False, False), "Watch": (False, True), "Collect": (True, False), "Session": (True, True)}
    client, server = kinds[name]
    path = f"/{SERVICE}/{name}"
    return replace(
        session, method=name, path=path, response=session.request, client_streaming=client, server_streaming=server
    )


def frame(contract: Contract, text: str) -> Any:
    return contract.parse_json(contract.descriptor("SessionRequest"), {"cancels": [text]})


async def everything(call: GrpcCall) -> tuple[list[list[str]], GrpcEnd]:
    found = []
    while not isinstance(answer := await call.receive(), GrpcEnd):
        found.append(list(answer.cancels))  # type: ignore[attr-defined]
    return found, answer


@pytest.mark.parametrize(
    ("kind", "sent", "wanted"),
    [
        ("Call", ["a"], [["a"]]),
        ("Watch", ["a"], [["a"], ["a"], ["a"]]),
        ("Collect", ["a", "b", "c"], [["a", "b", "c"]]),
        ("Session", ["a", "b"], [["a"], ["b"]]),
    ],
)
async def test_a_kind_of_call(
    kind: str, sent: list[str], wanted: list[list[str]], peer: Any, contract: Contract
) -> None:
    _, client, _ = peer
    call = await client.open(of_kind(contract, kind))
    for text in sent:
        assert await call.send(frame(contract, text))
    await call.half_close()
    found, end = await everything(call)
    assert (found, end.status) == (wanted, "OK")
    await call.close()


@pytest.mark.parametrize("kind", ["Call", "Watch", "Collect", "Session"])
async def test_every_kind_can_be_compressed_both_ways(kind: str, peer: Any, contract: Contract) -> None:
    _, client, _ = peer
    call = await client.open(of_kind(contract, kind), compression="gzip")
    await call.send(frame(contract, "a" * 5000))
    await call.half_close()
    found, end = await everything(call)
    assert end.status == "OK"
    assert found[0] == ["a" * 5000]
    assert call.compressed == len(found)
    await call.close()


async def test_a_cancel_reaches_the_server(peer: Any, contract: Contract) -> None:
    served, client, _ = peer
    call = await client.open(of_kind(contract, "Session"))
    await call.send(frame(contract, "a"))
    assert not isinstance(await call.receive(), GrpcEnd)
    await call.close()
    async with asyncio.timeout(5):
        await served.ended.wait()


async def test_a_deadline_is_told_and_kept(peer: Any, contract: Contract) -> None:
    served, client, _ = peer
    unary = await client.open(of_kind(contract, "Call"), deadline_s=20)
    await unary.send(frame(contract, "a"))
    await everything(unary)
    assert served.deadline_s is not None
    assert 10 < served.deadline_s <= 20
    await unary.close()
    waiting = await client.open(of_kind(contract, "Session"), deadline_s=0.1)
    async with asyncio.timeout(5):
        end = await waiting.receive()
    assert isinstance(end, GrpcEnd)
    assert (end.status, end.error and end.error["code"]) == ("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED")
    await waiting.close()


async def test_metadata_goes_and_trailers_come(peer: Any, contract: Contract) -> None:
    served, client, _ = peer
    call = await client.open(of_kind(contract, "Call"), metadata={"X-One": "1", "x-two-bin": "AAE="})
    await call.send(frame(contract, "a"))
    _, end = await everything(call)
    assert (served.metadata["x-one"], served.metadata["x-two-bin"]) == ("1", b"\x00\x01")
    assert end.trailers == {"x-last": "bye"}
    await call.close()


async def test_the_step_says_what_came_compressed(peer: Any, suite: Callable[[str], Suite], contract: Contract) -> None:
    _, _, address = peer
    message = "{request: {backend: '${new.text(5000)}'}}"
    step = f"{{grpc: BridgeService/Call, send: [{message}], compression: gzip, expect: {{compressed: true}}}}"
    made = suite(f"purpose: a\ncases: [{{name: it, act: [{step}]}}]\n")
    async with hostile.rest_target(hostile.leave) as url:
        report = await run(plan_cases([made]), Target(url, address), contract, Options())
    assert report.cases[0].steps[0].problems == []


@pytest.mark.parametrize("compression", ["gzip", ""])
async def test_a_stream_without_end_is_left(
    compression: str, peer: Any, suite: Callable[[str], Suite], contract: Contract
) -> None:
    served, _, address = peer
    served.endless = True
    packed = f", compression: {compression}" if compression else ""
    text = "${new.text(2000000)}"
    step = f"{{grpc: BridgeService/Watch, send: [{{requestId: '{text}'}}]{packed}, invalid: true, timeout_s: 20}}"
    made = suite(f"purpose: a\ncases: [{{name: it, act: [{step}]}}]\n")
    async with hostile.rest_target(hostile.leave) as url:
        report = await run(plan_cases([made]), Target(url, address), contract, Options())
    assert "the answer is larger than 67108864 bytes" in report.cases[0].reason
