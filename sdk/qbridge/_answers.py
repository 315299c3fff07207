"""What a result answers, in Python's own terms."""

from __future__ import annotations

from typing import Any

from qbridge._payload import from_payload
from qbridge_contract.structs import Result


def answer_of(result: Result) -> Any:
    """What a result answers: the payload's content, or the typed reply of a vector operation."""
    reply = result.reply
    if reply is None:
        return None
    if reply.payload is not None:
        return from_payload(reply.payload)
    if reply.count is not None:
        return reply.count.count
    if reply.matches is not None:
        from qbridge._columns import Matches

        return Matches(reply.matches)
    if reply.records is not None:
        from qbridge._columns import Records

        return Records(reply.records)
    return reply.collection or (reply.collections.collections if reply.collections else None)
