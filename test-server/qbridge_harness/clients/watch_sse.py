"""Watch over server-sent events: each event's name, id and data must say the same."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
from google.protobuf import json_format
from google.protobuf.message import Message

from qbridge_harness.clients import sse
from qbridge_harness.clients.errors import from_problem
from qbridge_harness.clients.rest import RestClient
from qbridge_harness.clients.streams import Ended, MessageStream, json_or_none, refused
from qbridge_harness.contract import Checks, Rpc, Violation
from qbridge_harness.log import Log


class SseMessageStream(MessageStream):
    """A Watch over server-sent events."""

    transport = "sse"

    def __init__(
        self, rpc: Rpc, checks: Checks, log: Log, answer: httpx.Response, context: AbstractAsyncContextManager[Any]
    ) -> None:
        super().__init__(rpc, checks, log)
        self._context = context
        self._events = sse.events(answer.aiter_lines())
        self._open = True

    @classmethod
    async def open(
        cls, rest: RestClient, rpc: Rpc, checks: Checks, log: Log, path: str, options: Mapping[str, Any]
    ) -> SseMessageStream | Ended:
        """Opens the stream; an error status is an end. Raises Unreachable."""
        log.sent("sse", f"GET {path}")
        context = rest.stream(path, **options)
        answer = await context.__aenter__()
        if answer.status_code != 200:
            content = await answer.aread()
            await context.__aexit__(None, None, None)
            return refused(answer.status_code, content, checks, log, path, dict(answer.headers))
        media = answer.headers.get("content-type", "").split(";")[0]
        if media != "text/event-stream":
            text = f"The media type of a stream of events is text/event-stream, not {media or 'missing'}."
            log.blame([Violation("deployment", f"GET {path}", "media-type", text)])
        return cls(rpc, checks, log, answer, context)

    async def send(self, message: Message | bytes, document: Any) -> None:
        raise TypeError("A stream of events cannot be sent to; use transport grpc or websocket.")

    async def receive(self) -> Any | Ended:
        try:
            event = await anext(self._events)
        except StopAsyncIteration:
            return self._ended(Ended(), [])
        except httpx.HTTPError as error:
            broken = {"code": "", "message": f"the stream broke: {error}", "violations": []}
            return self._ended(Ended(broken), [])
        self.log.received(self.transport, f"event: {event.event}, id: {event.id}", event.data)
        if event.event == "error":
            problem = json_or_none(event.data)
            return self._ended(Ended(from_problem(problem)), [])
        return {"event": self.document(event)}

    def document(self, event: sse.Event) -> Any:
        """The RequestEvent of an event, checked: name, id and data must say the same."""
        where = f"{self.rpc.name} (sse)"
        data = json_or_none(event.data)
        try:
            message = self.checks.contract.parse_json(self.rpc.answers, data)
        except (json_format.ParseError, ValueError, TypeError, AttributeError) as error:
            text = f"The data of an event is no {self.rpc.answers.name}: {error}."
            self.log.blame([Violation("deployment", where, "descriptor", text)])
            return data
        document = self.checks.contract.to_document(message)
        wanted = {"event": document["state"].removeprefix("REQUEST_STATE_"), "id": str(document["sequence"])}
        for name, value in wanted.items():
            if getattr(event, name) != value:
                text = f"The {name} of an event is {getattr(event, name)!r}, but its data says {value!r}."
                self.log.blame([Violation("deployment", where, "sse", text)])
        return document

    async def half_close(self) -> None:
        """Nothing was left to send."""

    async def close(self) -> None:
        if self._open:
            self._open = False
            await self._context.__aexit__(None, None, None)
