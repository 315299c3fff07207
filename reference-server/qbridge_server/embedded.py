"""The embedded door: a whole deployment in the caller's process, on the caller's loop, with no wire in between.

`qbridge.connect()` finds it through the entry point `qbridge.embedded`. Its shape is the SDK's transport.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from qbridge_contract.services import Rpc
from qbridge_contract.structs import Accepted, InternalRequest, Result, SubmitRequest
from qbridge_server.app import Deployment
from qbridge_server.config import ServerConfig
from qbridge_server.gateway import reading
from qbridge_server.gateway.context import CallContext

SERVICES = ("BridgeService", "BackendService", "PlatformService")


class Embedded:
    """A deployment as a transport: same rules, same errors, no keys: the caller owns the process."""

    def __init__(self, config: ServerConfig) -> None:
        self._config = config
        self._deployment: Deployment | None = None
        self._context = CallContext()

    @property
    def deployment(self) -> Deployment:
        """The deployment, once started."""
        if self._deployment is None:
            raise RuntimeError("the embedded bridge is not started; await start() first")
        return self._deployment

    async def start(self) -> None:
        """Builds and starts the deployment on the running loop."""
        self._deployment = Deployment(self._config, open_to_all=True, transports=["embedded"])
        await self._deployment.start()

    async def call(self, request: InternalRequest) -> Result:
        """Call. Raises BridgeError."""
        reading.check(request)
        return await self.deployment.bridge.run(self._context, request)

    async def submit(self, request: InternalRequest) -> Accepted:
        """Submit. Raises BridgeError."""
        reading.check(request)
        response = await self.deployment.bridge.submit(self._context, SubmitRequest(request=request))
        assert response.accepted is not None
        return response.accepted

    async def unary(self, rpc: Rpc, request: Any) -> Any:
        """Any unary RPC. Raises BridgeError."""
        reading.check(request)
        return await self._method(rpc)(self._context, request)

    def stream(self, rpc: Rpc, request: Any) -> AsyncIterator[Any]:
        """Any server-streaming RPC. Raises BridgeError while it is read."""
        reading.check(request)
        responses: AsyncIterator[Any] = self._method(rpc)(self._context, request)
        return responses

    def bidi(self, rpc: Rpc, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Any RPC that streams both ways. Raises BridgeError while it is read."""
        responses: AsyncIterator[Any] = self._method(rpc)(self._context, _checked(requests))
        return responses

    async def close(self) -> None:
        """Drains and closes the deployment; what is durable is found again by the next one."""
        if self._deployment is not None:
            await self._deployment.drain()
            await self._deployment.close()
            self._deployment = None

    def _method(self, rpc: Rpc) -> Any:
        return getattr(self.deployment.applications[rpc.service], rpc.method)


async def _checked(requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for request in requests:
        reading.check(request)
        yield request


def open_embedded(folder: str | None = None, **settings: Any) -> Embedded:
    """A deployment in this process: in memory, or durable in `folder`. `settings` are those of `ServerConfig`."""
    return Embedded(ServerConfig(data=Path(folder) if folder else None, **settings))
