"""Calls over gRPC, of any of the four kinds: one channel for the whole run, or one of the call's own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from google.protobuf.message import DecodeError, Message
from grpclib.client import Channel
from grpclib.exceptions import GRPCError, ProtocolError, StreamTerminatedError
from h2.errors import ErrorCodes
from h2.exceptions import H2Error

from qbridge_harness.clients.errors import GrpcEnd, from_details
from qbridge_harness.clients.grpc_channel import new_channel
from qbridge_harness.clients.grpc_frames import BadFrame, FramedStream
from qbridge_harness.clients.target import Target, Unreachable
from qbridge_harness.contract import Contract, Rpc

_GONE = (StreamTerminatedError, ProtocolError, H2Error, OSError, KeyError)
"""The stream, or its connection, is no more."""


class GrpcCall:
    """One open call, of any of the four kinds."""

    def __init__(self, contract: Contract, rpc: Rpc, stream: FramedStream, own: Channel | None) -> None:
        self._contract = contract
        self._rpc = rpc
        self._stream = stream
        self._own = own
        self._ended = False
        self._over = False
        self._deadline_s: float | None = None
        self._deadline_at = 0.0

    @property
    def received_bytes(self) -> int:
        """The size of all messages that came."""
        return self._stream.received_bytes

    @property
    def compressed(self) -> int:
        """How many messages came compressed."""
        return self._stream.compressed

    @property
    def initial_metadata(self) -> dict[str, str]:
        """What the server sent first."""
        return {key: str(value) for key, value in (self._stream.initial_metadata or {}).items()}

    def deadline(self, seconds: float) -> None:
        """The call ends by itself in so many seconds."""
        self._deadline_s = seconds
        self._deadline_at = asyncio.get_running_loop().time() + seconds

    async def start(self) -> None:
        """Sends the headers, before any message. Raises Unreachable."""
        await self._stream.__aenter__()
        try:
            await self._stream.send_request()
        except (TimeoutError, OSError, StreamTerminatedError) as error:
            raise Unreachable(f"gRPC {self._rpc.path}: {error}") from error

    async def send(self, message: Message | bytes) -> bool:
        """Sends one message; False where the server has ended the call already."""
        try:
            await self._stream.send_message(message, end=not self._rpc.client_streaming)
        except _GONE:
            return False
        self._ended = not self._rpc.client_streaming
        return True

    async def half_close(self) -> None:
        """Ends our side."""
        if not self._ended:
            self._ended = True
            try:
                await self._stream.end()
            except _GONE:
                return

    async def receive(self) -> Message | GrpcEnd:
        """The next message, or how the call ended."""
        if self._deadline_s is None:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline_at):
                answer = await self._receive()
        except TimeoutError:
            return self._late()
        late = isinstance(answer, GrpcEnd) and answer.status == "DEADLINE_EXCEEDED" and answer.error is None
        return self._late() if late else answer

    def _late(self) -> GrpcEnd:
        """The call's own deadline has passed; who notices it first, this side or that library, is chance."""
        text = f"The deadline of the call, {self._deadline_s:g} s, passed."
        error = {"code": "DEADLINE_EXCEEDED", "message": text, "violations": []}
        return GrpcEnd("DEADLINE_EXCEEDED", text, error, broken=True)

    async def _receive(self) -> Message | GrpcEnd:
        try:
            message: Message | None = await self._stream.recv_message()
        except GRPCError as error:
            return self._end(error)
        except DecodeError as error:
            text = f"The answer is no {self._rpc.response.name}: {error}"
            return GrpcEnd("DATA_LOSS", text, broken=True, unreadable=True)
        except (BadFrame, ValueError) as error:
            return GrpcEnd("DATA_LOSS", f"The answer cannot be read: {error}.", broken=True, unreadable=True)
        except _GONE as error:
            return self._broken(error)
        return await self._finish() if message is None else message

    async def _finish(self) -> GrpcEnd:
        await self.half_close()
        try:
            await self._stream.recv_trailing_metadata()
        except GRPCError as error:
            return self._end(error)
        except ValueError as error:
            return GrpcEnd("DATA_LOSS", f"The trailers cannot be read: {error}.", broken=True, unreadable=True)
        except _GONE as error:
            return self._broken(error)
        self._over = True
        return GrpcEnd(trailers=self._trailers())

    def _broken(self, error: Exception) -> GrpcEnd:
        """A reset: the status may have come before it."""
        self._over = True
        try:
            with suppress(KeyError, AttributeError):
                self._stream._maybe_raise()
                if self._stream._stream.trailers is not None:
                    return GrpcEnd(trailers=self._trailers())
        except GRPCError as known:
            return self._end(known)
        return GrpcEnd("UNAVAILABLE", f"The stream broke: {error}", broken=True)

    def _end(self, error: GRPCError) -> GrpcEnd:
        self._over = True
        end = GrpcEnd(error.status.name, error.message or "", trailers=self._trailers())
        if isinstance(error.details, bytes):
            end.error, end.reason, end.details = from_details(self._contract, error.details)
        return end

    def _trailers(self) -> dict[str, str]:
        found: Mapping[str, Any] = self._stream.trailing_metadata or {}
        return {key: str(value) for key, value in found.items() if not key.endswith("-bin")}

    async def close(self) -> None:
        """Resets the stream if it is still open, and lets it go, without waiting for anything."""
        if not self._over:
            with suppress(*_GONE, AttributeError, AssertionError):
                self._stream._stream.reset_nowait(ErrorCodes.CANCEL)
        # With an error in hand grpclib does not wait for trailers, which may never come.
        done = asyncio.CancelledError()
        with suppress(GRPCError, *_GONE):
            await self._stream.__aexit__(type(done), done, None)
        if self._own is not None:
            self._own.close()

    async def vanish(self) -> None:
        """Drops the connection itself, where the call has its own, without a word."""
        if self._own is not None:
            self._over = True
            self._own.close()
        await self.close()


class GrpcClient:
    """Opens calls on the target's gRPC address."""

    def __init__(self, target: Target, contract: Contract) -> None:
        self._target = target
        self._contract = contract
        self._channel = new_channel(self._target)

    async def open(
        self,
        rpc: Rpc,
        *,
        metadata: Mapping[str, str] | None = None,
        key: str | None = None,
        fresh: bool = False,
        deadline_s: float | None = None,
        compression: str | None = None,
    ) -> GrpcCall:
        """Opens a call; `fresh` gives it a connection of its own. Raises Unreachable."""
        channel = new_channel(self._target) if fresh else self._channel
        sent = self._target.authorization(key) | {name.lower(): value for name, value in (metadata or {}).items()}
        stream = channel.framed(rpc, self._contract, sent)
        stream.compression, stream.timeout_s = compression, deadline_s
        call = GrpcCall(self._contract, rpc, stream, channel if fresh else None)
        if deadline_s is not None:
            call.deadline(deadline_s)
        try:
            await call.start()
        except BaseException:
            if fresh:
                channel.close()
            raise
        return call

    async def unary(
        self, rpc: Rpc, message: Message | bytes, *, metadata: Mapping[str, str] | None = None, key: str | None = None
    ) -> tuple[Message | None, GrpcEnd, dict[str, str]]:
        """One message there, one back: the message, how the call ended, the initial metadata."""
        call = await self.open(rpc, metadata=metadata, key=key)
        try:
            await call.send(message)
            answer = await call.receive()
            if isinstance(answer, GrpcEnd):
                return None, answer, call.initial_metadata
            end = await call.receive()
            if isinstance(end, GrpcEnd):
                return answer, end, call.initial_metadata
            two = GrpcEnd("INTERNAL", "A unary call answered two messages.", broken=True, unreadable=True)
            return answer, two, call.initial_metadata
        finally:
            await call.close()

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()
