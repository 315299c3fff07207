"""Ids as the contract writes them: a prefix that says the kind, and a ULID, which sorts by time.

Time and randomness are the caller's, so that a simulation can drive them.
"""

from __future__ import annotations

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_DIGITS = frozenset(_ALPHABET)
_LENGTH = 26
_seen_ms = -1
_seen_text = ""


def new_id(prefix: str, wall_s: float, entropy: int) -> str:
    """`prefix_` and a ULID of the Unix time in seconds and of 80 random bits."""
    global _seen_ms, _seen_text
    ms = int(wall_s * 1000) & 0xFFFF_FFFF_FFFF
    p = _PAIRS
    # Most ids of a busy process share their millisecond with the one before.
    time = _seen_text
    if ms != _seen_ms:
        time = f"{p[ms >> 40]}{p[ms >> 30 & 1023]}{p[ms >> 20 & 1023]}{p[ms >> 10 & 1023]}{p[ms & 1023]}"
        _seen_text = time
        _seen_ms = ms
    a, b = entropy >> 40 & 0xFF_FFFF_FFFF, entropy & 0xFF_FFFF_FFFF
    return (
        f"{prefix}_{time}{p[a >> 30]}{p[a >> 20 & 1023]}{p[a >> 10 & 1023]}{p[a & 1023]}"
        f"{p[b >> 30]}{p[b >> 20 & 1023]}{p[b >> 10 & 1023]}{p[b & 1023]}"
    )


def is_id(prefix: str, text: str) -> bool:
    """True for `prefix_` and a ULID."""
    start = len(prefix) + 1
    return (
        len(text) == start + _LENGTH
        and text.startswith(prefix + "_")
        and text[start] <= "7"
        and _DIGITS.issuperset(text[start:])
    )


def time_of(text: str) -> float:
    """The Unix time in seconds, to the millisecond, in an id. Raises ValueError for what is none."""
    ulid = text.rpartition("_")[2]
    if len(ulid) != _LENGTH or not _DIGITS.issuperset(ulid):
        raise ValueError(f"{text!r} does not end in a ULID.")
    value = 0
    for digit in ulid[:10]:
        value = value << 5 | _ALPHABET.index(digit)
    return value / 1000
