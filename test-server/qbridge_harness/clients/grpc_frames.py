"""gRPC's frames on grpclib's streams: bounded messages, and compression, which grpclib itself does not have."""

from __future__ import annotations

import gzip
import struct
import zlib
from typing import Any

from grpclib.client import Stream
from grpclib.exceptions import StreamTerminatedError
from grpclib.metadata import USER_AGENT, encode_metadata

from qbridge_harness.clients.target import ANSWER_BYTES_MAX

_HEAD_BYTES = 5


class BadFrame(Exception):
    """What came is no message frame of gRPC, or one larger than the harness takes."""


class FramedStream(Stream[Any, Any]):
    """A stream that reads its frames itself; `compression` is what it sends with."""

    compression: str | None = None
    timeout_s: float | None = None
    """What `grpc-timeout` says; whoever waits keeps the time."""
    compressed = 0
    """How many answers came compressed."""
    received_bytes = 0
    """The size of all messages so far, as they came and as they were unpacked."""

    async def send_request(self, *, end: bool = False) -> None:
        """Sends the headers, with those that grpclib keeps to itself. Raises ValueError for metadata that is none."""
        with self._wrapper:
            protocol = await self._channel.__connect__()
            stream = protocol.processor.connection.create_stream(wrapper=self._wrapper)
            headers = [
                (":method", "POST"),
                (":scheme", self._channel._scheme),
                (":path", self._method_name),
                (":authority", self._channel._authority),
                ("te", "trailers"),
                ("content-type", "application/grpc"),
                ("user-agent", USER_AGENT),
            ]
            if self.timeout_s is not None:
                headers.append(("grpc-timeout", f"{max(1, round(self.timeout_s * 1000))}m"))
            if self.compression is not None:
                headers += [
                    ("grpc-encoding", self.compression),
                    ("grpc-accept-encoding", f"identity,{self.compression}"),
                ]
            headers += encode_metadata(self._metadata)
            self._release_stream = await stream.send_request(headers, end_stream=end, _processor=protocol.processor)
            self._stream = stream
            self._send_request_done = True
            self._end_done = end
            if protocol.handler.connection_lost:  # type: ignore[attr-defined]
                # grpclib tells the streams that it knows of an end; this one came too late to be told.
                raise StreamTerminatedError("the server does not speak HTTP/2, or closed the connection")

    async def send_message(self, message: Any, *, end: bool = False) -> None:
        """Sends one message, compressed where the call says so."""
        if self.compression is None:
            await super().send_message(message, end=end)
            return
        data = gzip.compress(self._codec.encode(message, self._send_type), compresslevel=6, mtime=0)
        end = end or not self._cardinality.client_streaming
        with self._wrapper:
            await self._stream.send_data(struct.pack(">BI", 1, len(data)) + data, end_stream=end)
            self._send_message_done = True
            self._end_done = self._end_done or end

    async def recv_message(self) -> Any:
        """The next message; None at the end. Raises BadFrame, DecodeError."""
        if not self._recv_initial_metadata_done:
            await self.recv_initial_metadata()
        with self._wrapper:
            try:
                data = await self._frame()
            except AssertionError:
                raise BadFrame("the stream ended in the middle of a message") from None
        return None if data is None else self._codec.decode(data, self._recv_type)

    async def _frame(self) -> bytes | None:
        head = await self._stream.recv_data(_HEAD_BYTES)
        if not head:
            return None
        flag, size = struct.unpack(">BI", head)
        self.received_bytes += size
        if flag > 1:
            raise BadFrame(f"a frame of gRPC begins with 0 or 1, not {flag}")
        if size > ANSWER_BYTES_MAX:
            raise BadFrame(f"the answer is larger than {ANSWER_BYTES_MAX} bytes")
        data: bytes = await self._stream.recv_data(size)
        if not flag:
            return data
        self.compressed += 1
        encoding = dict(self._stream.headers or ()).get("grpc-encoding", "")
        if encoding != "gzip":
            raise BadFrame(f"a message is compressed, but grpc-encoding is {encoding or 'missing'}, not gzip")
        return self._inflate(data)

    def _inflate(self, data: bytes) -> bytes:
        inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            whole = inflater.decompress(data, ANSWER_BYTES_MAX)
        except zlib.error as error:
            raise BadFrame(f"a compressed message cannot be read: {error}") from None
        if inflater.unconsumed_tail:
            raise BadFrame(f"the answer is larger than {ANSWER_BYTES_MAX} bytes once it is unpacked")
        self.received_bytes += len(whole)
        return whole
