"""Request ids and trace ids, made fast: one of each goes with every request.

A request id is "req_" and a ULID that grows with time, also within a millisecond, so that a list by
id is a list by age. Not secret: a request belongs to its caller's tenant, whoever knows its id.
"""

from __future__ import annotations

import os
import random
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]

# Our own generator: a user who seeds `random` neither changes our ids nor loses numbers to us.
_random = random.Random()  # noqa: S311 - trace ids need to differ, not to be unguessable
os.register_at_fork(after_in_child=_random.seed)


def _base32(value: int, pairs: int) -> str:
    return "".join(_PAIRS[(value >> (10 * i)) & 1023] for i in range(pairs - 1, -1, -1))


class RequestIds:
    """Makes request ids. One per client: not for several threads at once."""

    __slots__ = ("_counter", "_millisecond", "_stem")

    def __init__(self) -> None:
        self._millisecond = -1
        self._stem = ""
        self._counter = 0

    def new(self) -> str:
        """The next id: its time, 60 random bits, and a counter of 20 bits."""
        now = int(time.time() * 1000)
        counter = self._counter + 1
        if now > self._millisecond or counter >> 20:
            self._millisecond = max(now, self._millisecond + 1)
            seed = int.from_bytes(os.urandom(10), "big")
            self._stem = "req_" + _base32(self._millisecond, 5) + _base32(seed >> 20, 6)
            counter = seed & 0x7FFFF  # the upper half stays free for the ids of this millisecond
        self._counter = counter
        return self._stem + _PAIRS[counter >> 10] + _PAIRS[counter & 1023]


def new_trace_id() -> str:
    """32 hexadecimal digits, never all zero."""
    return f"{_random.getrandbits(128) or 1:032x}"


def new_span_id() -> str:
    """16 hexadecimal digits, never all zero."""
    return f"{_random.getrandbits(64) or 1:016x}"


def new_root_traceparent() -> str:
    """The traceparent of a trace that begins here. Not sampled: the caller keeps no spans."""
    bits = _random.getrandbits(192)
    return f"00-{bits >> 64 or 1:032x}-{bits & 0xFFFFFFFFFFFFFFFF or 1:016x}-00"
