"""The gRPC door: every RPC of the contract on grpc.aio, over the application layer.

Handlers are made from the contract's table of RPCs, so a new RPC needs nothing here. Messages are read by hand, not
by gRPC's deserialisers, so that a broken one gets the error of the table instead of a bare INTERNAL.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any

import grpc
import grpc.aio
from google.rpc import error_details_pb2, status_pb2

from qbridge_contract import convert
from qbridge_contract.errors import BridgeError
from qbridge_contract.services import BRIDGE_CALL, Rpc
from qbridge_server.gateway import reading
from qbridge_server.gateway.brief import bounded
from qbridge_server.gateway.context import CallContext
from qbridge_server.gateway.keys import Keyring

log = logging.getLogger("qbridge.server.grpc")

STATUS = {code.name: code for code in grpc.StatusCode}
SLACK = 4
"""gRPC itself refuses messages beyond this many times the limit; below, the table's TOO_LARGE answers."""

Handler = Any
"""grpc.RpcMethodHandler, generic in its stubs alone."""


class GrpcDoor:
    """The RPCs of `rpcs` on one server. `applications` holds, by service, the object that has each RPC's method."""

    def __init__(
        self,
        rpcs: Iterable[Rpc],
        applications: Mapping[str, Any],
        keyring: Keyring,
        *,
        message_bytes_max: int,
        convert: Any = convert,
        guard: Callable[[Exception], BridgeError],
    ) -> None:
        self._applications = applications
        self._keyring = keyring
        self._message_bytes_max = message_bytes_max
        self._to_pb: Mapping[type, Callable[[Any], Any]] = convert.TO_PB
        self._convert = convert
        self._guard = guard
        self._rpcs = tuple(rpcs)

    def handlers(self) -> list[grpc.GenericRpcHandler]:
        """One generic handler a service."""
        by_service: dict[str, dict[str, Handler]] = {}
        for rpc in self._rpcs:
            service, method = rpc.path.strip("/").split("/")
            by_service.setdefault(service, {})[method] = self._handler(rpc)
        return [grpc.method_handlers_generic_handler(name, each) for name, each in by_service.items()]

    def options(self) -> list[tuple[str, int]]:
        """The channel options of a server with this door."""
        size = self._message_bytes_max * SLACK
        return [
            ("grpc.max_receive_message_length", size),
            ("grpc.max_send_message_length", -1),
            ("grpc.max_concurrent_streams", 1000),
            ("grpc.http2.min_recv_ping_interval_without_data_ms", 5000),
            ("grpc.so_reuseport", 0),
        ]

    def _handler(self, rpc: Rpc) -> Handler:
        if rpc.client_streaming:
            return grpc.stream_stream_rpc_method_handler(self._bidi(rpc))
        if rpc.server_streaming:
            return grpc.unary_stream_rpc_method_handler(self._stream(rpc))
        return grpc.unary_unary_rpc_method_handler(self._unary(rpc))

    def _unary(self, rpc: Rpc) -> Callable[..., Any]:
        method = getattr(self._applications[rpc.service], rpc.method)
        read = self._reader(rpc)
        to_pb = self._to_pb[rpc.response]
        enter = self._enter

        async def handle(data: bytes, wire: grpc.aio.ServicerContext[Any, Any]) -> bytes:
            try:
                context = enter(rpc, wire)
                response = await method(context, read(data))
                answer: bytes = to_pb(response).SerializeToString()
                return answer
            except Exception as error:
                await self._abort(wire, error)
                raise AssertionError("abort raises") from error

        return handle

    def _stream(self, rpc: Rpc) -> Callable[..., Any]:
        method = getattr(self._applications[rpc.service], rpc.method)
        read = self._reader(rpc)
        to_pb = self._to_pb[rpc.response]

        async def handle(data: bytes, wire: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[bytes]:
            try:
                async for response in method(self._enter(rpc, wire), read(data)):
                    yield to_pb(response).SerializeToString()
            except Exception as error:
                await self._abort(wire, error)

        return handle

    def _bidi(self, rpc: Rpc) -> Callable[..., Any]:
        method = getattr(self._applications[rpc.service], rpc.method)
        read = self._reader(rpc)
        to_pb = self._to_pb[rpc.response]

        async def messages(wire: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
            while (data := await wire.read()) is not grpc.aio.EOF:
                yield read(data)

        async def handle(_requests: Any, wire: grpc.aio.ServicerContext[Any, Any]) -> None:
            try:
                responses = method(self._enter(rpc, wire), messages(wire))
                async for response in responses:
                    await wire.write(to_pb(response).SerializeToString())
            except Exception as error:
                await self._abort(wire, error)

        return handle

    def _reader(self, rpc: Rpc) -> Callable[[bytes], Any]:
        """Bytes to a checked struct, for this RPC's request."""
        message_type = self._convert.PB[rpc.request]
        from_pb = self._convert.FROM_PB[message_type]
        to_pb = self._convert.to_pb
        limit = self._message_bytes_max

        def read(data: bytes) -> Any:
            if len(data) > limit:
                raise reading.too_large(len(data), limit)
            message = reading.parse(message_type, data)
            struct = from_pb(message)
            reading.check(struct, to_pb)
            return struct

        return read

    def _enter(self, rpc: Rpc, wire: grpc.aio.ServicerContext[Any, Any]) -> CallContext:
        """Who calls, and with what trace. Raises UNAUTHENTICATED and PERMISSION_DENIED."""
        authorization = traceparent = ""
        for key, value in wire.invocation_metadata() or ():
            if key == "authorization":
                authorization = str(value)
            elif key == "traceparent":
                traceparent = str(value)
        # Only a Call's caller waits for the result; of a Submit, the transport's time is that of the acceptance.
        left_s = wire.time_remaining() if rpc is BRIDGE_CALL else None
        context = CallContext(
            caller=self._keyring.authenticate(authorization) if rpc.scope else self._keyring.anyone(authorization),
            traceparent=traceparent,
            timeout_s=left_s,
            transport="grpc",
        )
        context.require(rpc.scope)
        return context

    async def _abort(self, wire: grpc.aio.ServicerContext[Any, Any], error: Exception) -> None:
        """Ends the call with the error's row of the table, and its details."""
        if isinstance(error, grpc.aio.AbortError):
            raise error
        known = bounded(error if isinstance(error, BridgeError) else self._guard(error))
        status = STATUS[known.row.grpc_status]
        await wire.abort(status, known.error.message, (("grpc-status-details-bin", details(known)),))


def details(error: BridgeError) -> bytes:
    """A google.rpc.Status: ErrorInfo, our Error, and RetryInfo or BadRequest where they apply."""
    row, body = error.row, error.error
    status = status_pb2.Status(code=row.grpc_code, message=body.message)
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason=row.name, domain="qbridge.v1"))
    status.details.add().Pack(convert.error_to_pb(body))
    if body.retry_after_s:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromNanoseconds(int(body.retry_after_s * 1e9))
        status.details.add().Pack(retry)
    if body.violations:
        bad = error_details_pb2.BadRequest()
        for violation in body.violations:
            bad.field_violations.add(field=violation.field, description=violation.message)
        status.details.add().Pack(bad)
    data: bytes = status.SerializeToString()
    return data
