"""Targets that misbehave, on raw sockets: what they say of themselves is sound, and nothing else is."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded

from .corpus_world import CAPABILITIES

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
_WS_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
_SSE = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
_CHUNK = b"x" * 65536


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says nothing, until the other side goes."""
    with suppress(ConnectionError):
        while await reader.read(65536):
            pass


async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Closes without a word."""


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Resets the connection."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def says(data: bytes, then: Answer = leave) -> Answer:
    """Sends bytes, and then does something else."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        await then(reader, writer)

    return answer


def for_ever(head: bytes, data: bytes) -> Answer:
    """Sends the same bytes again and again."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not writer.is_closing():
            writer.write(data)
            await writer.drain()

    return answer


def _bomb() -> bytes:
    """Much of nothing, packed."""
    return gzip.compress(bytes(128 * 1024 * 1024), 1)


REST: dict[str, tuple[Answer, str]] = {
    "hangs": (hang, "It took longer than"),
    "leaves": (leave, "POST http"),
    "resets": (reset, "POST http"),
    "hangs-after-the-status": (says(b"HTTP/1.1 200 OK\r\n", hang), "It took longer than"),
    "hangs-in-the-body": (says(_OK + b"content-length: 1000\r\n\r\n{", hang), "It took longer than"),
    "lies-about-its-length": (says(_OK + b"content-length: 1000\r\n\r\n{}"), "POST http"),
    "lies-in-numbers": (says(_OK + b"content-length: many\r\n\r\n{}"), "POST http"),
    "two-lengths": (says(_OK + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}"), "POST http"),
    "garbage": (says(b"\x00\x01\x02 garbage\r\n\r\n"), "POST http"),
    "headers-for-ever": (for_ever(b"HTTP/1.1 200 OK\r\n", b"x-more: " + b"y" * 900 + b"\r\n"), "POST http"),
    "one-header-for-ever": (for_ever(b"HTTP/1.1 200 OK\r\nx-more: ", _CHUNK), "POST http"),
    "a-body-for-ever": (for_ever(_OK + b"\r\n", _CHUNK), "the answer is larger than 67108864 bytes"),
    "one-hundred-megabytes": (
        says(_OK + b"content-length: 100000000\r\n\r\n" + bytes(100_000_000)),
        "the answer is larger than 67108864 bytes",
    ),
    "packed-megabytes": (
        says(_OK + b"content-encoding: gzip\r\n\r\n" + _bomb()),
        "the answer is larger than 67108864 bytes",
    ),
    "packed-garbage": (says(_OK + b"content-encoding: gzip\r\ncontent-length: 7\r\n\r\ngarbage"), "POST http"),
    "broken-chunks": (says(_OK + b"transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n"), "POST http"),
    "nested-without-end": (
        says(_OK + b"content-length: 200000\r\n\r\n" + b"[" * 200_000),
        "fault of the deployment",
    ),
}

SSE: dict[str, tuple[Answer, str]] = {
    "hangs": (hang, "It took longer than"),
    "hangs-after-the-head": (says(_SSE, hang), "It took longer than"),
    "resets": (reset, "GET http"),
    "resets-in-an-event": (says(_SSE + b"event: QUEUED\nid: 1\nda", reset), "It answered the error"),
    "a-line-for-ever": (for_ever(_SSE + b"data: ", _CHUNK), "the answer is larger than 67108864 bytes"),
    "data-for-ever": (for_ever(_SSE, b"data: " + _CHUNK + b"\n"), "the answer is larger than 67108864 bytes"),
    "comments-for-ever": (for_ever(_SSE, b": still here\n\n" * 500), "It took longer than"),
    "garbage": (says(_SSE + b"data: \xff\xfe{{{\n\n"), "The data of an event is no RequestEvent"),
    "refuses-for-ever": (
        for_ever(b"HTTP/1.1 404 No\r\ncontent-type: application/problem+json\r\n\r\n", _CHUNK),
        "the answer is larger than 67108864 bytes",
    ),
}


def websocket(then: Answer) -> Answer:
    """Shakes hands, and then does something else."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head: bytes = reader.head  # type: ignore[attr-defined]
        line = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key:"))
        key = line.partition(b":")[2].strip().decode()
        accept = base64.b64encode(hashlib.sha1((key + _WS_GUID).encode()).digest())
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
        writer.write(b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        await then(reader, writer)

    return answer


WEBSOCKET: dict[str, tuple[Answer, str]] = {
    "hangs": (hang, "It took longer than"),
    "leaves": (leave, "ws://"),
    "resets": (reset, "ws://"),
    "garbage": (says(b"\x00\x01\x02 garbage\r\n\r\n"), "ws://"),
    "refuses-the-upgrade": (says(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), ""),
    "hangs-after-the-handshake": (websocket(hang), "It took longer than"),
    "resets-after-the-handshake": (websocket(reset), "It answered the error"),
    "an-opcode-nobody-knows": (websocket(says(b"\x8f\x00", hang)), "It answered the error"),
    "a-frame-of-exabytes": (websocket(says(b"\x82\x7f" + b"\x3f" * 8, hang)), "It answered the error"),
    "text-that-is-no-utf8": (websocket(says(b"\x81\x02\xff\xfe", hang)), "It answered the error"),
    "text-that-is-no-json": (websocket(says(b"\x81\x04abcd", hang)), ""),
    "a-list": (websocket(says(b"\x81\x02[]", hang)), "fault of the deployment"),
    "wrong-types": (websocket(says(b'\x81\x0d{"results":5}', hang)), "fault of the deployment"),
    "a-message-for-ever": (
        websocket(for_ever(b"\x02\x00", b"\x00\x7e\xff\xff" + b"x" * 65535)),
        "It answered the error",
    ),
}


@asynccontextmanager
async def rest_target(misbehave: Answer) -> AsyncIterator[str]:
    """Sound to the two first questions of a run; anything else gets the misbehaviour."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                asked = head.partition(b" HTTP/")[0]
                sound = {b"GET /v1/capabilities": CAPABILITIES, b"GET /v1/backends": {"backends": []}}.get(asked)
                if sound is None:
                    reader.head = head  # type: ignore[attr-defined]
                    await misbehave(reader, writer)
                    break
                body = json.dumps(sound).encode()
                writer.write(_OK + b"content-length: %d\r\n\r\n" % len(body) + body)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=2**20)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


Http2Answer = Callable[[H2Connection, int], bytes]
_HEAD = [(":status", "200"), ("content-type", "application/grpc")]


def frame(data: bytes, flag: int = 0, size: int | None = None) -> bytes:
    """A message of gRPC as it stands on the wire."""
    return struct.pack(">BI", flag, len(data) if size is None else size) + data


def http2(headers: list[tuple[str, str]], data: bytes = b"", trailers: list[tuple[str, str]] | None = None) -> Answer:
    """Speaks HTTP/2 well, and what it says is the misbehaviour."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        writer.write(connection.data_to_send())
        with suppress(ConnectionError):
            while received := await reader.read(65536):
                for event in connection.receive_data(received):
                    if isinstance(event, RequestReceived) and event.stream_id is not None:
                        connection.send_headers(event.stream_id, headers)
                        for start in range(0, len(data), 16_000):
                            connection.send_data(event.stream_id, data[start : start + 16_000])
                        if trailers is not None:
                            connection.send_headers(event.stream_id, trailers, end_stream=True)
                    elif isinstance(event, DataReceived | StreamEnded):
                        continue
                writer.write(connection.data_to_send())

    return answer


GRPC: dict[str, tuple[Answer, str]] = {
    "hangs": (hang, "It took longer than"),
    "leaves": (leave, ""),
    "resets": (reset, ""),
    "garbage": (says(b"HTTP/1.1 400 Bad Request\r\n\r\n", hang), "It took longer than"),
    "garbage-for-ever": (for_ever(b"", _CHUNK), "It answered the error"),
    "no-trailers": (http2(_HEAD), "It took longer than"),
    "another-status": (http2([(":status", "503")]), "It answered the error"),
    "another-media-type": (http2([(":status", "200"), ("content-type", "text/html")]), "It answered the error"),
    "a-message-of-gigabytes": (http2(_HEAD, frame(b"", size=2**32 - 1)), "the answer is larger than 67108864 bytes"),
    "a-flag-nobody-knows": (http2(_HEAD, frame(b"", flag=7)), "a frame of gRPC begins with 0 or 1, not 7"),
    "compressed-without-a-word": (http2(_HEAD, frame(b"abc", flag=1)), "grpc-encoding is missing"),
    "compressed-garbage": (http2([*_HEAD, ("grpc-encoding", "gzip")], frame(b"abc", flag=1)), "cannot be read"),
    "packed-megabytes": (
        http2([*_HEAD, ("grpc-encoding", "gzip")], frame(gzip.compress(bytes(80_000_000)), flag=1)[:60_000_000]),
        "bytes once it is unpacked",
    ),
    "half-a-message": (http2(_HEAD, frame(b"abc", size=10), [("grpc-status", "0")]), "the stream ended in the middle"),
    "a-status-that-is-no-number": (http2(_HEAD, b"", [("grpc-status", "fine")]), "It answered the error"),
    "details-that-are-no-base64": (
        http2(_HEAD, b"", [("grpc-status", "5"), ("grpc-status-details-bin", "!!!")]),
        "It answered the error",
    ),
    "a-binary-header-that-is-none": (http2([*_HEAD, ("x-odd-bin", "A")]), "cannot be read"),
    "a-message-that-is-none": (http2(_HEAD, frame(b"\xff\xff\xff"), [("grpc-status", "0")]), "is no"),
}


@asynccontextmanager
async def raw_target(misbehave: Answer) -> AsyncIterator[str]:
    """A port that misbehaves from the first byte on."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.CancelledError):
            await misbehave(reader, writer)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
