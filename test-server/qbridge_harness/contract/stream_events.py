"""The kinds of events that a stream can bring: what contract coverage counts, beside the statuses of calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor

from qbridge_harness.contract.pool import Rpc

_STATE_PREFIX = "REQUEST_STATE_"


def kinds_possible(rpc: Rpc) -> list[str]:
    """Every kind of a streaming RPC: the states of a Watch, the members of any other's messages."""
    states = _states(rpc)
    if states is not None:
        return [f"{state}" for state in states]
    return [field.json_name for field in rpc.response.fields]


def kinds_in(rpc: Rpc, document: Mapping[str, Any]) -> Iterator[str]:
    """The kinds that one message, as a document, brings."""
    event = document.get("event")
    if isinstance(event, Mapping):
        yield str(event.get("state", "")).removeprefix(_STATE_PREFIX)
        return
    yield from (field.json_name for field in rpc.response.fields if document.get(field.json_name) not in (None, [], ""))


def _states(rpc: Rpc) -> list[str] | None:
    """The states that an event may name, where the RPC answers events; None for any other."""
    event: Descriptor | None = next(
        (field.message_type for field in rpc.response.fields if field.name == "event"), None
    )
    field = None if event is None else event.fields_by_name.get("state")
    if field is None or field.enum_type is None:
        return None
    return [value.name.removeprefix(_STATE_PREFIX) for value in field.enum_type.values if value.number]
