"""The gRPC door: grpclib under betterproto2's service bases.

The generated bases hand a service its message and nothing else, so the caller (key, trace context) is put
into a context variable when the call's metadata arrives, before any message is read.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from weakref import WeakSet

import betterproto2
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2
from grpclib.const import Handler, Status
from grpclib.encoding.base import CodecBase, StatusDetailsCodecBase
from grpclib.events import RecvRequest, listen
from grpclib.exceptions import GRPCError, StreamTerminatedError
from grpclib.health.service import Health
from grpclib.server import Server, Stream

from qbridge_contract.v1 import errors_pb2
from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.caller import current_caller
from qbridge_mocks.conforming.closing import closing
from qbridge_mocks.conforming.ids import traceparent_in
from qbridge_mocks.conforming.reading import Reader
from qbridge_mocks.conforming.refusal import ROWS, Refusal, make_error, name_of
from qbridge_mocks.conforming.surface import RPCS
from qbridge_mocks.conforming.world import LIMITS, World

LOG = logging.getLogger(__name__)
Run = Callable[[Any], Awaitable[None]]
SCOPE_OF = {rpc.path: rpc.scope for rpc in RPCS}


class GrpcDoor:
    """Serves the services on a socket. A broken mock replaces one of its methods."""

    def __init__(self, world: World, reader: Reader, services: Mapping[str, Any]) -> None:
        self.world = world
        self.reader = reader
        mapping: dict[str, Handler] = {}
        for service in services.values():
            for path, handler in service.__mapping__().items():
                method = getattr(service, METHOD_OF[path])
                mapping[path] = handler._replace(func=self.guarded(runner(handler, method)))
        self.server = _ClosingServer(
            [_Mapping(mapping), Health()], codec=Codec(reader), status_details_codec=DetailsCodec()
        )
        listen(self.server, RecvRequest, self.admit)

    async def start(self, listener: socket.socket) -> None:
        """Serves on a bound socket."""
        await self.server.start(sock=listener)

    async def close(self) -> None:
        """Stops, and hangs up on whoever is still there."""
        self.server.close()
        self.server.hang_up()
        await self.server.wait_closed()

    async def admit(self, event: RecvRequest) -> None:
        """Finds out who calls, and whether they may."""
        metadata = event.metadata
        try:
            if event.method_name in SCOPE_OF:
                scope = SCOPE_OF[event.method_name]
                authorization = str(metadata.get("authorization", "")) if scope else ""
                caller = self.world.keys.caller(authorization, traceparent_in(metadata)) if scope else None
                if caller:
                    caller.must_hold(scope)
                    current_caller.set(caller)
        except Refusal as refusal:
            raise self.status_of(refusal) from None

    def guarded(self, run: Run) -> Run:
        """Lets an RPC's refusals, and its accidents, out as statuses of the table."""

        async def guarded_run(stream: Any) -> None:
            try:
                await run(stream)
            except Refusal as refusal:
                raise self.status_of(refusal) from refusal
            except (GRPCError, StreamTerminatedError):
                raise
            except Exception as error:
                LOG.exception("An RPC failed")
                internal = make_error("INTERNAL", "Something in the deployment broke.")
                raise self.status_of(Refusal(internal)) from error

        return guarded_run

    def status_of(self, refusal: Refusal) -> GRPCError:
        """The gRPC status of a refusal, with its details."""
        status = Status[self.status_name(refusal.error)]
        return GRPCError(status, refusal.error.message, self.details(refusal))

    def status_name(self, error: v1.Error) -> str:
        """The name of the gRPC status of an error."""
        return ROWS[name_of(error)].grpc_status

    def details(self, refusal: Refusal) -> Sequence[Any] | None:
        """ErrorInfo, our own Error, and what else google.rpc has a message for."""
        error = refusal.error
        details: list[Any] = [
            error_details_pb2.ErrorInfo(reason=name_of(error), domain="qbridge.v1"),
            errors_pb2.Error.FromString(bytes(error)),
        ]
        if error.retry_after_s:
            delay = Duration(seconds=int(error.retry_after_s), nanos=int(error.retry_after_s % 1 * 1e9))
            details.append(error_details_pb2.RetryInfo(retry_delay=delay))
        if error.violations:
            violations = [
                error_details_pb2.BadRequest.FieldViolation(field=each.field, description=each.message)
                for each in error.violations
            ]
            details.append(error_details_pb2.BadRequest(field_violations=violations))
        return details


METHOD_OF = {rpc.path: rpc.method for rpc in RPCS}


class _ClosingServer(Server):
    """grpclib's server leaves open connections to their callers; this one closes them."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._protocols: WeakSet[Any] = WeakSet()

    def _protocol_factory(self) -> Any:
        protocol = super()._protocol_factory()
        self._protocols.add(protocol)
        return protocol

    def hang_up(self) -> None:
        """Closes every connection."""
        for protocol in list(self._protocols):
            if hasattr(protocol, "connection"):
                protocol.connection.close()


class _Mapping:
    """What grpclib asks of a service: its handlers by path."""

    def __init__(self, handlers: dict[str, Handler]) -> None:
        self.handlers = handlers

    def __mapping__(self) -> dict[str, Handler]:
        return self.handlers


class Codec(CodecBase):
    """Reads with our reader, within our limit; writes with betterproto2."""

    __content_subtype__ = "proto"

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def encode(self, message: Any, message_type: Any) -> bytes:
        """The message's bytes."""
        return bytes(message) if isinstance(message, betterproto2.Message) else message.SerializeToString()

    def decode(self, data: bytes, message_type: Any) -> Any:
        """The message. Raises Refusal."""
        if not issubclass(message_type, betterproto2.Message):
            return message_type.FromString(data)
        if len(data) > LIMITS.message_bytes_max:
            raise Refusal.of("TOO_LARGE", f"A message has at most {LIMITS.message_bytes_max} bytes.")
        return self.reader.from_bytes(message_type, data)


class DetailsCodec(StatusDetailsCodecBase):
    """grpc-status-details-bin: google.rpc.Status."""

    def encode(self, status: Status, message: str | None, details: Sequence[Any]) -> bytes:
        """The status as google.rpc.Status."""
        packed = status_pb2.Status(code=status.value, message=message or "")
        for detail in details:
            packed.details.add().Pack(detail)
        return bytes(packed.SerializeToString())

    def decode(self, status: Status, message: str | None, data: bytes) -> Sequence[Any]:
        """Servers do not read details."""
        raise NotImplementedError


def runner(handler: Handler, method: Callable[..., Any]) -> Run:
    """Runs one RPC on a stream. Unlike the generated code it closes a response stream that nobody reads on."""
    cardinality = handler.cardinality

    async def unary(stream: Stream[Any, Any]) -> None:
        await stream.send_message(await method(await one_request(stream)))

    async def streaming(stream: Stream[Any, Any]) -> None:
        request = aiter(stream) if cardinality.client_streaming else await one_request(stream)
        responses = method(request)
        async with closing(responses):
            async for response in responses:
                await stream.send_message(response)

    return streaming if cardinality.server_streaming else unary


async def one_request(stream: Stream[Any, Any]) -> Any:
    """The one message of a unary request. Raises Refusal MALFORMED without it."""
    request = await stream.recv_message()
    if request is None:
        raise Refusal.of("MALFORMED", "The call has no message.")
    return request
