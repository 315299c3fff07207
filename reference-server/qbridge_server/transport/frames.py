"""Frames: whatever queues up for a connection during one turn of the loop, or while the last frame was being
written, leaves together, as far as it fits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from qbridge_contract.structs import Accepted, Credit, Durability, GoAway, Limits, Result, SessionResponse
from qbridge_server.ports import Entry

ITEM_BYTES = 256
"""What an item takes on the wire besides its payload: ids, states, times. Rather more than less."""
FILL = 0.5
"""How much of the largest message a frame may take by estimate: JSON and base64 make payloads longer."""


class FrameTransport:
    """The way back of one session: frames of at most `frame_items_max` items, and not much payload above that.

    A result counts until its frame is taken. The gateway refuses what exceeds the session's window, refusals
    included, and reads no further while there is no `room`: so a caller that does not read stops being read.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._frame_bytes_max = int(limits.message_bytes_max * FILL)
        self._accepted: dict[str, tuple[Entry, bool]] = {}
        self._results: list[Result] = []
        self._sizes: list[int] = []
        self._bytes = 0
        self._credit: Credit | None = None
        self._go_away: GoAway | None = None
        self._closed = False
        self._waiter: asyncio.Future[None] | None = None
        self._taken = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many results have not left yet."""
        return len(self._results)

    async def room(self) -> None:
        """Waits while as much has not left yet as the window allows, in items or in bytes."""
        limits = self._limits
        while len(self._results) >= limits.session_items_max or self._bytes >= limits.message_bytes_max:
            self._taken.clear()
            await self._taken.wait()

    def accepted(self, entry: Entry, replayed: bool) -> None:
        """Queues the acceptance of an entry."""
        self._accepted[entry.request.id] = (entry, replayed)
        self._wake()

    def result(self, result: Result, size: int) -> None:
        """Queues a result with about `size` bytes of payload.

        The acceptance of a MEMORY request, if it has not left yet, goes without saying.
        """
        accepted = self._accepted.get(result.request_id)
        if accepted is not None and accepted[0].durability is Durability.MEMORY and not accepted[1]:
            del self._accepted[result.request_id]
        size += ITEM_BYTES
        self._results.append(result)
        self._sizes.append(size)
        self._bytes += size
        self._wake()

    def credit(self, credit: Credit) -> None:
        """Queues the window."""
        self._credit = credit
        self._wake()

    def go_away(self, go_away: GoAway) -> None:
        """Queues the farewell; results may still follow it."""
        self._go_away = go_away
        self._wake()

    def close(self) -> None:
        """Ends `frames` once all that is queued has left."""
        self._closed = True
        self._wake()

    async def frames(self) -> AsyncIterator[SessionResponse]:
        """The frames to write, until the transport is closed and drained."""
        while True:
            if self._accepted or self._results or self._credit or self._go_away:
                yield self._next()
            elif self._closed:
                return
            else:
                self._waiter = asyncio.get_running_loop().create_future()
                await self._waiter

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)

    def _next(self) -> SessionResponse:
        """The next frame: acceptances first, for none may leave behind its result."""
        frame = SessionResponse(credit=self._credit, go_away=self._go_away)
        self._credit = self._go_away = None
        items_left, bytes_left = self._limits.frame_items_max, self._frame_bytes_max
        if self._accepted:
            frame.accepted = self._take_accepted(min(items_left, max(1, bytes_left // ITEM_BYTES)))
            items_left -= len(frame.accepted)
            bytes_left -= len(frame.accepted) * ITEM_BYTES
        if self._results and not self._accepted:
            frame.results = self._take_results(items_left, bytes_left, alone=not frame.accepted)
        return frame

    def _take_accepted(self, count: int) -> list[Accepted]:
        taken = list(self._accepted.items())[:count]
        for request_id, _ in taken:
            del self._accepted[request_id]
        return [
            Accepted(request_id=request_id, durability=entry.durability, replayed=replayed, trace_id=entry.trace_id)
            for request_id, (entry, replayed) in taken
        ]

    def _take_results(self, items_max: int, bytes_max: int, *, alone: bool) -> list[Result]:
        """What fits; one that is larger than a frame may be goes `alone`."""
        results, sizes = self._results, self._sizes
        count, size = len(results), self._bytes
        if count > items_max or size > bytes_max:
            count = size = 0
            for each in sizes[:items_max]:
                if size + each > bytes_max and not (alone and count == 0):
                    break
                count += 1
                size += each
        self._results, self._sizes = results[count:], sizes[count:]
        self._bytes -= size
        self._taken.set()
        return results[:count]
