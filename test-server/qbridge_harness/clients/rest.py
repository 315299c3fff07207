"""REST on httpx: one pooled client for the whole run."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from qbridge_harness.clients.target import Target, Unreachable

# Many servers drop a connection that was idle for 5 s, which is httpx's own default too: a request that is sent at
# that moment is lost, and the deployment would be blamed for it.
KEEPALIVE_S = 1.0


@dataclass(frozen=True, slots=True)
class RestAnswer:
    """A response, read in full."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        """The JSON of the body; None where it is empty or no JSON."""
        try:
            return json.loads(self.content) if self.content else None
        except ValueError:
            return None


class RestClient:
    """Sends what it is given to the target, and nowhere else: redirects are answers like others."""

    def __init__(self, target: Target) -> None:
        self._target = target
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=32, keepalive_expiry=KEEPALIVE_S)
        self._http = httpx.AsyncClient(
            base_url=target.rest,
            timeout=None,  # noqa: S113 - each step bounds its own time.
            limits=limits,
            follow_redirects=False,
            trust_env=False,
        )

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        key: str | None = None,
    ) -> RestAnswer:
        """One exchange. Raises Unreachable."""
        sent = self._target.authorization(key) | dict(headers or {})
        try:
            answer = await self._http.request(method, path, params=query or None, headers=sent, content=content)
        except httpx.HTTPError as error:
            raise Unreachable(f"{method} {self._target.rest}{path}: {str(error) or type(error).__name__}") from error
        return RestAnswer(answer.status_code, dict(answer.headers), answer.content)

    @asynccontextmanager
    async def stream(
        self, path: str, *, query: Mapping[str, str] | None = None, headers: Mapping[str, str], key: str | None = None
    ) -> AsyncIterator[httpx.Response]:
        """A GET whose body is read as it comes. Raises Unreachable."""
        sent = {"accept": "text/event-stream"} | self._target.authorization(key) | dict(headers)
        try:
            async with self._http.stream("GET", path, params=query or None, headers=sent) as answer:
                yield answer
        except httpx.HTTPError as error:
            raise Unreachable(f"GET {self._target.rest}{path}: {str(error) or type(error).__name__}") from error

    async def close(self) -> None:
        """Closes every connection."""
        await self._http.aclose()


def encode(body: Any) -> bytes:
    """JSON as it goes over the wire."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
