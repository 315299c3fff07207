"""W3C trace context (https://www.w3.org/TR/trace-context/): reading the header, and making ids.

A header that breaks the format is treated as missing, as the recommendation asks.
"""

from __future__ import annotations

import re

from qbridge_server.ports import Rng

_ODD = "13579bdf"
_FORMAT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def parse(traceparent: str) -> tuple[str, bool] | None:
    """(trace id, sampled) of a header, or None where it breaks the format."""
    if _FORMAT.fullmatch(traceparent) is None:
        return None
    return traceparent[3:35], traceparent[54] in _ODD


def new_trace_id(rng: Rng) -> str:
    """32 hexadecimal digits, never all zero."""
    return f"{rng.bits(128) or 1:032x}"
