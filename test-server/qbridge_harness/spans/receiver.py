"""The receiver's door: HTTP/1.1, on a port that is taken at once, so that a deployment can be told of it."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import httptools

from qbridge_harness.spans.store import SpanStore
from qbridge_harness.usage import UsageError

log = logging.getLogger("qbridge.harness.spans")

BODY_MAX = 16 * 1024 * 1024
_PATH = b"/v1/traces"
_PORT_MAX = 65535


class SpanReceiver:
    """Listens from the moment it is made; takes spans while it is started."""

    def __init__(self, address: str = "127.0.0.1:0") -> None:
        """Takes `HOST:PORT`. Raises UsageError where that is no address, or one that cannot be listened on."""
        host, _, port = address.rpartition(":")
        try:
            if not 0 <= int(port) <= _PORT_MAX:
                raise ValueError(f"ports go to {_PORT_MAX}")
            self._socket = socket.create_server((host.strip("[]") or "127.0.0.1", int(port)))
        except (OSError, ValueError) as error:
            raise UsageError(
                f"--otlp {address!r}: {error}. Give HOST:PORT of a free port, 127.0.0.1:0 for any."
            ) from None
        self._socket.setblocking(False)
        self.host, self.port = self._socket.getsockname()[:2]
        self.store = SpanStore()

    @property
    def url(self) -> str:
        """What a deployment is told: the base URL of OTLP over HTTP."""
        return f"http://{self.host}:{self.port}"

    @asynccontextmanager
    async def receiving(self) -> AsyncIterator[SpanStore]:
        """Takes spans within the block, those too that were sent before and wait in the socket."""
        self.store.ring()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Door(self.store), sock=self._socket.dup())
        try:
            yield self.store
        finally:
            server.close()

    def close(self) -> None:
        """Frees the port."""
        self._socket.close()


class _Door(asyncio.Protocol):
    """One connection of an exporter."""

    def __init__(self, store: SpanStore) -> None:
        self._store = store
        self._parser = httptools.HttpRequestParser(self)
        self._clear()

    def _clear(self) -> None:
        self._url, self._body = b"", b""
        self._headers: dict[bytes, bytes] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it.

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._answer(400, b"text/plain", b"this is no HTTP/1.1")
            self._transport.close()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > BODY_MAX:
            self._answer(413, b"text/plain", b"the export is larger than 16 MiB")
            self._transport.close()
            self._clear()

    def on_message_complete(self) -> None:
        status, words = self._take()
        json_asked = self._media().endswith(b"json")
        media = b"application/json" if json_asked else b"application/x-protobuf"
        if status == 200:
            self._answer(200, media, b"{}" if json_asked else b"")
        else:
            log.warning("an export was refused", extra={"status": status, "why": words})
            self._answer(status, b"text/plain", words.encode())
        if not self._parser.should_keep_alive():
            self._transport.close()
        self._clear()

    def _media(self) -> bytes:
        return self._headers.get(b"content-type", b"").partition(b";")[0].strip().lower()

    def _take(self) -> tuple[int, str]:
        """Keeps the spans of what came; status and words of the answer."""
        from qbridge_harness.spans import otlp

        if self._url.partition(b"?")[0] != _PATH:
            return 404, "spans go to POST /v1/traces"
        if self._parser.get_method() != b"POST":
            return 405, "spans go to POST /v1/traces"
        try:
            body = self._unpacked()
            if self._media() == b"application/json":
                spans = otlp.from_json(json.loads(body))
            elif self._media() == b"application/x-protobuf":
                spans = otlp.from_protobuf(body)
            else:
                return 415, "an export is application/x-protobuf or application/json"
        except ValueError as error:
            return 400, str(error)
        self._store.add(spans)
        return 200, ""

    def _unpacked(self) -> bytes:
        """The body, unzipped where it says so. Raises ValueError for garbage, and for what grows too large."""
        encoding = self._headers.get(b"content-encoding", b"identity").lower()
        if encoding == b"identity":
            return self._body
        if encoding != b"gzip":
            raise ValueError("an export is plain, or packed by gzip")
        try:
            unzip = zlib.decompressobj(wbits=31)
            body = unzip.decompress(self._body, BODY_MAX)
        except zlib.error as error:
            raise ValueError(f"this is no gzip: {error}") from None
        if unzip.unconsumed_tail:
            raise ValueError("the export grows beyond 16 MiB")
        return body

    def _answer(self, status: int, media: bytes, body: bytes) -> None:
        reasons = {200: b"OK", 400: b"Bad Request", 404: b"Not Found", 405: b"Method Not Allowed"}
        reason = reasons.get(status, b"Refused")
        head = b"HTTP/1.1 %d %s\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n" % (status, reason, media, len(body))
        self._transport.write(head + body)
