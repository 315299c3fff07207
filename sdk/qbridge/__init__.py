"""Q-Bridge for callers: one client for every backend, embedded or across the network.

    import qbridge

    with qbridge.connect() as bridge:                       # embedded; or "./folder", "grpc://...", "http://..."
        bridge.create_collection("books", dimension=3)
        bridge.upsert("books", ["a", "b"], [[1, 0, 0], [0, 1, 0]])
        print(bridge.query("books", [1, 0.1, 0], top_k=1).ids)

The geography, from the caller down: `connect` / `aconnect` and the module's own functions (`_default`) give
a `Client` (`_sync`) or an `AsyncClient` (`_client`), whose methods stand by subject in `_api`; these make
the contract's messages and send them through `_core` over a transport (`_transports`). `qbridge.worker`
is the other end: a process that serves as a backend. `qbridge.testing` is a bridge in memory for tests.
This package knows the contract and no server.

Importing it loads next to nothing: each name below is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from qbridge._client import AsyncClient, aconnect
    from qbridge._columns import Matches, Records
    from qbridge._config import TLS, Options
    from qbridge._default import (
        backends,
        call,
        cancel,
        capabilities,
        close_default,
        collections,
        count,
        create_collection,
        default_client,
        delete,
        delete_collection,
        explain,
        get,
        health,
        query,
        requests,
        result,
        submit,
        submit_many,
        upsert,
        watch,
    )
    from qbridge._sync import Client, connect
    from qbridge.exceptions import (
        AlreadyExists,
        BackendFailed,
        BackendLost,
        Cancelled,
        ConnectionLost,
        DataLoss,
        DeadlineExceeded,
        FailedPrecondition,
        FinalError,
        FixableError,
        IdempotencyConflict,
        InternalError,
        InvalidRequest,
        NotFound,
        PermissionDenied,
        QBridgeError,
        QueueFull,
        QuotaExceeded,
        RetryableError,
        TooLarge,
        Unauthenticated,
        Unavailable,
        Unsupported,
        VersionConflict,
    )
    from qbridge.worker import Task, Worker

__all__ = [
    # Connecting
    "connect",
    "aconnect",
    "Client",
    "AsyncClient",
    "Options",
    "TLS",
    # Results
    "Matches",
    "Records",
    # Serving
    "Worker",
    "Task",
    # On the default connection
    "default_client",
    "close_default",
    "call",
    "submit",
    "submit_many",
    "result",
    "watch",
    "cancel",
    "explain",
    "requests",
    "create_collection",
    "delete_collection",
    "collections",
    "upsert",
    "query",
    "get",
    "delete",
    "count",
    "capabilities",
    "health",
    "backends",
    # Errors that a retry may mend
    "QBridgeError",
    "RetryableError",
    "ConnectionLost",
    "Unavailable",
    "QueueFull",
    "QuotaExceeded",
    "BackendLost",
    # Errors to fix
    "FixableError",
    "InvalidRequest",
    "TooLarge",
    "NotFound",
    "AlreadyExists",
    "IdempotencyConflict",
    "VersionConflict",
    "Unauthenticated",
    "PermissionDenied",
    "FailedPrecondition",
    "Unsupported",
    # Errors to give up on
    "FinalError",
    "Cancelled",
    "DeadlineExceeded",
    "BackendFailed",
    "InternalError",
    "DataLoss",
    "__version__",
]

_HOMES = {
    "connect": "_sync",
    "Client": "_sync",
    "aconnect": "_client",
    "AsyncClient": "_client",
    "Options": "_config",
    "TLS": "_config",
    "Matches": "_columns",
    "Records": "_columns",
    "Worker": "worker",
    "Task": "worker",
}
_SUBMODULES = ("exceptions", "testing", "worker")


def _home(name: str) -> str:
    """The module of a public name: errors are capitalised, the default connection's functions are not."""
    return _HOMES.get(name) or ("exceptions" if name[0].isupper() else "_default")


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return import_module(f"qbridge.{name}")
    if name not in __all__:
        raise AttributeError(f"module 'qbridge' has no attribute {name!r}")
    value = getattr(import_module(f"qbridge.{_home(name)}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBMODULES})
