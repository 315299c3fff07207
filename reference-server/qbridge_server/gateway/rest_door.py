"""The REST door: every RPC with an HTTP binding, over the application layer.

Routes come from the contract's OpenAPI document. Each is a bare ASGI application, because a framework's request and
response objects would cost more than the whole path. Errors are problem documents (RFC 9457); a stream of events is
SSE (https://html.spec.whatwg.org/multipage/server-sent-events.html), resumed by Last-Event-ID.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import aclosing
from typing import Any

import msgspec
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route as StarletteRoute
from starlette.types import ASGIApp

from qbridge_contract import convert, json
from qbridge_contract.errors import BridgeError, problem
from qbridge_contract.routes import Route
from qbridge_contract.structs import ErrorCode
from qbridge_server.gateway import reading
from qbridge_server.gateway.context import CallContext
from qbridge_server.gateway.http import (
    Receive,
    Scope,
    Send,
    fill,
    parameters,
    read_body,
    send_json,
    send_problem,
)
from qbridge_server.gateway.keys import Keyring
from qbridge_server.gateway.loopback import is_loopback, refuse_foreign
from qbridge_server.gateway.streams import CallerGone, until_gone

EVENT_GAP_S_MAX = 15.0
"""A stream of events that has nothing to say sends a comment this often, so that proxies keep it open."""
QUIET = b": still here\n\n"


class Segment(StringConvertor):
    """A place in a path, without a colon: `/v1/backends/a:probe` is a probe, not a backend of that name."""

    regex = "[^/:]+"


register_url_convertor("segment", Segment())


class RestDoor:
    """The routes of the contract. `applications` holds, by service, the object that has each RPC's method."""

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

    def routes(self) -> list[StarletteRoute]:
        """Starlette's routes, the busiest first: they are tried in order."""
        return [
            StarletteRoute(route.path.replace("}", ":segment}"), self._endpoint(route), methods=[route.http_method])
            for route in self._contract_routes
        ]

    def _endpoint(self, route: Route) -> Any:
        kind = Events if route.sse else Endpoint
        method = getattr(self._applications[route.rpc.service], route.rpc.method)
        return kind(route, method, self._keyring, self._message_bytes_max, self._to_pb, self._guard)


class ExactPaths:
    """An ASGI application in front of Starlette: a path without parameters is found by one look-up.

    The endpoints answer every error themselves, so they need none of the router's layers, which cost more than they do.
    """

    def __init__(self, router: ASGIApp, routes: Iterable[StarletteRoute]) -> None:
        self._router = router
        self._endpoints = {
            (method, route.path): route.app
            for route in routes
            if "{" not in route.path and isinstance(route.app, Endpoint)
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """To the endpoint of the exact path, else to the router."""
        endpoint = self._endpoints.get((scope.get("method", ""), scope.get("path", "")))
        await (self._router if endpoint is None else endpoint)(scope, receive, send)


class Endpoint:
    """One unary RPC at one path."""

    def __init__(
        self,
        route: Route,
        method: Callable[..., Any],
        keyring: Keyring,
        message_bytes_max: int,
        to_pb: Callable[[Any], Any],
        guard: Callable[[Exception], BridgeError],
    ) -> None:
        rpc = route.rpc
        self._route = route
        self._method = method
        self._keyring = keyring
        self._message_bytes_max = message_bytes_max
        self._to_pb = to_pb
        self._guard = guard
        self._request = rpc.request
        self._scope = rpc.scope
        fields = {field.name: field.type for field in msgspec.structs.fields(rpc.request)}
        self._body_field = "" if route.body == "*" else route.body
        self._body_type = message_of(fields[route.body]) if self._body_field else rpc.request
        self._headers = [(name.encode(), path) for name, path in route.header_params.items() if name != "traceparent"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        try:
            headers = dict(scope["headers"])
            context = self.enter(headers)
            request = await self.read(scope, receive, headers)
            await self.answer(context, request, receive, send)
        except Exception as error:
            known = error if isinstance(error, BridgeError) else self._guard(error)
            await send_problem(send, known)

    async def answer(self, context: CallContext, request: Any, receive: Receive, send: Send) -> None:
        """Calls the application and writes its answer."""
        response = await self._method(context, request)
        route = self._route
        if route.response_body:
            response = getattr(response, route.response_body)
        version = getattr(response, "version", 0)
        await send_json(send, route.success_status, json.encode(response), etag=version)

    def enter(self, headers: Mapping[bytes, bytes]) -> CallContext:
        """Who calls, and with what trace. Raises UNAUTHENTICATED and PERMISSION_DENIED."""
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        keyring = self._keyring
        if keyring.open_to_all and (b"origin" in headers or not is_loopback(headers.get(b"host", b""))):
            refuse_foreign(headers)
        context = CallContext(
            caller=keyring.authenticate(authorization) if self._scope else keyring.anyone(authorization),
            traceparent=headers.get(b"traceparent", b"").decode("latin-1"),
            transport="rest",
        )
        context.require(self._scope)
        return context

    async def read(self, scope: Scope, receive: Receive, headers: Mapping[bytes, bytes]) -> Any:
        """The checked request, from the body, the path, the query and the headers."""
        given = parameters(scope, self._route)
        request: Any
        if self._route.body:
            body = json.decode(self._body_type, await read_body(receive, headers, self._message_bytes_max))
            request = self._request(**{self._body_field: body}) if self._body_field else body
        else:
            request = self._request()
        if given:
            fill(request, given)
        for name, path in self._headers:
            value = headers.get(name)
            if value is not None:  # an empty If-Match is a mistake, not a wish to overwrite
                fill(request, {path: value.decode("latin-1").strip('"')})
        reading.check(request, self._to_pb)
        return request


class Events(Endpoint):
    """One server-streaming RPC at one path, as server-sent events."""

    async def answer(self, context: CallContext, request: Any, receive: Receive, send: Send) -> None:
        """Writes events until the stream ends or the caller goes."""
        started = False
        try:
            async with aclosing(until_gone(self._method(context, request), _gone(receive), EVENT_GAP_S_MAX)) as items:
                async for item in items:
                    if not started:
                        started = True
                        await _start(send)
                    text = QUIET if item is None else _event(getattr(item, self._route.response_body))
                    await send({"type": "http.response.body", "body": text, "more_body": True})
        except CallerGone:
            return
        if not started:
            await _start(send)
        await send({"type": "http.response.body", "body": b""})


async def _start(send: Send) -> None:
    headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(event: Any) -> bytes:
    name = event.state.name.encode()
    return b"event: %b\nid: %d\ndata: %b\n\n" % (name, event.sequence, json.encode(event))


def message_of(annotation: Any) -> Any:
    """The struct in an optional annotation: `X | None` -> `X`."""
    return next((each for each in getattr(annotation, "__args__", ()) if each is not type(None)), annotation)


async def http_error(request: Request, error: Exception) -> Response:
    """What the router refuses (no such path, wrong method), as a problem document."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        allowed = headers["Allow"] = ", ".join(_methods_at(request.url.path, request.app.routes))
        known = BridgeError.of(ErrorCode.METHOD_NOT_ALLOWED, f"This path takes {allowed}.")
    else:
        known = BridgeError.of(ErrorCode.NOT_FOUND, "There is nothing at this path; /openapi.json lists the paths.")
    return Response(
        msgspec.json.encode(problem(known.error)),
        known.row.http_status,
        headers,
        media_type="application/problem+json",
    )


def _methods_at(path: str, routes: Iterable[BaseRoute]) -> list[str]:
    """What the path takes: Starlette names the first route's methods only, but each method is a route of its own."""
    at_path = [each for each in routes if isinstance(each, StarletteRoute) and each.path_regex.match(path)]
    return sorted({method for route in at_path for method in route.methods or ()})
