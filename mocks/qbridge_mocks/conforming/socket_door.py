"""The WebSocket twins of Session, Watch and Execute: one JSON message a text frame."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import betterproto2
from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect

from qbridge_mocks.conforming.caller import current_caller
from qbridge_mocks.conforming.closing import closing
from qbridge_mocks.conforming.ids import traceparent_in
from qbridge_mocks.conforming.reading import Reader, Reads, as_json, decode_json
from qbridge_mocks.conforming.refusal import ROWS, Refusal, make_error, name_of, problem
from qbridge_mocks.conforming.surface import Rpc
from qbridge_mocks.conforming.world import LIMITS, World

LOG = logging.getLogger(__name__)
CLOSE_CODE_BASE = 4000


class SocketDoor:
    """Serves the streaming RPCs. A broken mock replaces one of its methods."""

    def __init__(self, world: World, reader: Reader, services: Mapping[str, Any]) -> None:
        self.world = world
        self.reader = reader
        self.services = services

    def endpoint(self, rpc: Rpc) -> Callable[[WebSocket], Awaitable[None]]:
        """Serves one RPC; an error is the last frame and the close code."""

        async def serve(socket: WebSocket) -> None:
            await socket.accept()
            with suppress(WebSocketDisconnect, RuntimeError):  # The other side may be gone at any time.
                try:
                    await self.serve(rpc, socket)
                    await socket.close()
                except Refusal as refusal:
                    await self.fail(socket, refusal)
                except (WebSocketDisconnect, RuntimeError):
                    raise
                except Exception:
                    LOG.exception("%s failed", rpc.path)
                    await self.fail(socket, Refusal(make_error("INTERNAL", "Something in the deployment broke.")))

        return serve

    async def serve(self, rpc: Rpc, socket: WebSocket) -> None:
        """Runs the RPC on the socket's frames."""
        caller = self.world.keys.caller(socket.headers.get("authorization", ""), traceparent_in(socket.headers))
        caller.must_hold(rpc.scope)
        current_caller.set(caller)
        method = getattr(self.services[rpc.service], rpc.method)
        if rpc.method == "watch":
            members: dict[str, Any] = {**socket.query_params, **socket.path_params}
            if last := socket.headers.get("last-event-id"):
                members["afterSequence"] = last
            responses = method(self.reader.from_json(rpc.kind, members))
        else:
            responses = method(self.frames(rpc, socket))
        async with closing(responses):
            async for response in responses:
                await self.send(socket, response)

    async def frames(self, rpc: Rpc, socket: WebSocket) -> AsyncIterator[betterproto2.Message]:
        """The messages that the other side sends, until it closes. Raises Refusal."""
        while True:
            received = await socket.receive()
            if received["type"] == "websocket.disconnect":
                return
            text = self.text_of(received)
            if len(text) > LIMITS.message_bytes_max:
                raise Refusal.of("TOO_LARGE", f"A frame has at most {LIMITS.message_bytes_max} bytes.")
            yield self.reader.from_json(rpc.kind, decode_json(text))

    def text_of(self, received: Message) -> str:
        """The text of a frame. Raises Refusal MALFORMED for a binary one."""
        text: str | None = received.get("text")
        if text is None:
            raise Refusal.of("MALFORMED", "Send text frames, one JSON message each.")
        return text

    async def send(self, socket: WebSocket, response: betterproto2.Message) -> None:
        """Sends a message as a text frame."""
        await socket.send_text(json.dumps(self.members_of(response)))

    def members_of(self, response: betterproto2.Message) -> Reads:
        """The JSON members of a message to send."""
        return as_json(response)

    async def fail(self, socket: WebSocket, refusal: Refusal) -> None:
        """The problem as the last frame, and a close code of 4000 and the HTTP status."""
        await socket.send_text(json.dumps({"error": problem(refusal.error)}))
        await socket.close(self.close_code(refusal))

    def close_code(self, refusal: Refusal) -> int:
        """The close code of a refusal."""
        return CLOSE_CODE_BASE + ROWS[name_of(refusal.error)].http_status
