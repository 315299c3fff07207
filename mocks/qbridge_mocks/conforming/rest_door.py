"""The REST door: JSON over HTTP by the bindings of the surface, problem+json for every error."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from importlib import resources
from typing import Any

import betterproto2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.caller import Caller, current_caller
from qbridge_mocks.conforming.closing import closing
from qbridge_mocks.conforming.ids import traceparent_in
from qbridge_mocks.conforming.reading import Reader, Reads, as_json, decode_json
from qbridge_mocks.conforming.refusal import ROWS, Refusal, make_error, name_of, problem
from qbridge_mocks.conforming.socket_door import SocketDoor
from qbridge_mocks.conforming.surface import RPCS, Rpc
from qbridge_mocks.conforming.world import LIMITS, World

LOG = logging.getLogger(__name__)
Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


class RestDoor:
    """Serves the services over HTTP. A broken mock replaces one of its methods."""

    sockets: type[SocketDoor] = SocketDoor

    def __init__(self, world: World, reader: Reader, services: Mapping[str, Any]) -> None:
        self.world = world
        self.reader = reader
        self.services = services
        self.app: ASGIApp = self.build()

    def build(self) -> Starlette:
        """The application: a route for each binding, and the WebSocket twins."""
        routes: list[BaseRoute] = [
            Route(starlette_path(rpc.url), self.endpoint(rpc), methods=[rpc.verb]) for rpc in RPCS if rpc.url
        ]
        # ":cancel" and ":probe" come first, or "{request_id}" would take them for a part of the name.
        routes.sort(key=lambda route: ":" not in getattr(route, "path", "").replace(":path", ""))
        routes.append(Route("/openapi.json", self.document, methods=["GET"]))
        app = Starlette(routes=routes + self.socket_routes(), exception_handlers={HTTPException: self.not_routed})
        app.router.redirect_slashes = False
        return app

    async def document(self, request: Request) -> Response:
        """The OpenAPI document, as generated from the contract."""
        text = resources.files("qbridge_contract").joinpath("openapi.json").read_bytes()
        return Response(text, media_type="application/json")

    def socket_routes(self) -> list[BaseRoute]:
        """The WebSocket twins."""
        sockets = self.sockets(self.world, self.reader, self.services)
        return [WebSocketRoute(rpc.socket, sockets.endpoint(rpc)) for rpc in RPCS if rpc.socket]

    def endpoint(self, rpc: Rpc) -> Endpoint:
        """Answers one RPC, and its refusals and accidents, with problems of the table."""

        async def answer(request: Request) -> Response:
            try:
                return await self.answer(rpc, request)
            except Refusal as refusal:
                return self.refusal(refusal.error)
            except ClientDisconnect:
                return Response(status_code=499)
            except Exception:
                LOG.exception("%s failed", rpc.path)
                return self.refusal(make_error("INTERNAL", "Something in the deployment broke."))

        return answer

    async def answer(self, rpc: Rpc, request: Request) -> Response:
        """Reads, runs, writes."""
        caller = self.caller(rpc, request)
        caller.must_hold(rpc.scope)
        current_caller.set(caller)
        message = self.reader.from_json(rpc.kind, await self.members(rpc, request))
        method = getattr(self.services[rpc.service], rpc.method)
        if rpc.socket:
            return await self.event_stream(method(message))
        response = await while_connected(request, method(message))
        return self.success(rpc, response)

    def caller(self, rpc: Rpc, request: Request) -> Caller:
        """Who calls. Raises Refusal UNAUTHENTICATED."""
        if not rpc.scope:
            return Caller()
        return self.world.keys.caller(request.headers.get("authorization", ""), traceparent_in(request.headers))

    # ---- reading

    async def members(self, rpc: Rpc, request: Request) -> Reads:
        """The message's JSON members, from body, query, path and headers. Raises Refusal."""
        members: Reads = {}
        if rpc.body:
            body = decode_json(await self.body(request))
            members = body if rpc.body == "*" else {rpc.body: body}
        else:
            await request.body()  # Empty, as a rule, and not looked at.
        for name, value in request.query_params.multi_items():
            if rpc.body or name in members:
                raise Refusal.of("MALFORMED", f"The query parameter {name!r} is unknown, or there twice.")
            members[name] = value
        for name, value in request.path_params.items():
            outer, _, inner = name.replace("__", ".").partition(".")
            holder = members.setdefault(outer, {}) if inner else members
            holder[inner or outer] = value
        self.headers_into(rpc, request, members)
        return members

    def headers_into(self, rpc: Rpc, request: Request, members: Reads) -> None:
        """What headers may say in place of a member."""
        key = request.headers.get("idempotency-key", "")
        inner = members.get("request")
        if key and isinstance(inner, dict) and not ("idempotencyKey" in inner or "idempotency_key" in inner):
            inner["idempotencyKey"] = key
        if rpc.method == "watch" and (last := request.headers.get("last-event-id")):
            members["afterSequence"] = last
        if rpc.method == "update" and (match := request.headers.get("if-match", "*")) != "*":
            members["expectedVersion"] = match.strip('"')

    async def body(self, request: Request) -> bytes:
        """The body, within the limit. Raises Refusal UNSUPPORTED_MEDIA_TYPE or TOO_LARGE."""
        self.refuse_media_type(request.headers.get("content-type", "application/json"))
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            self.refuse_size(len(body))
        return bytes(body)

    def refuse_media_type(self, content_type: str) -> None:
        """Raises Refusal UNSUPPORTED_MEDIA_TYPE for anything but JSON."""
        media_type = content_type.partition(";")[0].strip()
        if media_type.lower() != "application/json":
            raise Refusal.of("UNSUPPORTED_MEDIA_TYPE", f"The body is {media_type!r}, not application/json.")

    def refuse_size(self, size: int) -> None:
        """Raises Refusal TOO_LARGE for a body over the limit."""
        if size > LIMITS.message_bytes_max:
            raise Refusal.of("TOO_LARGE", f"A body has at most {LIMITS.message_bytes_max} bytes.")

    # ---- writing

    def success(self, rpc: Rpc, response: betterproto2.Message) -> Response:
        """The answer of an RPC."""
        answer = getattr(response, rpc.answer) if rpc.answer else response
        headers = {"etag": f'"{answer.version}"'} if isinstance(answer, v1.Backend) else None
        return JSONResponse(self.members_of(answer), status_code=rpc.status, headers=headers)

    def members_of(self, answer: betterproto2.Message) -> Reads:
        """The JSON members of an answer."""
        return as_json(answer)

    def status(self, error: v1.Error) -> int:
        """The HTTP status of an error."""
        return ROWS[name_of(error)].http_status

    def refusal(self, error: v1.Error, headers: Mapping[str, str] | None = None) -> Response:
        """The problem of an error."""
        more = dict(headers or {})
        if error.retry_after_s:
            more["retry-after"] = str(max(1, round(error.retry_after_s)))
        if error.code == v1.ErrorCode.UNAUTHENTICATED:
            more["www-authenticate"] = "Bearer"
        return Response(
            json.dumps(self.problem(error)),
            status_code=self.status(error),
            headers=more,
            media_type="application/problem+json",
        )

    def problem(self, error: v1.Error) -> dict[str, Any]:
        """The members of a problem."""
        return problem(error)

    async def event_stream(self, responses: AsyncIterator[v1.WatchResponse]) -> Response:
        """Server-sent events. The first one is awaited here, so that a refusal is still a problem."""
        first = await anext(responses, None)

        async def text() -> AsyncIterator[str]:
            async with closing(responses):
                if first is not None:
                    yield self.event_text(first)
                    async for response in responses:
                        yield self.event_text(response)

        return StreamingResponse(text(), media_type="text/event-stream", headers={"cache-control": "no-store"})

    def event_text(self, response: v1.WatchResponse) -> str:
        """One event."""
        event = response.event
        assert event is not None
        data = json.dumps(as_json(event))
        return f"event: {v1.RequestState(event.state).name}\nid: {self.event_id(event)}\ndata: {data}\n\n"

    def event_id(self, event: v1.RequestEvent) -> int:
        """The id that a reader comes back with."""
        return event.sequence

    async def not_routed(self, request: Request, error: Exception) -> Response:
        """No such path, or not for this method."""
        assert isinstance(error, HTTPException)
        name = "METHOD_NOT_ALLOWED" if error.status_code == 405 else "NOT_FOUND"
        return self.refusal(make_error(name, f"{request.method} {request.url.path}: {name}."), error.headers)


def starlette_path(url: str) -> str:
    """The path as Starlette writes it: its names have no dots."""
    return url.replace("quota.tenant", "quota__tenant")


async def while_connected(request: Request, work: Coroutine[Any, Any, Any]) -> Any:
    """What the work answers; it is cancelled when the caller hangs up. Raises ClientDisconnect."""
    working = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            working.cancel()
            await asyncio.wait({working})
            raise ClientDisconnect
        return working.result()
    finally:
        gone.cancel()
