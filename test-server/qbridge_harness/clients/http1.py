"""HTTP/1.1, one request at a time on each connection: bytes out, httptools on what comes in.

httpx costs some 0.8 ms for an exchange, more than a local deployment takes to answer it: most of a run of cases was
spent there. Nothing is added here to what a case says, nothing is followed and nothing is sent twice.
"""

from __future__ import annotations

import asyncio
import select
import ssl
import string
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import quote, urlencode, urlsplit

import httptools

HEAD_BYTES_MAX = 1024 * 1024
"""The most that comes before a body, in bytes; the first piece of the body may be in the count."""
_NO_BODY = ("GET", "HEAD", "DELETE", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, read in full."""

    status: int
    headers: dict[str, str]
    """By their names in lower case; the values of a name that came twice are joined by a comma."""
    content: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """Why there is no answer: NO_HTTP, CONNECTION_LOST, TOO_LARGE or UNREACHABLE, and a sentence."""

    code: str
    text: str


Ended = Callable[["Connection", Answer | Fault], None]


class Address:
    """Where a base URL points to."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        secure = parts.scheme == "https"
        self.host, self.port = parts.hostname or "", parts.port or (443 if secure else 80)
        self._named = parts.netloc.rpartition("@")[2]
        self._path = parts.path.rstrip("/")
        self.tls = ssl.create_default_context() if secure else None

    def message(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, query: Mapping[str, str] | None
    ) -> bytes:
        """A request as it goes over the wire. Raises ValueError for a header that would break out of its line."""
        named = {"host": self._named, "accept": "*/*", "user-agent": "qbridge-harness"}
        named |= {name.lower(): value for name, value in headers.items()}
        if body is not None or method not in _NO_BODY:
            named["content-length"] = str(len(body or b""))
        lines = [f"{method} {self._path}{_wired(path, query)} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in named.items()]
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("a header holds a line break")
        return "\r\n".join([*lines, "", ""]).encode("utf-8") + (body or b"")


def _wired(path: str, query: Mapping[str, str] | None) -> str:
    """The path and the query, with what may not stand in a request line in percent signs."""
    plain = quote(path.partition("#")[0], safe=string.punctuation)
    if not query:
        return plain
    return f"{plain}{'&' if '?' in plain else '?'}{urlencode(query, quote_via=quote)}"


class Connection(asyncio.Protocol):
    """One connection; `gone` is told when it is no more."""

    def __init__(self, gone: Callable[[Connection], None], content_max: int) -> None:
        self._gone = gone
        self._content_max = content_max
        self._ended: Ended | None = None
        self._error = ""
        self.asked_at = 0.0
        """When the last request was sent, by the loop's clock."""
        self.closing = False
        """Whether it may not be used again."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it.

    def start(self, message: bytes, ended: Ended, *, head: bool = False) -> None:
        """Sends a request; `ended` is called once."""
        self._ended, self._head = ended, head
        self.asked_at = asyncio.get_running_loop().time()
        self._complete = False
        self._head_size = 0
        # A parser for each answer: what a server sends beyond one would be taken for the next one's otherwise.
        self._parser = httptools.HttpResponseParser(self)
        self.on_message_begin()
        self._transport.write(message)

    @property
    def silent(self) -> bool:
        """Whether it is open, and nothing waits to be read: neither its end nor bytes that nobody asked for."""
        if self.closing or self._transport.is_closing():
            return False
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return not poll.poll(0)

    def close(self) -> None:
        """Drops the connection without a word."""
        self.closing = True
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._ended is None:
            self.close()  # Nobody asked.
            return
        if not self._told:
            self._head_size += len(data)
            if self._head_size > HEAD_BYTES_MAX:
                self._fail("NO_HTTP", f"the headers are larger than {HEAD_BYTES_MAX} bytes")
                return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail("NO_HTTP", "the server switches to another protocol, which nobody asked for")
        except httptools.HttpParserError as error:
            self.closing = True
            if not self._complete:
                self._fail("NO_HTTP", f"what came is no HTTP/1.1: {error}")
        if self._complete:
            self._finish()

    def on_message_begin(self) -> None:
        if self._complete:
            self.closing = True  # More than the answer has come: whatever it is, nobody asked.
            return
        self._headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []
        self._size = 0
        self._told = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._complete:
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if self._complete:
            return
        self._told = self._parser.get_status_code() >= 200
        if self._head and self._told:
            # The parser would wait for the body that the headers tell of.
            self._complete = self.closing = True

    def on_body(self, body: bytes) -> None:
        if self._complete:
            return
        self._size += len(body)
        if self._size <= self._content_max:
            self._parts.append(body)
        elif self._ended is not None:
            self._fail("TOO_LARGE", f"the answer is larger than {self._content_max} bytes")

    def on_message_complete(self) -> None:
        if self._complete:
            return
        self._complete = self._parser.get_status_code() >= 200
        self.closing |= not self._parser.should_keep_alive()

    def connection_lost(self, error: Exception | None) -> None:
        self.closing = True
        self._gone(self)
        if self._ended is None:
            return
        lengths = {b"content-length", b"transfer-encoding"}
        if error is None and self._told and lengths.isdisjoint(name for name, _ in self._headers):
            self._finish()  # Its length was all until the end.
            return
        where = "in the middle of its answer" if self._told else "without an answer"
        self._fail("CONNECTION_LOST", f"the server closed the connection {where}" + (f": {error}" if error else ""))

    def _finish(self) -> None:
        """Gives the answer, and the connection back."""
        ended, self._ended = self._ended, None
        if ended is None:
            return
        if self._transport.get_write_buffer_size():
            self.closing = True  # It answered before it had read everything.
        status = self._parser.get_status_code()
        headers: dict[str, str] = {}
        for raw, value in self._headers:
            name, text = raw.decode("latin-1"), value.decode("latin-1")
            headers[name] = f"{headers[name]}, {text}" if name in headers else text
        outcome = self._unpacked(status, headers, b"".join(self._parts))
        if self.closing:
            self._transport.abort()
        ended(self, outcome)

    def _unpacked(self, status: int, headers: dict[str, str], content: bytes) -> Answer | Fault:
        if content and headers.get("content-encoding", "identity") in ("gzip", "deflate"):
            unzip = zlib.decompressobj(wbits=47)
            try:
                content = unzip.decompress(content, self._content_max)
            except zlib.error as error:
                return Fault("NO_HTTP", f"the answer cannot be unpacked: {error}")
            if unzip.unconsumed_tail:
                return Fault("TOO_LARGE", f"the answer is larger than {self._content_max} bytes")
        return Answer(status, headers, content)

    def _fail(self, code: str, text: str) -> None:
        ended, self._ended = self._ended, None
        self.close()
        if ended is not None:
            ended(self, Fault(code, text))
