"""What is made fresh at each use: ids, tokens, ULIDs.

Within a case all of it derives from the run's seed and the case's name, so that the same seed sends the same requests,
whatever else runs beside it. Outside of a case, for the runs of the server for example, it is as random as can be.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from random import Random

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BEGIN_MS = 1_577_836_800_000
"""2020-01-01: the ULIDs of a seed have a made-up time behind it, within four years."""
_SPAN_MS = 4 * 365 * 86_400_000


class Fresh:
    """The source of one case: the same seed and name give the same sequence."""

    def __init__(self, seed: str, name: str) -> None:
        self.random = Random(f"{seed}\n{name}")  # noqa: S311 - reproducible on purpose, and no secret.
        base_ms = _BEGIN_MS + Random(f"{seed}").randrange(_SPAN_MS)  # noqa: S311
        self._ulid = base_ms << 80 | self.random.getrandbits(80)

    def token(self, size: int) -> str:
        """So many random bytes, in hex."""
        return self.random.randbytes(size).hex()

    def ulid(self) -> str:
        """A ULID; later ones sort behind earlier ones."""
        self._ulid += (1 << 80) | self.random.getrandbits(16)
        return _text(self._ulid)


_source: ContextVar[Fresh | None] = ContextVar("fresh", default=None)
_last_ulid = 0


def new_seed() -> str:
    """A seed for a run that names none."""
    return secrets.token_hex(6)


@contextmanager
def using(fresh: Fresh) -> Iterator[Fresh]:
    """Within the block, in this task and in those that it starts, everything fresh comes from this source."""
    mark = _source.set(fresh)
    try:
        yield fresh
    finally:
        _source.reset(mark)


def token(size: int) -> str:
    """So many random bytes, in hex."""
    source = _source.get()
    return secrets.token_hex(size) if source is None else source.token(size)


def random() -> Random:
    """A generator for every other choice."""
    source = _source.get()
    return secrets.SystemRandom() if source is None else source.random


def ulid() -> str:
    """A new ULID: 48 bits of milliseconds, 80 random bits; later ones sort behind earlier ones."""
    global _last_ulid
    source = _source.get()
    if source is not None:
        return source.ulid()
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    _last_ulid = number = number if number > _last_ulid else _last_ulid + 1
    return _text(number)


def _text(number: int) -> str:
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))
