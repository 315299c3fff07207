"""How much an entry holds: the payload of its request and of its result, in bytes, nearly enough for a bound.

Bytes and text are counted by their length, everything else by the length of its encoding. Ids, times and states
are not counted: they are small, and the bounds on items hold for them.
"""

from __future__ import annotations

from typing import Any

import msgspec

from qbridge_contract.structs import InternalRequest, Result

DECODED_WEIGHT = 4
"""JSON values in memory take about this many times their encoding."""
_encode = msgspec.msgpack.Encoder().encode


def request_bytes(request: InternalRequest) -> int:
    """The payload of a request."""
    operation = request.operation
    if operation is None:
        return 0
    invoke = operation.invoke
    if invoke is None or (payload := invoke.payload) is None:
        return _encoded(operation)
    if payload.json is not msgspec.UNSET:
        return DECODED_WEIGHT * _encoded(payload.json)
    return len(payload.data or payload.text or "")


def result_bytes(result: Result) -> int:
    """The payload of a result; of a failed one, its message."""
    reply = result.reply
    if reply is None:
        return 0 if result.error is None else len(result.error.message)
    payload = reply.payload
    if payload is None:
        return _encoded(reply)
    if payload.json is not msgspec.UNSET:
        return DECODED_WEIGHT * _encoded(payload.json)
    return len(payload.data or payload.text or "")


def _encoded(value: Any) -> int:
    try:
        return len(_encode(value))
    except (ValueError, TypeError, OverflowError, RecursionError):
        return 0  # What no log can hold, from a caller in this process; the log refuses it.
