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
from qbridge_harness.clients.target import ANSWER_BYTES_MAX, Target, Unreachable
from qbridge_harness.contract import Checks, Rpc, Violation
from qbridge_harness.contract.errors import CLOSE_BASE
from qbridge_harness.log import Log

CLOSE_S = 2.0
"""How long a deployment may take to answer a close, in seconds."""


class _Connection(ClientConnection):
    """Does not wait for a close that never comes, once one side has said that it is over."""

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.protocol.close_expected():
            self.loop.call_later(CLOSE_S, self.transport.abort)


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
        log.sent("websocket", f"open {path}", headers=headers)
        try:
            connection = await connect(
                url,
                additional_headers=dict(headers),
                max_size=ANSWER_BYTES_MAX,
                compression=None,
                proxy=None,
                open_timeout=None,
                close_timeout=CLOSE_S,
                create_connection=_Connection,
            )
        except InvalidStatus as error:
            return refused(
                error.response.status_code,
                error.response.body,
                checks,
                log,
                path,
                {name.lower(): value for name, value in error.response.headers.raw_items()},
            )
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
        self._take(len(frame))
        try:
            document = json.loads(frame)
        except (ValueError, RecursionError) as error:
            self.log.blame(self.checks.frame(where, f"A frame is no JSON: {error}."))
            return {}
        if not isinstance(frame, str):
            self.log.blame(self.checks.frame(where, "A frame is binary; messages are JSON in text frames."))
        if isinstance(document, dict) and set(document) == {"error"}:
            return await self._problem(document["error"])
        self.log.received(self.transport, self.rpc.name, document)
        document = self._document(document, where)
        self._taken(document)
        return document

    def _document(self, document: Any, where: str) -> Any:
        try:
            message = self.checks.contract.parse_json(self.rpc.response, document)
        except (json_format.ParseError, ValueError, TypeError, AttributeError):
            self.log.blame(self.checks.json_message("deployment", where, self.rpc, document, request=False))
            return {}  # What is no message of the contract has nothing that a step could look at.
        self.log.blame(self.checks.message("deployment", where, message))
        return self.checks.contract.to_document(message)

    async def _problem(self, problem: Any) -> Ended:
        """The last frame: an error; the close code that follows must say the same."""
        self._error = from_problem(problem)
        try:
            await self._connection.recv()
        except ConnectionClosed as closed:
            return self._closed(closed.rcvd.code if closed.rcvd else 1006, problem)
        where = f"{self.rpc.name} (websocket)"
        return self._ended(Ended(self._error), self.checks.close(where, "The error frame is not the last one."))

    def _closed(self, code: int, problem: Any = None) -> Ended:
        where = f"{self.rpc.name} (websocket)"
        found: list[Violation] = []
        if problem is not None:
            found = self.checks.errors.last_frame(where, problem, code)
        elif code >= CLOSE_BASE:
            found = self.checks.close(where, f"The stream closed with {code}, but no error frame came before.")
        error = self._error
        if error is None and code not in (1000, 1001, 1005):
            error = {"code": "", "message": f"closed with {code}", "violations": []}
        return self._ended(Ended(error, code, code), found)

    async def half_close(self) -> None:
        """A WebSocket has no half: ends it politely."""
        await self.close()

    async def close(self) -> None:
        await self._connection.close()

    async def vanish(self) -> None:
        self._connection.transport.abort()
        await self._connection.wait_closed()
