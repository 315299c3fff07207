"""The deployment that the corpus is run against: sound, unless a backend's or a request's name says what it does."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from qbridge_harness.contract import Contract

from . import documents

CAPABILITIES = {
    "contractVersion": "v1",
    "product": "corpus/1",
    "profiles": ["core"],
    "transports": ["rest", "sse"],
    "durabilities": ["DURABILITY_MEMORY"],
    "limits": {
        "messageBytesMax": 4194304,
        "frameItemsMax": 100,
        "sessionItemsMax": 1000,
        "laneItemsMax": 1000,
        "batchItemsMax": 64,
        "topKMax": 100,
        "timeoutSDefault": 30.0,
        "resultTtlS": 600.0,
    },
}


class World:
    """Answers by name: `succeeded` is a request that succeeded, `forgets` a backend that knows no request again."""

    def __init__(self, contract: Contract) -> None:
        self._errors = contract.errors
        self._asked: Counter[str] = Counter()
        self._first: dict[str, tuple[dict[str, Any], Any]] = {}
        self.closing = asyncio.Event()

    @property
    def app(self) -> Starlette:
        methods = ["GET", "POST", "DELETE"]
        return Starlette(routes=[Route("/{path:path}", self.handle, methods=methods)])

    async def handle(self, request: Request) -> Response:
        """One exchange."""
        path = request.url.path
        doors: dict[str, Callable[[Request], Any]] = {
            "GET /v1/capabilities": self.capabilities,
            "GET /v1/backends": self.backends,
            "POST /v1/call": self.call,
            "POST /v1/requests": self.submit,
            "POST /v1/keys": self.keys,
        }
        door = doors.get(f"{request.method} {path}")
        if door is None and path.startswith("/v1/requests/"):
            door = self.watch if path.endswith("/events") else self.get
        answer: Response = await door(request) if door else Response("nothing", 404)
        return answer

    def problem(self, code: str, detail: str = "What happened.", status: int | None = None) -> Response:
        row = self._errors[code]
        body = documents.problem(code, row.http_status, row.title, retryable=row.retryable, detail=detail)
        return _json(status or row.http_status, body, "application/problem+json")

    async def capabilities(self, _: Request) -> Response:
        return _json(200, CAPABILITIES)

    async def backends(self, _: Request) -> Response:
        return _json(200, {"backends": []})

    async def keys(self, _: Request) -> Response:
        return _json(201, documents.made_key("made-for-the-case"))

    async def get(self, request: Request) -> Response:
        name = request.url.path.rpartition("/")[2]
        self._asked[name] += 1
        if name == "whoami":
            held = request.headers.get("authorization", "Bearer nobody").removeprefix("Bearer ")
            return self.problem("NOT_FOUND", held)
        if name == "missing":
            return self.problem("NOT_FOUND")
        if name.startswith("ripens-"):
            state = "SUCCEEDED" if self._asked[name] > int(name[7]) else "QUEUED"
        elif name == "flaps":
            state = "SUCCEEDED" if self._asked[name] % 2 else "QUEUED"
        else:
            state = name.upper()
        return _json(200, documents.record(state))

    async def watch(self, request: Request) -> Response:
        name = request.url.path.split("/")[-2]
        if name == "missing":
            return self.problem("NOT_FOUND")
        after = int(request.headers.get("last-event-id") or request.query_params.get("afterSequence") or 0)
        events = [documents.event(1, "QUEUED"), documents.event(2, "SUCCEEDED")]
        text = "".join(_event(event, 7 if name == "odd-event" else event["sequence"]) for event in events[after:])
        if name == "bad-event":
            text = "event: QUEUED\nid: 1\ndata: {nonsense\n\n"
        media = "text/plain" if name == "plain-events" else "text/event-stream"
        return Response(text, 200, media_type=media)

    async def submit(self, request: Request) -> Response:
        body = await request.json()
        name = body.get("id", documents.REQUEST_ID)
        self._asked[name] += 1
        return _json(202, documents.accepted(name, replayed=self._asked[name] > 1))

    async def call(self, request: Request) -> Response:
        try:
            body = await request.json()
        except ValueError:
            body = {}
        backend = str(body.get("backend", ""))
        sound = documents.result(documents.REQUEST_ID, reply=_echo(body))
        if backend in ("remembers", "careless", "forgets", "silent"):
            return self.again(request, body, backend)
        if backend == "hangs":
            await self.closing.wait()
        odd = {
            "fails": lambda: self.problem("BACKEND_FAILED"),
            "adds-a-field": lambda: _json(200, sound | {"colour": "red"}),
            "plain-text": lambda: _json(200, sound, "text/plain"),
            "bare-error": lambda: Response("Internal Server Error", 500),
            "odd-status": lambda: self.problem("NOT_FOUND", status=410),
            "odd-code": lambda: _json(418, documents.problem("TEAPOT", 418, "Teapot"), "application/problem+json"),
            "nonsense": lambda: Response("{not json", 200, media_type="application/json"),
        }
        return odd.get(backend, lambda: _json(200, sound))()

    def again(self, request: Request, body: dict[str, Any], backend: str) -> Response:
        """A request that may have come before."""
        key = body.pop("idempotencyKey", None) or body.pop("id", None) or request.headers["idempotency-key"]
        self._asked["made"] += 1
        number = self._asked["made"]
        fresh = documents.result(f"req_{number:026d}")
        if backend == "forgets" or key not in self._first:
            self._first[key] = (fresh, body)
            return _json(200, fresh)
        first, asked = self._first[key]
        if asked != body and backend != "careless":
            return self.problem("IDEMPOTENCY_CONFLICT")
        return _json(200, first | {"replayed": backend != "silent"})


def _json(status: int, body: Any, media: str = "application/json") -> Response:
    return Response(json.dumps(body), status, media_type=media)


def _event(event: dict[str, Any], number: int) -> str:
    return f"event: {event['state'].removeprefix('REQUEST_STATE_')}\nid: {number}\ndata: {json.dumps(event)}\n\n"


def _echo(body: dict[str, Any]) -> dict[str, Any]:
    invoke = body.get("operation", {}).get("invoke", {})
    payload = invoke.get("payload") if isinstance(invoke, dict) else None
    return {"payload": payload} if payload else documents.reply()
