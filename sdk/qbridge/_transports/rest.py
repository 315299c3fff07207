"""REST, by httpx: each call is a request of its own, Watch a stream of server-sent events."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec

from qbridge._config import TLS, Options
from qbridge._transports._http_messages import body_of, response_of, route_of, url_of
from qbridge._transports._sse import events
from qbridge.exceptions import (
    ConnectionLost,
    InternalError,
    QBridgeError,
    connection_lost,
    deadline_exceeded,
    error_from,
    invalid,
    make_error,
)
from qbridge_contract import json
from qbridge_contract.errors import from_problem
from qbridge_contract.services import BRIDGE_CALL, BRIDGE_SUBMIT, BRIDGE_WATCH, Rpc
from qbridge_contract.structs import (
    Accepted,
    CallRequest,
    ErrorCode,
    InternalRequest,
    RequestEvent,
    Result,
    SubmitRequest,
    WatchResponse,
)

_GRACE_S = 0.5
"""How much longer than the bridge we wait for a deadline, so that the bridge's own word wins."""
_CONNECTIONS_MAX = 100
_KEEPALIVE_S = 2.0
"""Below the 5 s after which many servers drop an idle connection, so that a request does not meet its end."""
_PAUSE_S_FIRST, _PAUSE_S_MAX = 0.05, 1.0


class RestTransport:
    """One pool of connections to one bridge."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._client: httpx.AsyncClient | None = None

    async def open(self) -> None:
        """Makes the pool, which dials when first used. Raises InvalidRequest for unreadable certificates."""
        headers = {"accept": "application/json"}
        if self._options.api_key:
            headers["authorization"] = f"Bearer {self._options.api_key}"
        secure = self._options.target.scheme == "https"
        self._client = httpx.AsyncClient(
            base_url=str(self._options.target),
            headers=headers,
            timeout=httpx.Timeout(None, connect=self._options.connect_timeout_s),
            limits=httpx.Limits(
                max_connections=_CONNECTIONS_MAX,
                max_keepalive_connections=_CONNECTIONS_MAX,
                keepalive_expiry=_KEEPALIVE_S,
            ),
            verify=_context(self._options.tls) if secure else False,
            trust_env=secure,
        )

    async def call(self, request: InternalRequest) -> Result:
        """Sends a request and waits for its result; again after a loss, under the same id."""
        response = await self._until_connected(BRIDGE_CALL, CallRequest(request=request), request.timeout_s)
        result: Result = response.result
        return result

    async def submit(self, request: InternalRequest) -> Accepted:
        """Sends a request and waits for its acceptance; again after a loss, under the same id."""
        response = await self._until_connected(BRIDGE_SUBMIT, SubmitRequest(request=request), self._options.timeout_s)
        accepted: Accepted = response.accepted
        return accepted

    async def _until_connected(self, rpc: Rpc, request: Any, timeout_s: float) -> Any:
        """A request's id is its idempotency key, so that sending it twice has one effect."""
        loop, pause_s = asyncio.get_running_loop(), _PAUSE_S_FIRST
        end = loop.time() + self._options.connect_timeout_s
        connected = True
        try:
            async with asyncio.timeout(timeout_s + _GRACE_S if timeout_s else None):
                while True:
                    try:
                        return await self._ask(rpc, request)
                    except ConnectionLost:
                        connected = False
                        if loop.time() + pause_s > end or self._http.is_closed:
                            raise
                    await asyncio.sleep(pause_s)
                    pause_s = min(pause_s * 2, _PAUSE_S_MAX)
        except TimeoutError as error:
            raise deadline_exceeded(timeout_s, connected=connected) from error

    async def unary(self, rpc: Rpc, request: Any, timeout_s: float) -> Any:
        """One request, one answer."""
        try:
            async with asyncio.timeout(timeout_s + _GRACE_S if timeout_s else None):
                return await self._ask(rpc, request)
        except TimeoutError as error:
            raise deadline_exceeded(timeout_s) from error

    async def _ask(self, rpc: Rpc, request: Any) -> Any:
        route = route_of(rpc)
        body = body_of(route, request)
        try:
            response = await self._http.request(
                route.http_method,
                url_of(route, request),
                content=body,
                headers=None if body is None else {"content-type": "application/json"},
            )
        except httpx.HTTPError as error:
            raise self._lost(error) from error
        if response.is_error:
            raise _error_of(response.status_code, response.content)
        return response_of(route, response.content)

    async def stream(self, rpc: Rpc, request: Any) -> AsyncIterator[Any]:
        """Watch, as server-sent events."""
        route = route_of(rpc)
        headers = {"accept": "text/event-stream"}
        if request.after_sequence:
            headers["last-event-id"] = str(request.after_sequence)
        assert rpc is BRIDGE_WATCH
        try:
            async with self._http.stream(route.http_method, url_of(route, request), headers=headers) as response:
                if response.is_error:
                    raise _error_of(response.status_code, await response.aread())
                async for event in events(response.aiter_lines()):
                    yield _watched("\n".join(event.data).encode())
        except httpx.HTTPError as error:
            raise self._lost(error) from error

    async def bidi(self, rpc: Rpc, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Always raises Unsupported: plain HTTP has no streams of requests."""
        route_of(rpc)
        yield

    async def close(self) -> None:
        """Closes the connections; what still waits gets ConnectionLost."""
        if self._client is not None:
            await self._client.aclose()

    @property
    def _http(self) -> httpx.AsyncClient:
        if self._client is None or self._client.is_closed:
            raise connection_lost("the client is closed; connect again")
        return self._client

    def _lost(self, error: httpx.HTTPError) -> QBridgeError:
        reason = str(error) or type(error).__name__
        return connection_lost(f"no connection to {self._options.target}: {reason}; is the bridge running?")


def _watched(data: bytes) -> WatchResponse:
    members = msgspec.json.decode(data)
    if isinstance(members, dict) and "error" in members and "sequence" not in members:
        raise error_from(from_problem(members["error"]))
    return WatchResponse(event=json.decode(RequestEvent, data, ignore_unknown=True))


def _error_of(status: int, data: bytes) -> QBridgeError:
    """The error in a problem document; of something in between, where it is none."""
    try:
        members = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        members = None
    if isinstance(members, dict) and "code" in members:
        return error_from(from_problem(members))
    return make_error(
        InternalError,
        ErrorCode.INTERNAL,
        f"HTTP {status} without a problem document: this is not a bridge, or something in between answered",
    )


def _context(tls: TLS | None) -> ssl.SSLContext | bool:
    if tls is None:
        return True
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
        if tls.cert_file is not None:
            context.load_cert_chain(tls.cert_file, tls.key_file)
    except (OSError, ssl.SSLError) as error:
        raise invalid(f"tls: {error}") from error
    return context
