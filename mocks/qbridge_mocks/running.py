"""Starts an implementation by its name, on real sockets, inside this process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import uvicorn

from qbridge_mocks.broken import BROKEN
from qbridge_mocks.conforming.grpc_door import GrpcDoor
from qbridge_mocks.conforming.world import LIMITS, World
from qbridge_mocks.parts import Parts

START_S_MAX = 10.0
CLOSE_S_MAX = 5


@dataclass
class Running:
    """A deployment that serves. Use it as an async context manager, or close it."""

    name: str
    grpc: str
    """HOST:PORT."""
    rest: str
    """http://HOST:PORT."""
    world: World
    _grpc: GrpcDoor
    _http: _Http
    _serving: asyncio.Task[None]

    async def close(self) -> None:
        """Ends every stream and gives the sockets back."""
        self.world.close()
        self._http.should_exit = True
        await self._serving
        await self._grpc.close()

    async def __aenter__(self) -> Running:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()


async def start(
    name: str = "conforming",
    *,
    key: str = "",
    grpc: str = "127.0.0.1:0",
    rest: str = "127.0.0.1:0",
    routes: Iterable[tuple[str, str]] = (),
) -> Running:
    """Starts "conforming" or "broken/NAME".

    `key` switches authentication on, with that key holding every scope. `routes` are (glob, backend): where a
    generic operation without a backend goes by its name. Raises KeyError for a name that `names()` lacks,
    OSError where an address cannot be had.
    """
    parts = parts_of(name)
    world = parts.world(first_key=key, routes=routes)
    reader = parts.reader()
    services: dict[str, Any] = {
        "BridgeService": parts.bridge(world, reader),
        "BackendService": parts.registry(world),
        "PlatformService": parts.platform(world),
    }
    grpc_socket, rest_socket = listen(grpc), listen(rest)
    grpc_door = parts.grpc(world, reader, services)
    await grpc_door.start(grpc_socket)
    http = _Http(parts.rest(world, reader, services).app)
    serving = asyncio.create_task(http.serve(sockets=[rest_socket]))
    await http.ready(serving)
    return Running(
        name=name,
        grpc=address_of(grpc_socket),
        rest=f"http://{address_of(rest_socket)}",
        world=world,
        _grpc=grpc_door,
        _http=http,
        _serving=serving,
    )


def names() -> list[str]:
    """All names that can be started."""
    return ["conforming", *(f"broken/{name}" for name in sorted(BROKEN))]


def parts_of(name: str) -> Parts:
    """The classes of an implementation. Raises KeyError."""
    if name == "conforming":
        return Parts()
    return BROKEN[name.removeprefix("broken/")]


def listen(address: str) -> socket.socket:
    """A bound socket for HOST:PORT; port 0 takes a free one."""
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio switches Nagle's algorithm off; without, small answers wait 40 ms.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host.strip("[]"), int(port)))
        bound.listen(128)
    except OSError:
        bound.close()
        raise
    bound.setblocking(False)
    return bound


def address_of(bound: socket.socket) -> str:
    """HOST:PORT of a bound socket."""
    host, port = bound.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _Http(uvicorn.Server):
    """uvicorn as a part of this process: signals are the command's business."""

    def __init__(self, app: Any) -> None:
        config = uvicorn.Config(
            app,
            log_level="critical",
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            ws_max_size=2 * LIMITS.message_bytes_max,
            timeout_graceful_shutdown=CLOSE_S_MAX,
        )
        super().__init__(config)
        self._up = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._up.set()

    async def ready(self, serving: asyncio.Task[None]) -> None:
        """Waits until it serves. Raises what stopped it."""
        waiting = asyncio.create_task(self._up.wait())
        await asyncio.wait({waiting, serving}, timeout=START_S_MAX, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if serving.done():
            serving.result()
