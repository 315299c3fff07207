"""REST: one pool of connections for the whole run. What is read as it comes, event streams, goes over httpx."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qbridge_harness.clients.http1 import Address, Fault
from qbridge_harness.clients.pool import KEEPALIVE_S, Pool
from qbridge_harness.clients.target import ANSWER_BYTES_MAX, Target, TooLarge, Unreachable

if TYPE_CHECKING:
    import httpx

CONNECTIONS_MAX = 100


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
        except (ValueError, RecursionError):
            return None


class RestClient:
    """Sends what it is given to the target, and nowhere else: redirects are answers like others."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._address = Address(target.rest)
        self._pool = Pool(self._address, connections_max=CONNECTIONS_MAX, content_max=ANSWER_BYTES_MAX)
        self._streams: httpx.AsyncClient | None = None

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
        what = f"{method} {self._target.rest}{path}"
        try:
            message = self._address.message(method, path, sent, content, query)
        except ValueError as error:
            raise Unreachable(f"{what}: {error}") from None
        outcome = await self._pool.exchange(message, head=method == "HEAD")
        if isinstance(outcome, Fault):
            raise TooLarge(what) if outcome.code == "TOO_LARGE" else Unreachable(f"{what}: {outcome.text}")
        return RestAnswer(outcome.status, outcome.headers, outcome.content)

    @asynccontextmanager
    async def stream(
        self, path: str, *, query: Mapping[str, str] | None = None, headers: Mapping[str, str], key: str | None = None
    ) -> AsyncIterator[httpx.Response]:
        """A GET whose body is read as it comes. Raises Unreachable."""
        import httpx

        sent = {"accept": "text/event-stream"} | self._target.authorization(key) | dict(headers)
        try:
            async with self._http().stream("GET", path, params=query or None, headers=sent) as answer:
                yield answer
        except httpx.HTTPError as error:
            raise Unreachable(f"GET {self._target.rest}{path}: {str(error) or type(error).__name__}") from error

    def _http(self) -> httpx.AsyncClient:
        """The client of streams, made when the first one is opened."""
        import httpx

        if self._streams is None:
            limits = httpx.Limits(
                max_connections=CONNECTIONS_MAX, max_keepalive_connections=32, keepalive_expiry=KEEPALIVE_S
            )
            self._streams = httpx.AsyncClient(
                base_url=self._target.rest,
                timeout=None,  # noqa: S113 - each step bounds its own time.
                limits=limits,
                follow_redirects=False,
                trust_env=False,
            )
        return self._streams

    async def close(self) -> None:
        """Closes every connection."""
        await self._pool.close()
        if self._streams is not None:
            await self._streams.aclose()


async def read_all(answer: httpx.Response, what: str) -> bytes:
    """The whole body, unpacked. Raises TooLarge, httpx.HTTPError."""
    parts: list[bytes] = []
    size = 0
    async for part in answer.aiter_bytes():
        size += len(part)
        if size > ANSWER_BYTES_MAX:
            raise TooLarge(what)
        parts.append(part)
    return b"".join(parts)


def encode(body: Any) -> bytes:
    """JSON as it goes over the wire."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
