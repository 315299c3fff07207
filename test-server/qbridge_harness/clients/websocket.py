"""Streams over WebSocket: JSON text frames, an error as the last frame and in the close code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from qbridge_harness.clients.errors import NormalError, from_problem
from qbridge_harness.clients.rest import encode
from qbridge_harness.clients.streams import Ended, MessageStream, refused
from qbridge_harness.clients.target import Target, Unreachable
from qbridge_harness.contract import Checks, Rpc, Violation
from qbridge_harness.log import Log

CLOSE_BASE = 4000
"""A WebSocket ends with this plus the HTTP status of the error."""


class WsMessageStream(MessageStream):
    """Over WebSocket: JSON text frames."""

    transport = "websocket"

    def __init__(self, rpc: Rpc, checks: Checks, log: Log, connection: ClientConnection) -> None:
        super().__init__(rpc, checks, log)
        self._connection = connection
        self._error: NormalError | None = None

    @classmethod
    async def open(
        cls, target: Target, rpc: Rpc, checks: Checks, log: Log, path: str, headers: Mapping[str, str]
    ) -> WsMessageStream | Ended:
        """Opens the stream; a refused handshake is an end. Raises Unreachable."""
        url = target.websocket + path
        log.sent("websocket", f"open {path}")
        try:
            connection = await connect(
                url, additional_headers=dict(headers), max_size=None, compression=None, proxy=None, open_timeout=None
            )
        except InvalidStatus as error:
            return refused(error.response.status_code, error.response.body, checks, log, path)
        except (OSError, InvalidHandshake, ConnectionClosed, TimeoutError) as error:
            raise Unreachable(f"{url}: {error}") from error
        return cls(rpc, checks, log, connection)

    async def send(self, message: Message | bytes, document: Any) -> None:
        self.log.sent(self.transport, self.rpc.name, document)
        text = message if isinstance(message, bytes) else encode(self.checks.contract.to_json(message))
        await self.send_raw(text, text_frame=True)

    async def send_raw(self, data: bytes, *, text_frame: bool) -> None:
        """Sends one frame as it is."""
        try:
            await self._connection.send(data, text=text_frame)
        except ConnectionClosed:
            return

    async def receive(self) -> Any | Ended:
        try:
            frame = await self._connection.recv()
        except ConnectionClosed as closed:
            return self._closed(closed.rcvd.code if closed.rcvd else 1006)
        where = f"{self.rpc.name} (websocket)"
        try:
            document = json.loads(frame)
        except ValueError as error:
            self.log.blame([Violation("deployment", where, "json", f"A frame is no JSON: {error}.")])
            return {}
        if isinstance(document, dict) and set(document) == {"error"}:
            return await self._problem(document["error"])
        self.log.received(self.transport, self.rpc.name, document)
        return self._document(document, where)

    def _document(self, document: Any, where: str) -> Any:
        try:
            message = self.checks.contract.parse_json(self.rpc.response, document)
        except (json_format.ParseError, ValueError, TypeError, AttributeError):
            self.log.blame(self.checks.json_message("deployment", where, self.rpc, document, request=False))
            return document
        return self.checks.contract.to_document(message)

    async def _problem(self, problem: Any) -> Ended:
        """The last frame: an error; the close code that follows must say the same."""
        self._error = from_problem(problem)
        try:
            await self._connection.recv()
        except ConnectionClosed as closed:
            return self._closed(closed.rcvd.code if closed.rcvd else 1006, problem)
        where = f"{self.rpc.name} (websocket)"
        text = "The error frame is not the last one."
        return self._ended(Ended(self._error), [Violation("deployment", where, "close", text)])

    def _closed(self, code: int, problem: Any = None) -> Ended:
        where = f"{self.rpc.name} (websocket)"
        texts = []
        if problem is not None:
            texts = self.checks.problem_texts(problem, code - CLOSE_BASE)
        elif code >= CLOSE_BASE:
            texts = [f"The stream closed with {code}, but no error frame came before."]
        error = self._error
        if error is None and code not in (1000, 1001, 1005):
            error = {"code": "", "message": f"closed with {code}", "violations": []}
        found = [Violation("deployment", where, "close", text) for text in texts]
        return self._ended(Ended(error, code, code), found)

    async def half_close(self) -> None:
        """A WebSocket has no half: ends it politely."""
        await self.close()

    async def close(self) -> None:
        await self._connection.close()

    async def vanish(self) -> None:
        self._connection.transport.abort()
        await self._connection.wait_closed()
