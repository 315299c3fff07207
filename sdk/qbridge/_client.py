"""The asynchronous client: all methods on one connection."""

from __future__ import annotations

import os

from qbridge._api.platform import PlatformMethods
from qbridge._api.requests import RequestMethods
from qbridge._api.serving import ServingMethods
from qbridge._api.vectors import VectorMethods
from qbridge._config import CONNECT_TIMEOUT_S_DEFAULT, TIMEOUT_S_DEFAULT, TLS, options_from


class AsyncClient(RequestMethods, VectorMethods, PlatformMethods, ServingMethods):
    """A connection to a bridge, for asyncio. Made by `aconnect`; bound to the loop that it is first used on.

    Any number of coroutines may use it at once: over gRPC their calls share frames by themselves.
    """


def aconnect(
    target: str | os.PathLike[str] | None = None,
    *,
    api_key: str | None = None,
    timeout_s: float = TIMEOUT_S_DEFAULT,
    connect_timeout_s: float = CONNECT_TIMEOUT_S_DEFAULT,
    coalesce: bool = True,
    tls: TLS | None = None,
) -> AsyncClient:
    """A client for asyncio: `async with aconnect() as client:`, or `client = await aconnect()`.

    `target`: None for a bridge in this process that keeps nothing; a folder for one that keeps everything
    there; `grpc://host:port`, `grpcs://`, `http://`, `https://` for one elsewhere. Without a target,
    `QBRIDGE_TARGET` counts; without an `api_key`, `QBRIDGE_API_KEY`.
    `timeout_s` is how long a call waits where it does not say; 0 waits for ever.

    Raises InvalidRequest for a target that cannot be. Nothing is dialled before the first request.
    """
    return AsyncClient(
        options_from(
            target,
            api_key=api_key,
            timeout_s=timeout_s,
            connect_timeout_s=connect_timeout_s,
            coalesce=coalesce,
            tls=tls,
        )
    )
