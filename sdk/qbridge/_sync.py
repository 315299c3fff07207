"""The sync face: each method is the asynchronous one, run on the background loop.

Nothing is written twice, so the two cannot drift apart: `query = _waits(AsyncClient.query)` has the
signature, the documentation and the errors of the original. Works in scripts, threads and notebooks.
"""

from __future__ import annotations

import contextlib
import functools
import os
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Concatenate, ParamSpec, TypeVar

from qbridge._client import AsyncClient
from qbridge._config import CONNECT_TIMEOUT_S_DEFAULT, TIMEOUT_S_DEFAULT, TLS, Options, options_from
from qbridge._loop import at_thread_exit, shared_loop
from qbridge._transports.base import Transport, end_stream
from qbridge.exceptions import QBridgeError, connection_lost

P = ParamSpec("P")
R = TypeVar("R")


def _waits(
    method: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[Client, P], R]:
    def wait(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._run(method(self._client, *args, **kwargs))

    functools.update_wrapper(wait, method)
    return wait


def _iterates(
    method: Callable[Concatenate[Any, P], AsyncIterator[R]],
) -> Callable[Concatenate[Client, P], Iterator[R]]:
    def iterate(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[R]:
        return self._iterate(method(self._client, *args, **kwargs))

    functools.update_wrapper(iterate, method)
    return iterate


_open: weakref.WeakSet[Client] = weakref.WeakSet()


def _close_all() -> None:
    for client in list(_open):
        with contextlib.suppress(QBridgeError):
            client.close()


at_thread_exit(_close_all)


class Client:
    """A connection to a bridge, without asyncio. Made by `connect`; any number of threads may use it.

    In a process forked from the one that connected, connect again.
    """

    def __init__(self, options: Options, transport: Transport | None = None) -> None:
        self._loop = shared_loop()
        self._pid = os.getpid()
        self._client = AsyncClient(options, transport)
        _open.add(self)

    @property
    def options(self) -> Options:
        """How it was set up."""
        return self._client.options

    def __repr__(self) -> str:
        return f"<Client {self.options.target}>"

    def __enter__(self) -> Client:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, coroutine: Coroutine[Any, Any, R]) -> R:
        if self._pid != os.getpid() or not self._loop.alive:
            coroutine.close()
            raise connection_lost("this client was connected before a fork, or has ended: connect again here")
        return self._loop.run(coroutine)

    def _iterate(self, iterator: AsyncIterator[R]) -> Iterator[R]:
        try:
            while True:
                try:
                    item = self._run(_next(iterator))
                except StopAsyncIteration:
                    return
                yield item
        finally:
            self._run(end_stream(iterator))

    open = _waits(AsyncClient.open)
    close = _waits(AsyncClient.close)
    send = _waits(AsyncClient.send)

    call = _waits(AsyncClient.call)
    submit = _waits(AsyncClient.submit)
    submit_many = _waits(AsyncClient.submit_many)
    result = _waits(AsyncClient.result)
    get_request = _waits(AsyncClient.get_request)
    watch = _iterates(AsyncClient.watch)
    cancel = _waits(AsyncClient.cancel)
    explain = _waits(AsyncClient.explain)
    requests = _iterates(AsyncClient.requests)

    create_collection = _waits(AsyncClient.create_collection)
    delete_collection = _waits(AsyncClient.delete_collection)
    collections = _waits(AsyncClient.collections)
    upsert = _waits(AsyncClient.upsert)
    query = _waits(AsyncClient.query)
    get = _waits(AsyncClient.get)
    delete = _waits(AsyncClient.delete)
    count = _waits(AsyncClient.count)

    capabilities = _waits(AsyncClient.capabilities)
    health = _waits(AsyncClient.health)
    backends = _waits(AsyncClient.backends)
    backend = _waits(AsyncClient.backend)
    probe = _waits(AsyncClient.probe)


async def _next(iterator: AsyncIterator[R]) -> R:
    return await anext(iterator)


def connect(
    target: str | os.PathLike[str] | None = None,
    *,
    api_key: str | None = None,
    timeout_s: float = TIMEOUT_S_DEFAULT,
    connect_timeout_s: float = CONNECT_TIMEOUT_S_DEFAULT,
    coalesce: bool = True,
    tls: TLS | None = None,
) -> Client:
    """A client without asyncio: `with qbridge.connect() as client:`. The arguments are those of `aconnect`.

    An embedded bridge is started at once; an address is dialled with the first request.
    """
    client = Client(
        options_from(
            target,
            api_key=api_key,
            timeout_s=timeout_s,
            connect_timeout_s=connect_timeout_s,
            coalesce=coalesce,
            tls=tls,
        )
    )
    client.open()
    return client
