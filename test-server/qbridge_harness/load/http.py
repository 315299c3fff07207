"""Requests over HTTP/1.1, as cheap as they can be: bytes that were made before, a connection for each in flight."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from functools import partial

from qbridge_harness.clients import http1
from qbridge_harness.clients.pool import Pool
from qbridge_harness.load.open_loop import Answer, Done

KEPT_MAX = 40
"""Answers of one status that are kept."""
CONTENT_MAX = 4 * 1024 * 1024
"""A larger answer is an error: a load is no way to fetch much."""


class HttpSender:
    """Sends messages in turn to one address; a new connection is opened where none is idle."""

    def __init__(self, address: http1.Address, messages: Sequence[bytes]) -> None:
        self.kept: list[Answer] = []
        self._messages = messages
        # The open loop bounds what is in flight.
        self._pool = Pool(address, connections_max=1, content_max=CONTENT_MAX)
        self._opening: set[asyncio.Task[None]] = set()
        self._kept_of: dict[int, int] = {}

    def send(self, number: int, done: Done) -> None:
        """Sends the next message."""
        message = self._messages[number % len(self._messages)]
        connection = self._pool.take()
        if connection is not None:
            connection.start(message, partial(self._ended, done))
            return
        task = asyncio.get_running_loop().create_task(self._open(message, done))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def close(self) -> None:
        """Closes every connection."""
        for task in self._opening:
            task.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)
        await self._pool.close()

    async def _open(self, message: bytes, done: Done) -> None:
        try:
            connection = await self._pool.open()
        except OSError:
            done("UNREACHABLE")
            return
        connection.start(message, partial(self._ended, done))

    def _ended(self, done: Done, connection: http1.Connection, outcome: http1.Answer | http1.Fault) -> None:
        self._pool.give_back(connection)
        if isinstance(outcome, http1.Fault):
            done(outcome.code)
            return
        seen = self._kept_of.get(outcome.status, 0)
        if seen < KEPT_MAX:
            self._kept_of[outcome.status] = seen + 1
            self.kept.append(Answer(outcome.content, outcome.status, outcome.headers))
        done("" if outcome.status < 400 else _code(outcome.status, outcome.content))


def _code(status: int, body: bytes) -> str:
    """The code of a problem, or else the status."""
    try:
        code = json.loads(body)["code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return str(status)
    return str(code)[:60] or str(status)
