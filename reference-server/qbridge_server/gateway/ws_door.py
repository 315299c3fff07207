"""The WebSocket door: every streaming RPC with a WebSocket path, as JSON text frames, one message each.

An error travels as a last frame `{"error": problem}`, and the stream closes with the code 4000 + HTTP status.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import aclosing
from typing import Any

import msgspec
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from qbridge_contract import convert, json
from qbridge_contract.errors import BridgeError, problem
from qbridge_contract.routes import Route
from qbridge_contract.structs import ErrorCode
from qbridge_server.gateway import reading
from qbridge_server.gateway.brief import bounded
from qbridge_server.gateway.context import CallContext
from qbridge_server.gateway.http import fill, parameters
from qbridge_server.gateway.keys import Keyring
from qbridge_server.gateway.loopback import refuse_foreign
from qbridge_server.gateway.streams import CallerGone, until_gone

CLOSE_BASE = 4000
"""RFC 6455, 7.4.2: 4000 to 4999 are for applications."""


class WebSocketDoor:
    """The WebSocket paths of the contract."""

    def __init__(
        self,
        routes: Iterable[Route],
        applications: Mapping[str, Any],
        keyring: Keyring,
        *,
        message_bytes_max: int,
        to_pb: Callable[[Any], Any] = convert.to_pb,
        guard: Callable[[Exception], BridgeError],
    ) -> None:
        self._contract_routes = tuple(routes)
        self._applications = applications
        self._keyring = keyring
        self._message_bytes_max = message_bytes_max
        self._to_pb = to_pb
        self._guard = guard

    def routes(self) -> list[WebSocketRoute]:
        """Starlette's routes."""
        return [WebSocketRoute(route.websocket, self._endpoint(route)) for route in self._contract_routes]

    def _endpoint(self, route: Route) -> Callable[[WebSocket], Any]:
        rpc = route.rpc
        method = getattr(self._applications[rpc.service], rpc.method)

        async def endpoint(socket: WebSocket) -> None:
            await socket.accept()
            try:
                context = self._enter(rpc.scope, socket)
                if rpc.client_streaming:
                    responses = method(context, self._messages(rpc.request, socket))
                else:
                    responses = until_gone(method(context, self._request(route, socket)), _gone(socket))
                async with aclosing(responses):
                    async for response in responses:
                        await socket.send_text(json.encode(response).decode())
                await socket.close()
            except (WebSocketDisconnect, CallerGone):
                return
            except Exception as error:
                await self._end(socket, error if isinstance(error, BridgeError) else self._guard(error))

        return endpoint

    async def _messages(self, kind: Any, socket: WebSocket) -> AsyncIterator[Any]:
        """The messages that come in, read and checked, until the caller closes."""
        while True:
            frame = await socket.receive()
            if frame["type"] == "websocket.disconnect":
                return
            text = frame.get("text")
            if text is None:
                raise BridgeError.of(ErrorCode.MALFORMED, "This stream takes text frames with JSON, not binary ones.")
            data = text.encode("utf-8", "surrogatepass")
            if len(data) > self._message_bytes_max:
                raise reading.too_large(len(data), self._message_bytes_max)
            message: Any = json.decode(kind, data)
            reading.check(message, self._to_pb)
            yield message

    def _request(self, route: Route, socket: WebSocket) -> Any:
        request = route.rpc.request()
        fill(request, parameters(socket.scope, route))
        reading.check(request, self._to_pb)
        return request

    def _enter(self, scope: str, socket: WebSocket) -> CallContext:
        authorization = socket.headers.get("authorization", "")
        keyring = self._keyring
        if keyring.open_to_all:
            refuse_foreign(dict(socket.scope["headers"]))
        context = CallContext(
            caller=keyring.authenticate(authorization) if scope else keyring.anyone(authorization),
            traceparent=socket.headers.get("traceparent", ""),
            transport="websocket",
        )
        context.require(scope)
        return context

    async def _end(self, socket: WebSocket, error: BridgeError) -> None:
        try:
            await socket.send_text(msgspec.json.encode({"error": problem(bounded(error).error)}).decode())
            await socket.close(CLOSE_BASE + error.row.http_status, error.row.title)
        except (WebSocketDisconnect, RuntimeError):
            return  # The caller is gone: nobody is left to tell.


async def _gone(socket: WebSocket) -> None:
    """Ends once the caller goes; what it says before has no meaning on a stream that only answers."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
