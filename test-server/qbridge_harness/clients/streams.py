"""One face on the streams of all transports: Session, Execute and Watch over gRPC, WebSocket and SSE.

Each stream checks every message in both directions, notes it in the log, and gives what came as JSON documents.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from qbridge_harness.clients.errors import NormalError, from_problem
from qbridge_harness.clients.grpc import GrpcCall, GrpcEnd
from qbridge_harness.contract import Checks, Rpc, Violation
from qbridge_harness.log import Log


@dataclass(frozen=True, slots=True)
class Ended:
    """How a stream ended: without an error, or with one; `close_code` is the WebSocket's."""

    error: NormalError | None = None
    close_code: int | None = None
    status: Any = "OK"
    detail: str = ""


class MessageStream(ABC):
    """A stream of messages of one RPC."""

    transport = ""

    def __init__(self, rpc: Rpc, checks: Checks, log: Log) -> None:
        self.rpc = rpc
        self.checks = checks
        self.log = log

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

    async def send(self, message: Message | bytes, document: Any) -> None:
        self.log.sent(self.transport, self.rpc.name, document)
        await self._call.send(message)

    async def receive(self) -> Any | Ended:
        answer = await self._call.receive()
        if isinstance(answer, GrpcEnd):
            return self._end(answer)
        self.log.blame(self.checks.message("deployment", f"{self.rpc.name} (grpc)", answer))
        document = self.checks.contract.to_document(answer)
        self.log.received(self.transport, self.rpc.name, document)
        return document

    def _end(self, end: GrpcEnd) -> Ended:
        if end.status == "OK":
            return self._ended(Ended(), [])
        where = f"{self.rpc.name} (grpc)"
        code = "" if end.broken else end.status
        error = end.error or {"code": code, "message": end.message, "violations": []}
        found = [] if end.broken else self.checks.grpc_error(where, end.status, end.error, end.reason)
        return self._ended(Ended(error, None, end.status, end.message), found)

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
    problem = json_or_none((content or b"").decode("utf-8", "replace"))
    log.received("rest", f"GET {path} -> {status}", content or b"")
    where = f"GET {path} -> {status}"
    if headers is None:
        texts = checks.problem_texts(problem, status)
        log.blame(Violation("deployment", where, "problem", text) for text in texts)
    else:
        log.blame(checks.problem(where, status, headers, problem))
    return Ended(from_problem(problem), None, status)


def json_or_none(text: str) -> Any:
    """The JSON of a text; None where it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return None
