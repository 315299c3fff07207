"""How a run ends before its last case: somebody interrupts it, or the target is gone.

Cases that run are cut off and clean up behind them, in a bounded time; those that have not begun are skipped. What was
learned until then is reported.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from qbridge_harness.clients import Target
from qbridge_harness.clients.http1 import Address
from qbridge_harness.engine.results import Stopped

RESTART_S = 3.0
"""How long a deployment may refuse connections (it may start again by itself) before it counts as gone."""
_CONNECT_S = 2.0
_POLL_S = 0.25
_T = TypeVar("_T")


class Halt:
    """The early end of one run, asked for at most once."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._looking = asyncio.Lock()
        self.why: Stopped = ""
        self.reason = ""
        """In one sentence, for every case that did not run."""

    def stop(self, why: Stopped, reason: str) -> None:
        """Ends the run; who asks first says why."""
        if not self.why:
            self.why, self.reason = why, reason
        self._asked.set()

    async def race(self, work: Coroutine[Any, Any, _T]) -> _T | None:
        """The outcome of the work; None where the run ended first, once the work has cleaned up."""
        task = asyncio.ensure_future(work)
        bell = asyncio.ensure_future(self._asked.wait())
        try:
            await asyncio.wait({task, bell}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            bell.cancel()
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
        return None if task.cancelled() else task.result()

    async def look_for(self, target: Target) -> None:
        """Ends the run where nothing listens at the target any more. Cases that ask together share the answer."""
        if self.why:
            return
        async with self._looking:
            if not self.why and not await _listens(target):
                self.stop("gone", f"the target is gone ({target.rest} takes no connection)")


async def to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Runs the work to its end even where the caller is cancelled meanwhile; the work bounds its own time."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


async def _listens(target: Target) -> bool:
    """Whether somebody takes connections at the address of REST, now or a moment later."""
    address = Address(target.rest)
    with suppress(TimeoutError):
        async with asyncio.timeout(RESTART_S):
            while True:
                if not await _refuses(address.host, address.port):
                    return True
                await asyncio.sleep(_POLL_S)
    return False


async def _refuses(host: str, port: int) -> bool:
    """Whether every address of the host refuses; a network that hesitates does not, the cases find out themselves."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return False
    for family, kind, _, _, address in found:
        with socket.socket(family, kind) as end:
            end.setblocking(False)
            try:
                async with asyncio.timeout(_CONNECT_S):
                    await loop.sock_connect(end, address)
            except ConnectionRefusedError:
                continue
            except (OSError, TimeoutError):
                return False
            return False
    return True
