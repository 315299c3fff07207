"""gRPC, by grpc.aio: calls and submits through the session, everything else as plain RPCs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import grpc
from grpc.aio import EOF

from qbridge._config import TLS, Options
from qbridge._transports._grpc_errors import error_of
from qbridge._transports.session import Session
from qbridge.exceptions import QBridgeError, invalid
from qbridge_contract.convert import PB, from_pb, to_pb
from qbridge_contract.services import BRIDGE_CALL, BRIDGE_SESSION, BRIDGE_SUBMIT, Rpc
from qbridge_contract.structs import Accepted, CallRequest, InternalRequest, Result, SubmitRequest

_CHANNEL_OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # Each client has its own connection and its own back-off, whatever else the process talks to.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 1000),
]


class GrpcTransport:
    """One channel to one bridge."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._metadata = (("authorization", f"Bearer {options.api_key}"),) if options.api_key else ()
        self._channel: grpc.aio.Channel | None = None
        self._methods: dict[str, Any] = {}
        self.session: Session | None = None
        """The stream that all calls share; None where `coalesce` is off."""
        self._submits: Session | None = None
        """The stream of the submits: what waits long for its result must not take the room of calls."""

    async def open(self) -> None:
        """Makes the channel, which dials when first used. Raises InvalidRequest for unreadable certificates."""
        options = self._options
        if options.target.scheme == "grpcs":
            credentials = _credentials(options.tls or TLS())
            self._channel = grpc.aio.secure_channel(options.target.address, credentials, _CHANNEL_OPTIONS)
        else:
            self._channel = grpc.aio.insecure_channel(options.target.address, _CHANNEL_OPTIONS)
        if options.coalesce:
            self.session, self._submits = self._session(), self._session()

    def _session(self) -> Session:
        """A session; its stream opens with its first request."""
        assert self._channel is not None
        open_stream: Any = self._channel.stream_stream(BRIDGE_SESSION.path)
        options = self._options
        return Session(
            lambda: open_stream(metadata=self._metadata),
            self._error_of,
            options.connect_timeout_s,
            options.timeout_s,
        )

    async def call(self, request: InternalRequest) -> Result:
        """Sends a request in the next frame and waits for its result."""
        if self.session is not None:
            return await self.session.call(request)
        response = await self.unary(BRIDGE_CALL, CallRequest(request=request), request.timeout_s)
        result: Result = response.result
        return result

    async def submit(self, request: InternalRequest) -> Accepted:
        """Sends a request in the next frame and waits for its acceptance.

        Where as many submits as the window holds are without a result, it goes as an RPC of its own.
        """
        if self._submits is not None and not self._submits.full:
            return await self._submits.submit(request)
        response = await self.unary(BRIDGE_SUBMIT, SubmitRequest(request=request), self._options.timeout_s)
        accepted: Accepted = response.accepted
        return accepted

    async def unary(self, rpc: Rpc, request: Any, timeout_s: float) -> Any:
        """One message each way. Waits for a connection as long as `connect_timeout_s`."""
        call = self._method(rpc)(request, timeout=timeout_s or None, metadata=self._metadata)
        try:
            return await call
        except grpc.aio.AioRpcError as error:
            raise self._error_of(error) from error
        finally:
            call.cancel()  # grpc.aio keeps an abandoned call for ever

    async def stream(self, rpc: Rpc, request: Any) -> AsyncIterator[Any]:
        """One message there, many back."""
        call = self._method(rpc)(request, metadata=self._metadata)
        try:
            while (response := await call.read()) is not EOF:
                yield response
        except grpc.aio.AioRpcError as error:
            raise self._error_of(error) from error
        finally:
            call.cancel()

    async def bidi(self, rpc: Rpc, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Many messages each way."""
        call = self._method(rpc)(requests, metadata=self._metadata)
        try:
            async for response in call:
                yield response
        except grpc.aio.AioRpcError as error:
            raise self._error_of(error) from error
        finally:
            call.cancel()

    async def close(self) -> None:
        """Ends the sessions and the channel."""
        for session in (self.session, self._submits):
            if session is not None:
                await session.close()
        if self._channel is not None:
            await self._channel.close()

    def _error_of(self, error: BaseException) -> QBridgeError:
        return error_of(error, str(self._options.target))

    def _method(self, rpc: Rpc) -> Any:
        method = self._methods.get(rpc.path)
        if method is None:
            assert self._channel is not None, "the transport is not open"
            method = self._methods[rpc.path] = _factory(self._channel, rpc)(
                rpc.path,
                request_serializer=lambda struct: to_pb(struct).SerializeToString(),
                response_deserializer=_reader(rpc.response),
            )
        return method


def _factory(channel: grpc.aio.Channel, rpc: Rpc) -> Callable[..., Any]:
    if rpc.client_streaming:
        return channel.stream_stream if rpc.server_streaming else channel.stream_unary
    return channel.unary_stream if rpc.server_streaming else channel.unary_unary


def _reader(struct: type) -> Callable[[bytes], Any]:
    parse = PB[struct].FromString
    return lambda data: from_pb(parse(data))


def _credentials(tls: TLS) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(_read(tls.ca_file), _read(tls.key_file), _read(tls.cert_file))


def _read(path: str | None) -> bytes | None:
    if path is None:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise invalid(f"tls: {path}: {error.strerror}") from error
