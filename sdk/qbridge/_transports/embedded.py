"""A bridge in this process, found by its entry point: the SDK never imports the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from importlib.metadata import entry_points
from typing import Any

from qbridge.exceptions import Unsupported, deadline_exceeded, make_error
from qbridge_contract.services import Rpc
from qbridge_contract.structs import Accepted, ErrorCode, InternalRequest, Result

_GROUP = "qbridge.embedded"


class EmbeddedTransport:
    """Hands each request to a bridge on this loop, with nothing in between."""

    def __init__(self, folder: str | None) -> None:
        self._folder = folder
        self._bridge: Any = None

    async def open(self) -> None:
        """Starts the bridge; with a folder, takes ownership of what is in it.

        Raises Unsupported where no bridge is installed, FailedPrecondition where the folder has an owner.
        """
        bridge = _load()(self._folder)
        await bridge.start()
        self._bridge = bridge

    async def call(self, request: InternalRequest) -> Result:
        """Asks the bridge directly."""
        result: Result = await self._bridge.call(request)
        return result

    async def submit(self, request: InternalRequest) -> Accepted:
        """Asks the bridge directly."""
        accepted: Accepted = await self._bridge.submit(request)
        return accepted

    async def unary(self, rpc: Rpc, request: Any, timeout_s: float) -> Any:
        """Asks the bridge directly."""
        try:
            async with asyncio.timeout(timeout_s or None):
                return await self._bridge.unary(rpc, request)
        except TimeoutError as error:
            raise deadline_exceeded(timeout_s) from error

    def stream(self, rpc: Rpc, request: Any) -> AsyncIterator[Any]:
        """Asks the bridge directly."""
        stream: AsyncIterator[Any] = self._bridge.stream(rpc, request)
        return stream

    def bidi(self, rpc: Rpc, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Asks the bridge directly."""
        stream: AsyncIterator[Any] = self._bridge.bidi(rpc, requests)
        return stream

    async def close(self) -> None:
        """Stops the bridge; what is durable stays in its folder."""
        if self._bridge is not None:
            bridge, self._bridge = self._bridge, None
            await bridge.close()


def _load() -> Any:
    for entry_point in entry_points(group=_GROUP):
        if entry_point.name == "default":
            return entry_point.load()
    raise make_error(
        Unsupported,
        ErrorCode.UNIMPLEMENTED,
        "no embedded bridge is installed: install the package qbridge whole, "
        "or name a server, as in connect('grpc://localhost:7400')",
    )
