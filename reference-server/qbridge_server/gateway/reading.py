"""Reading a message of the contract at a door: its bytes, its fields, its rules. One reader for all doors.

The rules are protovalidate's, read from the contract itself. Checks generated from the same rules pass what is good in
a microsecond or two; what they do not pass goes to protovalidate, in its protobuf form, so that a rule means the same
everywhere and its words are the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from google.protobuf.message import DecodeError, Message

from qbridge_contract import convert
from qbridge_contract.convert import refuse_unknown_fields
from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import Error, ErrorCode, FieldViolation, InternalRequest, SessionRequest
from qbridge_contract.valid import VALID
from qbridge_server.gateway.brief import bounded

if TYPE_CHECKING:
    import protovalidate


@cache
def _validator() -> protovalidate.Validator:
    """Made, and imported, when the first message breaks a rule: most processes never meet one."""
    import protovalidate

    return protovalidate.Validator()


def warm() -> None:
    """Loads what the first bad message needs, so that a busy server does not stop for it."""
    _validator()


_SUBMIT = re.compile(r"submits\[(\d+)\]\.(.*)")

SHOWN_MAX = 8
"""How many violations the sentence of an error names; the list has all."""


def parse(message_type: type[Message], data: bytes) -> Any:
    """The message in `data`. Raises MALFORMED for broken bytes, bad UTF-8 and fields that the contract lacks."""
    try:
        message: Any = message_type.FromString(data)
    except DecodeError as error:
        name = message_type.DESCRIPTOR.name
        raise BridgeError.of(ErrorCode.MALFORMED, f"The bytes are not a {name}: {error}.") from None
    refuse_unknown_fields(message)
    return message


class RefusedRequest(InternalRequest):
    """A submit of a frame that breaks a rule: it is answered for itself, and its neighbours go on."""

    error: Error | None = None


def check(struct: Any, to_pb: Callable[[Any], Message] = convert.to_pb) -> None:
    """Raises INVALID_ARGUMENT with one violation for each rule of the contract that the struct breaks.

    In a SessionRequest a submit that breaks a rule becomes a `RefusedRequest` instead. What the generated checks
    pass is good; only for the rest is protovalidate asked, which knows what to say.
    """
    valid = VALID.get(type(struct))
    if valid is not None and valid(struct):
        return
    violations = violations_of(to_pb(struct))
    if violations:
        if type(struct) is SessionRequest:
            violations = _refuse_submits(struct, violations)
        if violations:
            raise invalid(violations)


def _refuse_submits(frame: SessionRequest, violations: list[FieldViolation]) -> list[FieldViolation]:
    """Marks the submits at fault; answers the violations of the frame itself."""
    by_submit: dict[int, list[FieldViolation]] = {}
    rest = []
    for violation in violations:
        found = _SUBMIT.match(violation.field)
        if found is None:
            rest.append(violation)
        else:
            named = msgspec.structs.replace(violation, field=found[2])
            by_submit.setdefault(int(found[1]), []).append(named)
    for index, own in by_submit.items():
        refused = RefusedRequest(id=frame.submits[index].id, error=invalid(own).error)
        frame.submits[index] = refused
    return rest


def violations_of(message: Message) -> list[FieldViolation]:
    """The rules of the contract that the message breaks."""
    return [
        FieldViolation(field=_path(each), rule=each.proto.rule_id, message=each.proto.message)
        for each in _validator().collect_violations(message)
    ]


def invalid(violations: list[FieldViolation]) -> BridgeError:
    """INVALID_ARGUMENT that names the fields at fault, the first ones where they are many."""
    named = "; ".join(f"{each.field}: {each.message}" for each in violations[:SHOWN_MAX])
    return bounded(BridgeError.of(ErrorCode.INVALID_ARGUMENT, named + ".", violations=violations))


def _path(violation: Any) -> str:
    parts = []
    for element in violation.proto.field.elements:
        subscript = element.subscript
        parts.append(element.field_name if subscript is None else f"{element.field_name}[{subscript.value}]")
    return ".".join(parts)


def too_large(size: int, size_max: int) -> BridgeError:
    """TOO_LARGE for a message of `size` bytes."""
    return BridgeError.of(
        ErrorCode.TOO_LARGE,
        f"The message has {size:,} bytes; this deployment takes {size_max:,} at most. Split it.",
    )
