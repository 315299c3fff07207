"""Turns what arrives, bytes or JSON, into a message that keeps the contract's rules, and messages into JSON.

betterproto2's own parsers forgive much (wrong JSON types, cut-off bytes, two members of a oneof), and its JSON
names differ from proto3's where a name has a digit ("f32Le"). So bytes and JSON are read, and JSON is written,
by protobuf's own code; protovalidate checks; everything in between works on betterproto2's dataclasses.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any, NoReturn, TypeVar

import betterproto2
import protovalidate
from google.protobuf import json_format, message_factory
from google.protobuf.descriptor_pool import Default
from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from qbridge_contract.v1 import backend_pb2, bridge_pb2, platform_pb2  # noqa: F401  they fill the pool
from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.refusal import Refusal
from qbridge_mocks.conforming.rules import is_map, prose_violations

M = TypeVar("M", bound=betterproto2.Message)
Reads = dict[str, Any]
JSON_DEPTH_MAX = 64


class Reader:
    """Reads messages strictly. A broken mock replaces one of its methods."""

    def from_bytes(self, kind: type[M], data: bytes) -> M:
        """The message in protobuf bytes. Raises Refusal MALFORMED or INVALID_ARGUMENT."""
        message = pb_class(kind)()
        try:
            message.ParseFromString(data)
        except DecodeError as error:
            raise Refusal.of("MALFORMED", f"The bytes are not a {kind.__name__}: {error}.") from None
        self.refuse_unknown(message, kind.__name__)
        return self.checked(kind, message)

    def from_json(self, kind: type[M], members: Reads) -> M:
        """The message in decoded JSON. Raises Refusal MALFORMED or INVALID_ARGUMENT."""
        message = pb_class(kind)()
        try:
            self.fill(message, members)
        except (json_format.ParseError, ValueError, TypeError, RecursionError) as error:
            raise Refusal.of("MALFORMED", f"The JSON is not a {kind.__name__}: {error}.") from None
        return self.checked(kind, message)

    def fill(self, message: Message, members: Reads) -> None:
        """Parses proto3 JSON into the message."""
        json_format.ParseDict(members, message, max_recursion_depth=JSON_DEPTH_MAX)

    def refuse_unknown(self, message: Message, place: str) -> None:
        """Raises Refusal MALFORMED, naming the place, where the message has a field that the contract lacks."""
        found = unknown_place(message, place)
        if found:
            raise Refusal.of("MALFORMED", f"{found} is not a field of the contract.")

    def checked(self, kind: type[M], message: Message) -> M:
        """The message as a dataclass, once it keeps all rules. The items of a session's frame stand for themselves."""
        if kind is not v1.SessionRequest:
            refuse_violations(self.violations(message))
        return as_dataclass(kind, message)

    def violations(self, message: Message, prefix: str = "") -> list[v1.FieldViolation]:
        """Every rule that the message breaks: those written as annotations, then those written in prose."""
        found = [_violation(each.proto, prefix) for each in protovalidate.collect_violations(message)]
        if not found:
            found = [
                v1.FieldViolation(field=prefix + field, rule=rule, message=sentence)
                for field, rule, sentence in self.prose(message)
            ]
        return found

    def prose(self, message: Message) -> Iterable[tuple[str, str, str]]:
        """The rules that no annotation can say: (field, rule, sentence)."""
        return prose_violations(message)

    def item_violations(self, item: betterproto2.Message, prefix: str) -> list[v1.FieldViolation]:
        """The same for one item of a frame that is already a dataclass."""
        return self.violations(pb_class(type(item)).FromString(bytes(item)), prefix)


def refuse_violations(violations: list[v1.FieldViolation]) -> None:
    """Raises Refusal INVALID_ARGUMENT where there are violations."""
    if violations:
        first = violations[0]
        raise Refusal.of("INVALID_ARGUMENT", f"{first.field}: {first.message}", violations=violations)


def as_json(message: betterproto2.Message) -> Reads:
    """The message in proto3 JSON: lowerCamelCase, defaults left out."""
    return json_format.MessageToDict(pb_class(type(message)).FromString(bytes(message)))


def decode_json(text: str | bytes) -> Reads:
    """The JSON object in a body or a frame; strict about duplicates, NaN, UTF-8. Raises Refusal MALFORMED."""
    try:
        decoded = text.decode("utf-8", "strict") if isinstance(text, bytes) else text
        value = json.loads(decoded, object_pairs_hook=_each_once, parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode()  # Half of a surrogate pair is no text, and fails here.
    except (ValueError, RecursionError) as error:
        raise Refusal.of("MALFORMED", f"The body is not JSON: {error}.") from None
    if not isinstance(value, dict):
        raise Refusal.of("MALFORMED", "The body must be a JSON object.")
    return value


@cache
def pb_class(kind: type[betterproto2.Message]) -> type[Message]:
    """protobuf's class for the same message."""
    return message_factory.GetMessageClass(Default().FindMessageTypeByName(f"qbridge.v1.{kind.__name__}"))


def as_dataclass(kind: type[M], message: Message) -> M:
    """The same message as a betterproto2 dataclass."""
    try:
        return kind.parse(message.SerializeToString())
    except (OverflowError, ValueError) as error:
        raise Refusal.of("INVALID_ARGUMENT", f"A time is out of range: {error}.") from None


def unknown_place(message: Message, place: str) -> str | None:
    """Where the first unknown field is, by path, or None."""
    unknown = UnknownFieldSet(message)
    if len(unknown):
        return f"{place}: field {unknown[0].field_number}"
    for field, value in message.ListFields():
        if field.type != field.TYPE_MESSAGE:
            continue
        if is_map(field):
            inner = [each for each in value.values() if isinstance(each, Message)]
        else:
            inner = value if field.is_repeated else [value]
        for each in inner:
            found = unknown_place(each, f"{place}.{field.name}")
            if found:
                return found
    return None


def _violation(proto: Any, prefix: str) -> v1.FieldViolation:
    """protovalidate's violation in the contract's words, its field as a path of proto names."""
    path = ""
    for element in proto.field.elements if proto.field else ():
        path += f".{element.field_name}"
        if element.subscript is not None:
            path += f"[{element.subscript.value}]"
    return v1.FieldViolation(field=prefix + path[1:], rule=proto.rule_id, message=proto.message)


def _each_once(pairs: list[tuple[str, Any]]) -> Reads:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is there twice")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
