"""Server-sent events: lines in, events out (the part of the WHATWG format that an event stream needs)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Event:
    """One event; `id` is what Last-Event-ID resumes behind."""

    name: str = ""
    id: str = ""
    data: list[str] = field(default_factory=list)


async def events(lines: AsyncIterator[str]) -> AsyncIterator[Event]:
    """The events of a stream; comments, which keep a connection awake, are passed over."""
    event = Event()
    async for line in lines:
        if not line:
            if event.data:
                yield event
            event = Event()
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            event.data.append(value)
        elif name == "event":
            event.name = value
        elif name == "id":
            event.id = value
