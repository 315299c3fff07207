"""convert.py: straight-line code between structs and pb2, one pair of functions for each message."""

from __future__ import annotations

from generators.convert_read import read
from generators.convert_write import fill
from generators.model import Contract, Message
from generators.text import module

_IMPORTS = """
from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf import message as _message
from msgspec import UNSET

from qbridge_contract import structs as s
from qbridge_contract._bounds import DEPTH_MAX
from qbridge_contract._values import (
    as_list, fill_floats, fill_struct, fill_time, fill_value, refuse_depth, refuse_read, refuse_write,
    struct_from, time_from, two_members, unknown_in, value_from,
)
"""

_PUBLIC = '''

_S = TypeVar("_S", bound=s.Message)
_REFUSED = (TypeError, ValueError, AttributeError, KeyError, OverflowError, RecursionError)


def to_pb(struct: s.Message) -> Any:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    return TO_PB[type(struct)](struct)


def from_pb(message: _message.Message) -> Any:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold.

    Unknown fields are passed over: `refuse_unknown_fields` looks for them.
    """
    return FROM_PB[type(message)](message)


def refuse_unknown_fields(message: _message.Message) -> None:
    """Raises BridgeError MALFORMED, naming the place, where the message has fields that the contract lacks."""
    data = message.SerializeToString()
    message.DiscardUnknownFields()
    if message.ByteSize() != len(data):
        raise unknown_in(type(message).FromString(data))


def parse(kind: type[_S], data: bytes) -> _S:
    """The struct in protobuf bytes. Raises BridgeError MALFORMED for bytes that are no such message,
    unknown fields included, and INVALID_ARGUMENT for what a struct cannot hold."""
    message = PB[kind]()
    try:
        message.ParseFromString(data)
    except (_message.DecodeError, UnicodeDecodeError) as error:
        raise refuse_read(kind.__name__, error) from error
    refuse_unknown_fields(message)
    struct: _S = FROM_PB[type(message)](message)
    return struct


def serialize(struct: s.Message) -> bytes:
    """The protobuf bytes of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    data: bytes = TO_PB[type(struct)](struct).SerializeToString()
    return data
'''


def emit(contract: Contract) -> str:
    """The text of convert.py."""
    used = sorted({message.module for message in contract.messages})
    imports = _IMPORTS + "".join(f"from qbridge_contract.v1 import {name}_pb2\n" for name in used)
    parts = [imports, _PUBLIC]
    parts += [
        f"\n_{enum.name.upper()} = {{member.number: member for member in s.{enum.name}}}\n" for enum in contract.enums
    ]
    for message in contract.messages:
        parts += [_public(message), fill(contract, message), read(contract, message)]
    parts.append(_tables(contract))
    doc = (
        "Between structs and pb2 messages, in straight-line code: `x_to_pb`, `x_from_pb` for each message, "
        "and `to_pb`, `from_pb` for any of them."
    )
    return module(doc, "".join(parts))


def _public(message: Message) -> str:
    pb = f"{message.module}_pb2.{message.name}"
    return f'''

def {message.snake}_to_pb(struct: s.{message.name}) -> {pb}:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = {pb}()
    try:
        _fill_{message.snake}(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def {message.snake}_from_pb(m: {pb}) -> s.{message.name}:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _{message.snake}(m)
    except _REFUSED as error:
        raise refuse_read("{message.name}", error) from error
'''


def _tables(contract: Contract) -> str:
    pairs = [(message, f"{message.module}_pb2.{message.name}") for message in contract.messages]
    to_pb = "".join(f"    s.{message.name}: {message.snake}_to_pb,\n" for message, _ in pairs)
    from_pb = "".join(f"    {pb}: {message.snake}_from_pb,\n" for message, pb in pairs)
    classes = "".join(f"    s.{message.name}: {pb},\n" for message, pb in pairs)
    return (
        f"\n\nTO_PB: dict[type, Callable[[Any], Any]] = {{\n{to_pb}}}\n"
        f"\nFROM_PB: dict[type, Callable[[Any], Any]] = {{\n{from_pb}}}\n"
        f"\nPB: dict[type, Any] = {{\n{classes}}}\n"
    )
