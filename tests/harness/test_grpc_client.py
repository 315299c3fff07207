"""The gRPC client and its checks against a small grpclib server that answers what a test says."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2
from grpclib.const import Cardinality, Handler, Status
from grpclib.encoding.base import StatusDetailsCodecBase
from grpclib.exceptions import GRPCError
from grpclib.server import Server, Stream

from qbridge_harness.clients import Target
from qbridge_harness.clients.errors import GrpcEnd
from qbridge_harness.clients.grpc import GrpcClient
from qbridge_harness.clients.grpc_channel import Codec
from qbridge_harness.clients.streams import Ended, GrpcMessageStream
from qbridge_harness.contract import Checks, Contract
from qbridge_harness.log import Log

Behaviour = Callable[[Stream[Any, Any]], Any]


class _RawDetails(StatusDetailsCodecBase):
    def encode(self, status: Status, message: str | None, details: Any) -> bytes:
        return bytes(details)

    def decode(self, status: Status, message: str | None, data: bytes) -> bytes:
        return data


class Double:
    """Serves two RPCs of the contract by the behaviour that a test gives."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.behaviour: Behaviour | None = None

    async def handle(self, stream: Stream[Any, Any]) -> None:
        assert self.behaviour is not None
        await self.behaviour(stream)

    def __mapping__(self) -> dict[str, Handler]:
        found = {}
        for name, cardinality in (("Call", Cardinality.UNARY_UNARY), ("Session", Cardinality.STREAM_STREAM)):
            rpc = self.contract.rpcs[f"BridgeService/{name}"]
            kinds = [self.contract.classes[kind.full_name] for kind in (rpc.request, rpc.response)]
            found[rpc.path] = Handler(self.handle, cardinality, *kinds)
        return found


@pytest.fixture
async def double(contract: Contract) -> AsyncIterator[tuple[Double, GrpcClient]]:
    served = Double(contract)
    server = Server([served], codec=Codec(), status_details_codec=_RawDetails())
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.bind(("127.0.0.1", 0))
    await server.start(sock=sock)
    client = GrpcClient(Target("http://127.0.0.1:1", f"127.0.0.1:{sock.getsockname()[1]}", "k3y"), contract)
    yield served, client
    client.close()
    server.close()
    await server.wait_closed()


def details(contract: Contract, code: str, *, reason: str | None = None) -> bytes:
    """The details of an error of the table."""
    error = contract.new("Error")
    number = contract.pool.FindEnumTypeByName("qbridge.v1.ErrorCode").values_by_name["ERROR_CODE_" + code].number
    error.code = number  # type: ignore[attr-defined]
    error.message = "what happened"  # type: ignore[attr-defined]
    info = error_details_pb2.ErrorInfo(reason=reason or code, domain="qbridge.v1")
    packed = [
        AnyMessage(type_url="type.googleapis.com/google.rpc.ErrorInfo", value=info.SerializeToString()),
        AnyMessage(type_url="type.googleapis.com/qbridge.v1.Error", value=error.SerializeToString()),
    ]
    return bytes(status_pb2.Status(code=5, details=packed).SerializeToString())


async def call(client: GrpcClient, contract: Contract) -> tuple[Any, GrpcEnd, dict[str, str]]:
    rpc = contract.rpcs["BridgeService/Call"]
    return await client.unary(rpc, contract.new(rpc.request), metadata={"X-Two": "2"})


async def test_a_unary_answer_comes_with_its_metadata(double: Any, contract: Contract) -> None:
    served, client = double
    seen: dict[str, str] = {}

    async def behaviour(stream: Stream[Any, Any]) -> None:
        await stream.recv_message()
        seen.update({key: str(value) for key, value in (stream.metadata or {}).items()})
        message = contract.new("CallResponse")
        message.result.request_id = "req_1"  # type: ignore[attr-defined]
        await stream.send_message(message)

    served.behaviour = behaviour
    message, end, _ = await call(client, contract)
    assert message.result.request_id == "req_1"
    assert (end.status, end.error) == ("OK", None)
    assert seen["authorization"] == "Bearer k3y"
    assert seen["x-two"] == "2"


async def test_an_error_comes_with_its_details(double: Any, contract: Contract) -> None:
    served, client = double

    async def behaviour(stream: Stream[Any, Any]) -> None:
        raise GRPCError(Status.NOT_FOUND, "gone", details(contract, "NOT_FOUND"))

    served.behaviour = behaviour
    _, end, _ = await call(client, contract)
    assert end.status == "NOT_FOUND"
    assert end.error is not None
    assert end.error["code"] == end.reason == "NOT_FOUND"
    assert Checks(contract).grpc_error("here", end.status, end.error, end.reason) == []


async def test_an_error_without_details_is_known_as_such(double: Any, contract: Contract) -> None:
    served, client = double

    async def behaviour(stream: Stream[Any, Any]) -> None:
        raise GRPCError(Status.INTERNAL, "Exception deserializing request!")

    served.behaviour = behaviour
    _, end, _ = await call(client, contract)
    assert (end.status, end.error, end.broken) == ("INTERNAL", None, False)


async def test_an_answer_that_is_no_message_is_told(double: Any, contract: Contract) -> None:
    served, client = double

    async def behaviour(stream: Stream[Any, Any]) -> None:
        await stream.recv_message()
        await stream.send_message(b"\xff\xff\xff")

    served.behaviour = behaviour
    _, end, _ = await call(client, contract)
    assert "is no CallResponse" in end.message


async def test_what_came_before_a_reset_is_not_lost(double: Any, contract: Contract) -> None:
    served, client = double

    async def behaviour(stream: Stream[Any, Any]) -> None:
        await stream.recv_message()
        await stream.send_message(contract.new("SessionResponse"))
        raise GRPCError(Status.INVALID_ARGUMENT, "no", details(contract, "MALFORMED"))

    served.behaviour = behaviour
    rpc = contract.rpcs["BridgeService/Session"]
    log = Log()
    stream = GrpcMessageStream(rpc, Checks(contract), log, await client.open(rpc, fresh=True))
    await stream.send(contract.new(rpc.request), {})
    assert await stream.receive() == {"accepted": [], "results": []}
    ended = await stream.receive()
    assert isinstance(ended, Ended)
    assert ended.error is not None
    assert ended.error["code"] == "MALFORMED"
    assert log.violations == []
    await stream.close()


async def test_a_stream_that_ends_with_a_strange_status_is_a_violation(double: Any, contract: Contract) -> None:
    served, client = double

    async def behaviour(stream: Stream[Any, Any]) -> None:
        raise GRPCError(Status.INTERNAL, "no", details(contract, "NOT_FOUND"))

    served.behaviour = behaviour
    rpc = contract.rpcs["BridgeService/Session"]
    log = Log()
    stream = GrpcMessageStream(rpc, Checks(contract), log, await client.open(rpc))
    await stream.half_close()
    assert isinstance(await stream.receive(), Ended)
    assert "NOT_FOUND goes with NOT_FOUND, not INTERNAL" in log.violations[0].message
    await stream.close()


async def test_a_connection_that_breaks_is_no_status_of_the_table(double: Any, contract: Contract) -> None:
    served, client = double

    async def behaviour(stream: Stream[Any, Any]) -> None:
        stream._stream._transport.close()

    served.behaviour = behaviour
    _, end, _ = await call(client, contract)
    assert end.broken
    assert "The stream broke" in end.message
