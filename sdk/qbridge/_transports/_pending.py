"""What a session keeps of a request until its result is there."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Any

_UNBOUNDED = 1 << 62


class Pending:
    """One request on its way: its bytes, so that it can be sent again, and who waits for it."""

    __slots__ = (
        "accepted_is_enough",
        "data",
        "deadline",
        "frame_bytes",
        "frame_items",
        "future",
        "id",
        "sends",
        "timeout_s",
    )

    def __init__(
        self, request_id: str, data: bytes, future: asyncio.Future[Any], deadline: float, timeout_s: float
    ) -> None:
        self.id = request_id
        self.data = data
        self.future = future
        """Gets the Accepted or the Result, as the messages that they came as."""
        self.deadline = deadline
        """In the loop's time; infinity where the request may take for ever."""
        self.timeout_s = timeout_s
        self.accepted_is_enough = False
        """True for a submit."""
        self.sends = 0
        """How many streams it has been written to."""
        self.frame_bytes = self.frame_items = 0
        """How large the frame was that it last left in, and how many requests were in it."""


class Window:
    """How much may be unanswered: nothing until the server has said so."""

    __slots__ = ("bytes_free", "bytes_max", "items_free", "items_max")

    def __init__(self) -> None:
        self.items_max = self.items_free = 0
        self.bytes_max = self.bytes_free = 0

    def resize(self, items: int, bytes_: int) -> None:
        """A new size; what is unanswered stays counted. 0 bytes means that only items count."""
        bytes_ = bytes_ or _UNBOUNDED
        self.items_free += items - self.items_max
        self.bytes_free += bytes_ - self.bytes_max
        self.items_max, self.bytes_max = items, bytes_

    def take(self, size: int) -> bool:
        """Counts a request in, if there is room. One larger than the whole window goes when it is alone."""
        if self.items_free <= 0 or (size > self.bytes_free and self.bytes_free < self.bytes_max):
            return False
        self.items_free -= 1
        self.bytes_free -= size
        return True

    def give_back(self, size: int) -> None:
        """Counts an answered request out."""
        self.items_free += 1
        self.bytes_free += size


def pack(
    queue: deque[Pending], window: Window, cancels: list[str], items_max: int, bytes_max: int
) -> tuple[bytes, list[Pending]]:
    """The next frame, from the head of the queue, and what is in it.

    A SessionRequest written by hand: the requests are serialised already, so a frame is their bytes behind
    their tags. Building it from messages would copy each of them twice.
    """
    parts: list[bytes] = []
    taken: list[Pending] = []
    total = 0
    while queue and len(taken) < items_max:
        pending = queue[0]
        if pending.future.done():
            queue.popleft()
            continue
        size = len(pending.data)
        if (taken and total + size > bytes_max) or not window.take(size):
            break
        queue.popleft()
        pending.sends += 1
        taken.append(pending)
        total += size
        parts += (SUBMITS_TAG, varint(size), pending.data)
    parts.extend(_cancel_parts(cancels))
    frame = b"".join(parts)
    for pending in taken:
        pending.frame_bytes, pending.frame_items = len(frame), len(taken)
    return frame, taken


def _cancel_parts(cancels: Iterable[str]) -> Iterable[bytes]:
    for request_id in cancels:
        text = request_id.encode()
        yield from (CANCELS_TAG, varint(len(text)), text)


def varint(value: int) -> bytes:
    """A protobuf varint."""
    if value < 128:
        return _SMALL[value]
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


_SMALL = [bytes([i]) for i in range(128)]
SUBMITS_TAG = b"\x0a"
"""SessionRequest.submits, field 1, length-delimited; a test holds these two against the contract."""
CANCELS_TAG = b"\x12"
"""SessionRequest.cancels, field 2, length-delimited."""
