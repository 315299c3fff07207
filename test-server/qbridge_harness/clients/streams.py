"""One face on the streams of all transports: Session, Execute and Watch over gRPC, WebSocket and SSE.

Each stream checks every message in both directions, notes it in the log, and gives what came as JSON documents.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message

from qbridge_harness.clients.errors import GrpcEnd, NormalError, from_problem
from qbridge_harness.clients.target import ANSWER_BYTES_MAX, TooLarge
from qbridge_harness.contract import Checks, Rpc, Violation
from qbridge_harness.contract.promises import FINAL
from qbridge_harness.contract.stream_events import kinds_in
from qbridge_harness.log import Log

if TYPE_CHECKING:
    from qbridge_harness.clients.grpc import GrpcCall


@dataclass(frozen=True, slots=True)
class Ended:
    """How a stream ended: without an error, or with one; `close_code` is the WebSocket's."""

    error: NormalError | None = None
    close_code: int | None = None
    status: Any = "OK"
    detail: str = ""
    trailers: dict[str, str] = field(default_factory=dict)
    """What gRPC sent last."""


class MessageStream(ABC):
    """A stream of messages of one RPC."""

    transport = ""
    bounded = True
    """Whether one step takes only so much; an own backend reads for as long as its case lasts."""

    def __init__(self, rpc: Rpc, checks: Checks, log: Log) -> None:
        self.rpc = rpc
        self.checks = checks
        self.log = log
        self._sequence: int | None = None
        self._final = False
        self._taken_bytes = 0

    def begin(self) -> None:
        """A step begins to receive: it may take ANSWER_BYTES_MAX, whatever came before."""
        self._taken_bytes = 0

    def _take(self, size: int) -> None:
        """Counts what came. Raises TooLarge."""
        self._taken_bytes += size
        if self.bounded and self._taken_bytes > ANSWER_BYTES_MAX:
            raise TooLarge(f"{self.rpc.name} ({self.transport})")

    @abstractmethod
    async def send(self, message: Message | bytes, document: Any) -> None:
        """Sends a message, or bytes that are broken on purpose; `document` is its JSON form for the log."""

    @abstractmethod
    async def receive(self) -> Any | Ended:
        """The next message as a document with every field, or how the stream ended."""

    @abstractmethod
    async def half_close(self) -> None:
        """Ends our side."""

    @abstractmethod
    async def close(self) -> None:
        """Ends the stream politely. May be called twice."""

    async def vanish(self) -> None:
        """Ends the stream without a word."""
        await self.close()

    def _taken(self, document: Any) -> None:
        """Notes what kind of event a message brings, and checks that those of a Watch follow one another."""
        if not isinstance(document, Mapping):
            return
        for kind in kinds_in(self.rpc, document):
            self.log.covered(f"{self.rpc.name} {self.transport} event {kind}")
        event = document.get("event")
        if isinstance(event, Mapping):
            where = f"{self.rpc.name} ({self.transport})"
            self.log.blame(self.checks.event_order(where, self._sequence, self._final, event))
            self._sequence, self._final = event.get("sequence"), event.get("state") in FINAL

    def _ended(self, ended: Ended, violations: list[Violation]) -> Ended:
        code = ended.error["code"] if ended.error else "OK"
        self.log.received(self.transport, f"{self.rpc.name} ended: {code}", ended.error or ended.detail)
        self.log.covered(f"{self.rpc.name} {self.transport} {code}")
        self.log.blame(violations)
        return ended


class GrpcMessageStream(MessageStream):
    """Over gRPC."""

    transport = "grpc"

    def __init__(self, rpc: Rpc, checks: Checks, log: Log, call: GrpcCall) -> None:
        super().__init__(rpc, checks, log)
        self._call = call
        self.headers: Mapping[str, str] = {}
        """The metadata that the step asked for, noted with what it sends."""

    async def send(self, message: Message | bytes, document: Any) -> None:
        self.log.sent(self.transport, self.rpc.name, document, headers=self.headers)
        await self._call.send(message)

    async def receive(self) -> Any | Ended:
        before = self._call.received_bytes
        answer = await self._call.receive()
        self._take(self._call.received_bytes - before)
        if isinstance(answer, GrpcEnd):
            return self._end(answer)
        self.log.blame(self.checks.message("deployment", f"{self.rpc.name} (grpc)", answer))
        document = self.checks.contract.to_document(answer)
        self.log.received(self.transport, self.rpc.name, document)
        self._taken(document)
        return document

    def _end(self, end: GrpcEnd) -> Ended:
        if end.status == "OK":
            return self._ended(Ended(trailers=end.trailers), [])
        where = f"{self.rpc.name} (grpc)"
        code = "" if end.broken else end.status
        error = end.error or {"code": code, "message": end.message, "violations": []}
        found: list[Violation] = []
        if end.unreadable:
            found = self.checks.unreadable(where, end.message)
        elif not end.broken:
            found = self.checks.grpc_error(where, end.status, end.error, end.reason, end.details)
        return self._ended(Ended(error, None, end.status, end.message, end.trailers), found)

    async def half_close(self) -> None:
        await self._call.half_close()

    async def close(self) -> None:
        await self._call.close()

    async def vanish(self) -> None:
        await self._call.vanish()


def refused(
    status: int,
    content: bytes | bytearray | None,
    checks: Checks,
    log: Log,
    path: str,
    headers: Mapping[str, str] | None = None,
) -> Ended:
    """The end of a stream that was answered with a status instead of being opened."""
    body = bytes(content or b"")
    problem = json_or_none(body.decode("utf-8", "replace"))
    log.received("rest", f"GET {path} -> {status}", body)
    where = f"GET {path} -> {status}"
    if headers is None:
        log.blame(checks.errors.refusal(where, status, problem))
    else:
        log.blame(checks.problem(where, status, headers, problem))
    return Ended(from_problem(problem), None, status)


def json_or_none(text: str) -> Any:
    """The JSON of a text; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
