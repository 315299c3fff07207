"""Server-sent events: the parser, by the WHATWG's rules."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from qbridge_harness.clients.target import ANSWER_BYTES_MAX, TooLarge

_ENDS = re.compile(rb"\r\n|\n|\r(?!\Z)")


@dataclass(slots=True)
class Event:
    """One event."""

    event: str = "message"
    id: str = ""
    data: str = ""


@dataclass(slots=True)
class Parser:
    """Takes lines, gives events: an empty line ends one, and an event without data is none."""

    _event: str = ""
    _id: str = ""
    _data: list[str] = field(default_factory=list)

    def line(self, line: str) -> Event | None:
        """The event that this line ends, if it ends one."""
        if not line:
            return self._dispatch()
        if line.startswith(":"):
            return None
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._event = value
        elif name == "data":
            self._data.append(value)
        elif name == "id" and "\0" not in value:
            self._id = value
        return None

    def _dispatch(self) -> Event | None:
        data, event = self._data, self._event
        self._data, self._event = [], ""
        return Event(event or "message", self._id, "\n".join(data)) if data else None


async def lines(chunks: AsyncIterator[bytes], what: str) -> AsyncIterator[str]:
    """The lines of a body, without their ends (LF, CRLF or CR). Raises TooLarge where the stream is without end."""
    rest = bytearray()
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > ANSWER_BYTES_MAX:
            raise TooLarge(what)
        waiting = rest.endswith(b"\r")
        rest += chunk
        if not waiting and b"\n" not in chunk and b"\r" not in chunk:
            continue
        # A CR at the end may be half of a CRLF: it waits for the next chunk.
        *whole, last = _ENDS.split(bytes(rest))
        rest = bytearray(last)
        for line in whole:
            yield line.decode("utf-8", "replace")
    if rest:
        yield rest.removesuffix(b"\r").decode("utf-8", "replace")


async def events(lines: AsyncIterator[str]) -> AsyncIterator[Event]:
    """The events of a stream of lines."""
    parser = Parser()
    async for line in lines:
        found = parser.line(line.rstrip("\r\n"))
        if found is not None:
            yield found
