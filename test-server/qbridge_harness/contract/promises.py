"""What the messages of a deployment promise beyond their types: the fields that go with a state, values within limits.

A type says that a Result may have an error; the contract says that one which is not SUCCEEDED has one. Each promise is
a function of one message; they are looked up by its name, for every message of ours at any depth.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.message import Message

from qbridge_harness.contract.pool import ErrorRow
from qbridge_harness.contract.violation import ERROR, ORDER, TRACE, VALUES
from qbridge_harness.contract.walk import parts

Broken = tuple[tuple[str, ...], str]
"""The rules that are broken, and how."""
_TRACE_ID = re.compile("[0-9a-f]{32}")
_SUCCEEDED, _REJECTED = "REQUEST_STATE_SUCCEEDED", "REQUEST_STATE_REJECTED"
FINAL = frozenset(
    f"REQUEST_STATE_{state}" for state in ("REJECTED", "SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED", "DEAD")
)
_TRANSPORTS = {"grpc", "rest", "sse", "websocket"}


def broken_promises(message: Message, errors: dict[str, ErrorRow]) -> list[Broken]:
    """What a message of the deployment breaks, at any depth."""
    found: list[Broken] = [(VALUES, text) for text in out_of_bounds(message)]
    promises = _PROMISES | _OF_LISTS if message.DESCRIPTOR.name == _LIST else _PROMISES
    for path, part in parts(message):
        promise = promises.get(part.DESCRIPTOR.name)
        if promise is not None:
            found += [(rules, f"{path}{text}") for rules, text in promise(part, errors)]
    return found


def out_of_bounds(message: Message) -> list[str]:
    """The values that the contract's own limits (protovalidate) do not allow."""
    import protovalidate  # A tenth of a second, which no command should take before its first request.

    try:
        violations = protovalidate.collect_violations(message)
    except (protovalidate.CompilationError, RuntimeError) as error:
        return [f"{message.DESCRIPTOR.name} cannot be checked: {error}."]
    return [_told(message, violation.proto) for violation in violations]


def _told(message: Message, violation: Any) -> str:
    path = ".".join([message.DESCRIPTOR.name, *(element.field_name for element in violation.field.elements)])
    return f"{path}: {violation.message} ({violation.rule_id})."


def _state(message: Any, field: str = "state") -> str:
    """The name of an enum's value; of an unknown one, its number."""
    number = getattr(message, field)
    value = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number.get(number)
    return value.name if value is not None else str(number)


def _named(message: Any, *fields: str) -> Iterator[Broken]:
    """The fields that must say something: no empty text, no enum UNSPECIFIED, no missing message."""
    for name in fields:
        field = message.DESCRIPTOR.fields_by_name.get(name)
        if field is None:
            continue  # Another version of the contract.
        there = message.HasField(name) if field.has_presence else bool(getattr(message, name))
        if not there:
            yield VALUES, f".{name} is missing."


def _trace_id(message: Any) -> Iterator[Broken]:
    if message.trace_id and not _TRACE_ID.fullmatch(message.trace_id):
        yield TRACE, f".trace_id is {message.trace_id!r}, not 32 hexadecimal digits in lower case."


def _error(message: Any, errors: dict[str, ErrorRow]) -> Iterator[Broken]:
    row = errors.get(_state(message, "code").removeprefix("ERROR_CODE_"))
    if row is None:
        yield ERROR, f".code {_state(message, 'code')} is not in the error table."
    elif message.retryable != row.retryable and row.code != "BACKEND_FAILED":
        yield ERROR, f".retryable of {row.code} is {row.retryable}, not {message.retryable}."
    if not message.message:
        yield ERROR, ".message is missing: it says what happened, for a person."
    if not (math.isfinite(message.retry_after_s) and message.retry_after_s >= 0):
        yield ERROR, f".retry_after_s is {message.retry_after_s}, which is no time to wait."
    for index, violation in enumerate(message.violations):
        if not violation.field or not violation.message:
            yield ERROR, f".violations[{index}] names no field, or does not say what is wrong."
    yield from _trace_id(message)


def _result(message: Any, _: dict[str, ErrorRow]) -> Iterator[Broken]:
    state = _state(message)
    if state not in FINAL:
        yield VALUES, f".state is {state}, but a result has a final state."
    elif state == _SUCCEEDED:
        if message.HasField("error"):
            yield VALUES, " is SUCCEEDED, but has an error."
    else:
        if not message.HasField("error"):
            yield VALUES, f" is {state.removeprefix('REQUEST_STATE_')}, but has no error."
        if message.HasField("reply"):
            yield VALUES, f" is {state.removeprefix('REQUEST_STATE_')}, but has a reply."
    if state != _REJECTED:
        # What was refused may have had no id that could be read, and no trace yet.
        yield from _named(message, "request_id", "trace_id")
    yield from _trace_id(message)


def _whole_result(message: Any, errors: dict[str, ErrorRow]) -> Iterator[Broken]:
    if _state(message) == _SUCCEEDED and not message.HasField("reply"):
        yield VALUES, " is SUCCEEDED, but has no reply."
    yield from _result(message, errors)


def _listed_result(message: Any, errors: dict[str, ErrorRow]) -> Iterator[Broken]:
    if message.HasField("reply"):
        yield VALUES, " has a reply, but a list leaves the replies out."
    yield from _result(message, errors)


def _accepted(message: Any, _: dict[str, ErrorRow]) -> Iterator[Broken]:
    yield from _named(message, "request_id", "durability", "trace_id")
    yield from _trace_id(message)


def _record(message: Any, _: dict[str, ErrorRow]) -> Iterator[Broken]:
    yield from _named(message, "request", "state", "durability", "created_at", "updated_at")
    final = _state(message) in FINAL
    if final != message.HasField("result"):
        yield VALUES, f" is {_state(message)}, " + ("but has no result." if final else "but has a result already.")


def _event(message: Any, _: dict[str, ErrorRow]) -> Iterator[Broken]:
    yield from _named(message, "request_id", "state", "at")
    if message.sequence < 1:
        yield ORDER, ".sequence is 0, but events are numbered from 1."
    final = _state(message) in FINAL
    if final != message.HasField("result"):
        yield ORDER, f" is {_state(message)}, " + ("but has no result." if final else "but has a result already.")


def _item(message: Any, _: dict[str, ErrorRow]) -> Iterator[Broken]:
    yield from _named(message, "request_id", "epoch", "operation", "attempt", "effect_key")


def _backend(message: Any, _: dict[str, ErrorRow]) -> Iterator[Broken]:
    yield from _named(message, "name", "state", "version")


def _capabilities(message: Any, _: dict[str, ErrorRow]) -> Iterator[Broken]:
    yield from _named(message, "contract_version", "product", "limits")
    yield from _named(message, "profiles", "transports", "durabilities")
    strangers = sorted(set(message.transports) - _TRANSPORTS)
    if strangers:
        yield VALUES, f".transports has {', '.join(strangers)}, which the contract does not have."
    if list(message.durabilities) != sorted(set(message.durabilities)):
        yield VALUES, ".durabilities are not in order, lowest first, each once."


def _limits(message: Any, _: dict[str, ErrorRow]) -> Iterator[Broken]:
    yield from _named(message, *(field.name for field in message.DESCRIPTOR.fields))


def _health(message: Any, _: dict[str, ErrorRow]) -> Iterator[Broken]:
    yield from _named(message, "state")
    if not (math.isfinite(message.uptime_s) and message.uptime_s >= 0):
        yield VALUES, f".uptime_s is {message.uptime_s}, which is no time."


def _dependency(message: Any, _: dict[str, ErrorRow]) -> Iterator[Broken]:
    yield from _named(message, "name", "state")


def _key(message: Any, _: dict[str, ErrorRow]) -> Iterator[Broken]:
    yield from _named(message, "key_id", "name", "tenant", "scopes", "created_at")


_PROMISES: dict[str, Callable[[Any, dict[str, ErrorRow]], Iterator[Broken]]] = {
    "Error": _error,
    "Result": _whole_result,
    "Accepted": _accepted,
    "RequestRecord": _record,
    "RequestEvent": _event,
    "ExecuteItem": _item,
    "Backend": _backend,
    "Capabilities": _capabilities,
    "Limits": _limits,
    "Health": _health,
    "Dependency": _dependency,
    "ApiKey": _key,
}
_LIST = "ListResponse"
_OF_LISTS = {"Result": _listed_result}
"""What holds instead inside a list of requests."""
