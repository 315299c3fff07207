"""Ids and trace contexts: ULIDs with a prefix, W3C traceparent."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from typing import Any

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id(prefix: str) -> str:
    """The prefix and a ULID: 48 bits of milliseconds, 80 of chance."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return f"{prefix}_" + "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def new_traceparent() -> str:
    """A trace of our own, sampled."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def child_of(traceparent: str) -> str:
    """The same trace with a span of ours."""
    version, trace, _, flags = traceparent.split("-")[:4]
    return f"{version}-{trace}-{secrets.token_hex(8)}-{flags}"


def trace_id_of(traceparent: str) -> str:
    """The 32 hexadecimal digits."""
    return traceparent.split("-")[1]


def traceparent_in(headers: Mapping[str, Any]) -> str:
    """The trace context of a call's headers; nothing where it is not well formed, as W3C wants it."""
    found = str(headers.get("traceparent", "")).strip()
    return found if _TRACEPARENT.fullmatch(found) else ""
