"""What a process serves: a backend's name and a handler for each of its operations."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from qbridge.exceptions import invalid
from qbridge.worker._execute import Execution
from qbridge_contract.structs import Backend, BatchLimits, OperationSpec

if TYPE_CHECKING:
    from qbridge._client import AsyncClient

Handler = Callable[[Any], Any]
"""Takes a Task, or a list of them where it handles batches; a coroutine function, or a plain one."""
HandlerT = TypeVar("HandlerT", bound=Handler)

TYPED_OPERATIONS = frozenset(
    {
        "create_collection",
        "delete_collection",
        "list_collections",
        "upsert",
        "query",
        "get",
        "delete",
        "count",
    }
)
ANY = "*"


@dataclass(frozen=True, slots=True)
class Route:
    """Which handler does an operation, and whether it takes whole batches."""

    handler: Handler
    batch: bool
    description: str


class Worker:
    """A backend in this process: registered by name, served over Execute until it is stopped."""

    def __init__(
        self,
        name: str,
        *,
        description: str = "",
        labels: Mapping[str, str] | None = None,
        batch_size_max: int = 0,
        batch_wait_s_max: float = 0.0,
        window: int = 1,
        drain_s: float = 10.0,
    ) -> None:
        """`batch_size_max` requests share a batch at most (0: the deployment's default), the first of them

        waits `batch_wait_s_max` for others. `window` batches are in hand at once in this process, and as many
        in each other process that serves the same name. When stopped, what is in hand has `drain_s` to finish.
        """
        self.name = name
        self.window = window
        self.drain_s = drain_s
        self._description = description
        self._labels = dict(labels or {})
        self._batch = BatchLimits(size_max=batch_size_max, wait_s_max=batch_wait_s_max)
        self._routes: dict[str, Route] = {}

    def __repr__(self) -> str:
        return f"<Worker {self.name}: {', '.join(self._routes) or 'no operations'}>"

    def operation(
        self, name: str = ANY, *, description: str = "", batch: bool = False
    ) -> Callable[[HandlerT], HandlerT]:
        """Marks the handler of an operation: a generic name ("plan"), a typed field ("query"), "*" for the rest.

        A handler returns bytes, str, JSON, a pydantic model, or a reply's struct, and raises to fail the item.
        With `batch`, it takes a list of tasks and returns a list of answers, exceptions among them where
        single items fail. A plain function runs in a thread.
        """

        def mark(handler: HandlerT) -> HandlerT:
            self._routes[name] = Route(handler, batch, description)
            return handler

        return mark

    def route(self, name: str) -> Route | None:
        """Who does this operation."""
        return self._routes.get(name) or self._routes.get(ANY)

    def registration(self) -> Backend:
        """How the backend registers: with "*" it offers any generic operation, so it names none."""
        names: Sequence[str] = () if ANY in self._routes else tuple(self._routes)
        return Backend(
            name=self.name,
            kind="remote",
            description=self._description,
            operations=[
                OperationSpec(
                    name=name if name in TYPED_OPERATIONS else f"invoke:{name}",
                    description=self._routes[name].description,
                )
                for name in names
            ],
            batch=self._batch,
            labels=self._labels,
        )

    async def serve(
        self,
        client: AsyncClient,
        *,
        stop: asyncio.Event | None = None,
        ready: Callable[[Backend], object] | None = None,
    ) -> None:
        """Serves until `stop` is set or the task is cancelled; a lost connection is taken up again.

        `ready` is called each time the bridge has attached it. Raises what cannot be mended by waiting:
        PermissionDenied, AlreadyExists (the name is another registration's), Unsupported (REST has no Execute).
        """
        if not self._routes:
            raise invalid(f"worker {self.name!r} has no operations: mark handlers with @worker.operation(...)")
        await Execution(self, client, stop or asyncio.Event(), ready or _nothing).run()

    def run(
        self,
        target: str | os.PathLike[str] | None = None,
        *,
        api_key: str | None = None,
        ready: Callable[[Backend], object] | None = None,
    ) -> None:
        """Serves from a program's main thread until Ctrl-C or SIGTERM, and finishes what is in hand."""

        async def main() -> None:
            from qbridge._client import aconnect

            stop = asyncio.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
            async with aconnect(target, api_key=api_key) as client:
                await self.serve(client, stop=stop, ready=ready)

        asyncio.run(main())


def _nothing(backend: Backend) -> None:
    """Nobody wants to know."""
