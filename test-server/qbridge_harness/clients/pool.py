"""The connections to one address: the last one used is used first, an old one or a dropped one not at all.

A request that meets the end of its connection is not sent a second time: nobody can know whether the deployment has
begun it, so that a POST might take effect twice, and a judge must be sure of what it has sent. Instead the end is
seen before anything is sent: see `Pool.take`.
"""

from __future__ import annotations

import asyncio

from qbridge_harness.clients.http1 import Address, Answer, Connection, Fault

# Many servers drop a connection that was idle for 5 s: a request that is sent at that moment is lost, and the
# deployment would be blamed for it.
KEEPALIVE_S = 1.0


class Pool:
    """Connections, a bounded number of them in use at once."""

    def __init__(self, address: Address, *, connections_max: int, content_max: int) -> None:
        self._address = address
        self._content_max = content_max
        self._idle: list[Connection] = []
        self._all: set[Connection] = set()
        self._room = asyncio.Semaphore(connections_max)

    async def exchange(self, message: bytes, *, head: bool = False) -> Answer | Fault:
        """One request and what came of it. A caller who is cancelled takes the connection with him."""
        loop = asyncio.get_running_loop()
        async with self._room:
            connection = self.take()
            try:
                connection = connection or await self.open()
            except OSError as error:
                return Fault("UNREACHABLE", str(error) or type(error).__name__)
            future: asyncio.Future[Answer | Fault] = loop.create_future()

            def ended(_connection: Connection, outcome: Answer | Fault) -> None:
                if not future.done():
                    future.set_result(outcome)

            connection.start(message, ended, head=head)
            try:
                outcome = await future
            except BaseException:
                connection.close()
                raise
            self.give_back(connection)
            return outcome

    def take(self) -> Connection | None:
        """An idle connection that the server has not dropped, and is not about to drop.

        Its age counts from the request before: the server's own count cannot have begun earlier, even where this loop
        was too busy to read the answer in time. And the socket is asked, for the loop may not have read an end yet.
        """
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            if now - connection.asked_at < KEEPALIVE_S and connection.silent:
                return connection
            connection.close()
        return None

    async def open(self) -> Connection:
        """A new connection. Raises OSError."""
        address = self._address
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: Connection(self._forget, self._content_max), address.host, address.port, ssl=address.tls
        )
        self._all.add(connection)
        return connection

    def give_back(self, connection: Connection) -> None:
        """Keeps a connection for the next request, if it may be used again."""
        if not connection.closing:
            self._idle.append(connection)

    def _forget(self, connection: Connection) -> None:
        self._all.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    async def close(self) -> None:
        """Drops every connection."""
        for connection in list(self._all):
            connection.close()
        self._idle.clear()
        await asyncio.sleep(0)  # The transports close their sockets in the loop's next round.
