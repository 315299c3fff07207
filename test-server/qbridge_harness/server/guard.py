"""Who may ask: the token, the host and the origin of each request, before any handler sees it.

A harness on a laptop makes requests to its target, so a web page that the same person happens to visit must not be
able to drive it: not across origins, and not by a name that is made to point at 127.0.0.1 (DNS rebinding).
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Collection
from http import HTTPStatus
from typing import Literal
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qbridge_harness.server.problems import Problem

_OPEN_PATHS = ("/", "/health")
ASSETS_PATH = "/assets/"
_SAFE = {
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """ASGI middleware; `request.state.known` tells handlers whether the caller gave the token, or none is asked for."""

    def __init__(self, app: ASGIApp, token: str = "", hosts: Collection[str] = ()) -> None:
        self._app = app
        self._digest = _digest(token) if token else b""
        self._hosts = {"localhost", *(host.lower() for host in hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _SAFE.items():
                    headers.setdefault(name, value)
            await send(message)

        request = Request(scope)
        known = self._knows(request.headers)
        refusal = self._refusal(request, known)
        if refusal is not None:
            await refusal.answer()(scope, receive, send_safely)
            return
        request.state.known = known
        await self._app(scope, receive, send_safely)

    def _refusal(self, request: Request, known: bool) -> Problem | None:
        host = request.headers.get("host", "")
        if not self._serves(host):
            detail = f"The harness does not answer for the host {host!r}; start it with --allow-host NAME if it should."
            return Problem(HTTPStatus.MISDIRECTED_REQUEST, "Wrong host", detail)
        if _is_foreign(request, host):
            detail = "A web page of another origin may not drive the harness."
            return Problem(HTTPStatus.FORBIDDEN, "Wrong origin", detail)
        path = request.scope["path"]
        if known or path in _OPEN_PATHS or path.startswith(ASSETS_PATH):
            return None
        detail = "Send the harness's token: `Authorization: Bearer TOKEN`."
        return Problem(HTTPStatus.UNAUTHORIZED, "Token needed", detail, {"www-authenticate": "Bearer"})

    def _serves(self, host: str) -> bool:
        """Names must be told; a plain address cannot be rebound."""
        name = _netloc(f"//{host}", "hostname")
        if name in self._hosts:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _knows(self, headers: Headers) -> bool:
        if not self._digest:
            return True
        scheme, _, token = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(_digest(token.strip()), self._digest)


def _digest(token: str) -> bytes:
    """Of one length for every token, so that comparing tells nothing of it."""
    return hashlib.sha256(token.encode()).digest()


def _netloc(url: str, part: Literal["hostname", "netloc"]) -> str:
    """A part of a URL that somebody else wrote; empty where it is none."""
    try:
        return getattr(urlsplit(url), part) or ""
    except ValueError:
        return ""


def _is_foreign(request: Request, host: str) -> bool:
    """Whether a browser sends it for a page of another origin. Following a link to a page is no such thing."""
    origin = request.headers.get("origin")
    if origin is not None:
        return _netloc(origin, "netloc").lower() != host.lower()
    if request.headers.get("sec-fetch-site", "none") not in ("cross-site", "same-site"):
        return False
    navigates = request.headers.get("sec-fetch-mode") == "navigate" and request.method == "GET"
    return not navigates or request.scope["path"].startswith("/run/")
