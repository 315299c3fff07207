"""Watch over server-sent events: each event's name, id and data must say the same."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format
from google.protobuf.message import Message

from qbridge_harness.clients import sse
from qbridge_harness.clients.errors import from_problem
from qbridge_harness.clients.rest import RestClient, read_all
from qbridge_harness.clients.streams import Ended, MessageStream, json_or_none, refused
from qbridge_harness.clients.target import Unreachable
from qbridge_harness.contract import Checks, Rpc, Violation
from qbridge_harness.contract.violation import SHAPE
from qbridge_harness.log import Log

if TYPE_CHECKING:
    import httpx


class SseMessageStream(MessageStream):
    """A Watch over server-sent events."""

    transport = "sse"

    def __init__(
        self, rpc: Rpc, checks: Checks, log: Log, answer: httpx.Response, context: AbstractAsyncContextManager[Any]
    ) -> None:
        super().__init__(rpc, checks, log)
        self._context = context
        self._events = sse.events(sse.lines(answer.aiter_bytes(), f"GET {answer.url.path}"))
        self._open = True

    @classmethod
    async def open(
        cls, rest: RestClient, rpc: Rpc, checks: Checks, log: Log, path: str, options: Mapping[str, Any]
    ) -> SseMessageStream | Ended:
        """Opens the stream; an error status is an end. Raises Unreachable."""
        import httpx

        log.sent("sse", f"GET {path}", headers=options.get("headers"))
        context = rest.stream(path, **options)
        answer = await context.__aenter__()
        if answer.status_code != 200:
            try:
                content = await read_all(answer, f"GET {path}")
            except httpx.HTTPError as error:
                raise Unreachable(f"GET {path}: {error}") from error
            finally:
                await context.__aexit__(None, None, None)
            log.covered(f"{rpc.name} sse {answer.status_code}")
            return refused(answer.status_code, content, checks, log, path, dict(answer.headers))
        log.blame(checks.stream_media(f"GET {path}", answer.headers.get("content-type", "")))
        return cls(rpc, checks, log, answer, context)

    async def send(self, message: Message | bytes, document: Any) -> None:
        raise TypeError("A stream of events cannot be sent to; use transport grpc or websocket.")

    async def receive(self) -> Any | Ended:
        import httpx

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
            where = f"{self.rpc.name} (sse)"
            return self._ended(Ended(from_problem(problem)), self.checks.errors.last_event(where, problem))
        document = {"event": self.document(event)}
        self._taken(document)
        return document

    def document(self, event: sse.Event) -> Any:
        """The RequestEvent of an event, checked: name, id and data must say the same."""
        where = f"{self.rpc.name} (sse)"
        data = json_or_none(event.data)
        try:
            message = self.checks.contract.parse_json(self.rpc.answers, data)
        except (json_format.ParseError, ValueError, TypeError, AttributeError) as error:
            text = f"The data of an event is no {self.rpc.answers.name}: {error}."
            self.log.blame([Violation("deployment", where, "descriptor", text, SHAPE)])
            return data
        document = self.checks.contract.to_document(message)
        self.log.blame(self.checks.message("deployment", where, message))
        self.log.blame(self.checks.event(where, event.event, event.id, document))
        return document

    async def half_close(self) -> None:
        """Nothing was left to send."""

    async def close(self) -> None:
        if self._open:
            self._open = False
            await self._context.__aexit__(None, None, None)
