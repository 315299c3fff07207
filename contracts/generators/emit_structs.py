"""structs.py: one msgspec Struct for each message, one Enum for each enum."""

from __future__ import annotations

import re

from generators.model import Contract, Enum, Field, Message
from generators.text import docstring, module

_PYTHON = {"string": "str", "bytes": "bytes", "bool": "bool", "double": "float", "float": "float"}
_RANGES = {"int32": "Int32", "uint32": "UInt32", "int64": "Int64", "uint64": "UInt64"}
_SHADOWED = ("bytes", "str", "int", "float", "bool", "list", "dict")

_PREAMBLE = '''
import builtins
import enum
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET

Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
UInt32 = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
# msgspec bounds integers by 64 signed bits; `convert` and `json` refuse what is above 2**64 - 1.
UInt64 = Annotated[int, msgspec.Meta(ge=0)]
Time = Annotated[datetime, msgspec.Meta(tz=True)]


class Message(
    msgspec.Struct, kw_only=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """What all messages have in common. They are trees, so the cycle collector need not look at them."""


class ContractEnum(enum.Enum):
    """An enum whose values are the names in the proto, and which knows its number there."""

    _value_: str
    number: int

    def __new__(cls, value: str, number: int) -> ContractEnum:
        member = object.__new__(cls)
        member._value_ = value
        member.number = number
        return member

    # By identity: Enum's own hash is a Python call, and members are keys on hot paths.
    __hash__ = object.__hash__
'''


def emit(contract: Contract) -> str:
    """The text of structs.py."""
    parts = [_PREAMBLE]
    parts += [_enum(enum) for enum in contract.enums]
    parts += [_message(message) for message in contract.messages]
    names = [
        "ContractEnum",
        "Message",
        *(enum.name for enum in contract.enums),
        *(message.name for message in contract.messages),
    ]
    parts.append("\n\n__all__ = " + repr(sorted(names)) + "\n")
    doc = (
        "The messages of the contract as msgspec Structs, the values that everything but the gRPC door works with. "
        "Missing sub-messages, oneof members and optional scalars are None, a missing Value is UNSET; "
        "at most one member of a oneof may be set, which `convert` and `json` check."
    )
    return module(doc, "".join(parts))


def annotation(item: Field, shadowed: frozenset[str] = frozenset()) -> str:
    """The Python type of a field, without the None of its absence."""
    if item.kind == "map":
        assert item.key
        assert item.value
        text = f"dict[{annotation(item.key)}, {annotation(item.value)}]"
    else:
        single = _single(item)
        text = f"list[{single}]" if item.repeated else single
    for name in shadowed:
        text = re.sub(rf"\b{name}\b", f"builtins.{name}", text)
    return text


def _single(item: Field) -> str:
    if item.kind in ("message", "enum"):
        return item.type_name
    special = {"timestamp": "Time", "struct": "dict[str, Any]", "value": "Any"}
    return special.get(item.kind) or _RANGES.get(item.kind) or _PYTHON[item.kind]


def _default(item: Field) -> str:
    if item.kind == "map":
        return "{}"
    if item.repeated:
        return "[]"
    if item.kind == "value":
        return "UNSET"
    if item.presence:
        return "None"
    if item.kind == "enum":
        return f"{item.type_name}.UNSPECIFIED"
    plain = {"string": '""', "bytes": 'b""', "bool": "False", "double": "0.0", "float": "0.0"}
    return plain.get(item.kind, "0")


def _enum(enum: Enum) -> str:
    lines = [f"\n\nclass {enum.name}(ContractEnum):\n", docstring(enum.comment, 4), "\n"]
    for value in enum.values:
        lines.append(f'    {value.short} = "{value.name}", {value.number}\n')
        lines.append(docstring(value.comment, 4))
    return "".join(lines)


def _message(message: Message) -> str:
    lines = [f"\n\nclass {message.name}(Message, kw_only=True, gc=False):\n", docstring(message.comment, 4)]
    if message.fields:
        lines.append("\n")
    shadowed = frozenset(item.name for item in message.fields) & frozenset(_SHADOWED)
    for item in message.fields:
        text = annotation(item, shadowed)
        if item.presence and item.kind != "value":
            text += " | None"
        lines.append(f"    {item.py_name}: {text} = {_assigned(item)}\n")
        lines.append(docstring(_comment(message, item), 4))
    return "".join(lines)


def _assigned(item: Field) -> str:
    default = _default(item)
    if _camel(item.py_name) == item.json_name:
        return default
    return f'msgspec.field(default={default}, name="{item.json_name}")'


def _camel(name: str) -> str:
    """The name that msgspec's rename="camel" makes."""
    first, *rest = name.split("_")
    return first + "".join(part.title() if part else "_" for part in rest)


def _comment(message: Message, item: Field) -> str:
    if not item.oneof:
        return item.comment
    others = next(oneof for oneof in message.oneofs if oneof.name == item.oneof)
    return f"{item.comment} (One of `{others.name}`.)" if len(others.members) > 1 else item.comment
