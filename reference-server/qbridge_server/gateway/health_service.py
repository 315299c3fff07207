"""The standard grpc.health.v1.Health over the deployment's health.

Source: https://github.com/grpc/grpc/blob/master/doc/health-checking.md
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import grpc.aio

from qbridge_contract.structs import Health, HealthState

SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"
"""HealthCheckResponse with its one field, `status` = 1 or 2, on the wire."""
LOOK_S = 1.0
READY = (HealthState.SERVING, HealthState.DEGRADED)


class HealthService:
    """Check and Watch for the deployment as a whole; the service name asked for does not matter."""

    def __init__(self, health: Callable[[], Awaitable[Health]]) -> None:
        self._health = health

    def handler(self) -> grpc.GenericRpcHandler:
        """The service's generic handler."""
        return grpc.method_handlers_generic_handler(
            "grpc.health.v1.Health",
            {
                "Check": grpc.unary_unary_rpc_method_handler(self._check),
                "Watch": grpc.unary_stream_rpc_method_handler(self._watch),
            },
        )

    async def _check(self, _request: bytes, _wire: grpc.aio.ServicerContext[Any, Any]) -> bytes:
        return SERVING if (await self._health()).state in READY else NOT_SERVING

    async def _watch(self, request: bytes, wire: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[bytes]:
        last = b""
        while True:
            now = await self._check(request, wire)
            if now != last:
                last = now
                yield now
            await asyncio.sleep(LOOK_S)
