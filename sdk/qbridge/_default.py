"""`qbridge.query(...)` and the rest on a connection that nobody had to make.

It is made with the first request, to `QBRIDGE_TARGET` or else embedded, shared by all threads, and closed
when the process ends, as every client is.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from qbridge._sync import Client, connect

P = ParamSpec("P")
R = TypeVar("R")

_client: Client | None = None
_owner = 0
_lock = threading.Lock()


def default_client() -> Client:
    """The default connection, made when first asked for; in a forked child, a new one."""
    global _client, _owner
    if _client is None or _owner != os.getpid():
        with _lock:
            if _client is None or _owner != os.getpid():
                _client, _owner = connect(), os.getpid()
    return _client


def close_default() -> None:
    """Closes the default connection; the next request makes another one."""
    global _client
    with _lock:
        if _client is not None and _owner == os.getpid():
            _client.close()
        _client = None


def _renew_lock() -> None:
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_renew_lock)


def _on_default(method: Callable[Concatenate[Client, P], R]) -> Callable[P, R]:
    @functools.wraps(method)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return method(default_client(), *args, **kwargs)

    return run


call = _on_default(Client.call)
submit = _on_default(Client.submit)
submit_many = _on_default(Client.submit_many)
result = _on_default(Client.result)
watch = _on_default(Client.watch)
cancel = _on_default(Client.cancel)
explain = _on_default(Client.explain)
requests = _on_default(Client.requests)

create_collection = _on_default(Client.create_collection)
delete_collection = _on_default(Client.delete_collection)
collections = _on_default(Client.collections)
upsert = _on_default(Client.upsert)
query = _on_default(Client.query)
get = _on_default(Client.get)
delete = _on_default(Client.delete)
count = _on_default(Client.count)

capabilities = _on_default(Client.capabilities)
health = _on_default(Client.health)
backends = _on_default(Client.backends)
