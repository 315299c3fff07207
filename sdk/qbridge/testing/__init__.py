"""A bridge in memory, for tests: a real transport with nothing behind it but dictionaries.

Takes what any transport takes, gives what a bridge gives: acceptance, results, watches, idempotency, an echo
backend, an exact vector backend, and backends of your own - handlers in this process, or workers that attach
over Execute. It keeps the contract's words but none of a bridge's promises: no disk, no lanes, no
batching, no keys.

    from qbridge import testing

    async with testing.aconnect(backends={"triage": handler}) as client: ...
    with testing.connect() as client: ...

`InMemoryTransport` is the twin that proves the seam: what runs on it runs on every transport.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from qbridge._client import AsyncClient
from qbridge._config import Options, Target
from qbridge._sync import Client
from qbridge.testing._memory import InMemoryTransport

__all__ = ["InMemoryTransport", "aconnect", "connect"]


def aconnect(*, backends: Mapping[str, Callable[[Any], Any]] | None = None, timeout_s: float = 10.0) -> AsyncClient:
    """An asynchronous client of a fresh bridge in memory; `backends` are handlers, as a Worker's."""
    return AsyncClient(Options(Target("embedded"), timeout_s=timeout_s), InMemoryTransport(backends))


def connect(*, backends: Mapping[str, Callable[[Any], Any]] | None = None, timeout_s: float = 10.0) -> Client:
    """The same without asyncio."""
    client = Client(Options(Target("embedded"), timeout_s=timeout_s), InMemoryTransport(backends))
    client.open()
    return client
