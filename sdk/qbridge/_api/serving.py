"""Serving as a backend on the client's own connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from qbridge._core import Core
from qbridge_contract.services import BACKEND_DELETE
from qbridge_contract.structs import Backend, DeleteBackendRequest

if TYPE_CHECKING:
    from qbridge.worker import Worker


class ServingMethods(Core):
    """Serve, and take a registration away."""

    async def serve(
        self,
        backend: str | Worker,
        handler: Callable[[Any], Any] | None = None,
        *,
        operations: Iterable[str] = ("*",),
        batch: bool = False,
        stop: asyncio.Event | None = None,
        ready: Callable[[Backend], object] | None = None,
        **options: Any,
    ) -> None:
        """Serves as a backend until `stop` is set or the task is cancelled.

        Either a Worker, or a name and one handler for its `operations`; `batch` and the handler are as in
        `Worker.operation`, further options as in `Worker`, `ready` and the errors as in `Worker.serve`.
        """
        from qbridge.worker import Worker

        worker = backend if isinstance(backend, Worker) else Worker(backend, **options)
        if handler is not None:
            for name in operations:
                worker.operation(name, batch=batch)(handler)
        await worker.serve(self, stop=stop, ready=ready)  # type: ignore[arg-type]  # AsyncClient is the only Core

    async def unregister(self, backend: str) -> None:
        """Takes a remote backend away; what waits for it ends with BackendLost. Raises NotFound."""
        await self.ask(BACKEND_DELETE, DeleteBackendRequest(name=backend))
