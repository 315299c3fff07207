"""The real clock, randomness and task starter. The rooms get them as ports, so that a simulation can drive them."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger("qbridge.server")


class SystemClock:
    """Time as the machine tells it."""

    monotonic = staticmethod(time.monotonic)
    wall = staticmethod(time.time)


class SystemRng:
    """Randomness: `random` and `bits` for jitter and ids, `token_bytes` for secrets."""

    def __init__(self) -> None:
        self._source = random.Random()  # noqa: S311 - jitter and ids; secrets come from token_bytes
        self.random = self._source.random
        self.bits = self._source.getrandbits
        self.token_bytes = secrets.token_bytes


class Tasks:
    """Starts named tasks, keeps them until they end, and logs the ones that fail.

    asyncio holds tasks only weakly: one that nobody keeps can vanish in the middle of its work.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self.failures = 0

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Starts `work` as a task of that name."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.failures += 1
            log.error("task failed", extra={"task": task.get_name()}, exc_info=error)

    async def close(self) -> None:
        """Cancels what still runs and waits for it."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
