"""_shapes.py: the fields of each message as data, for the slow way through JSON."""

from __future__ import annotations

from generators.model import Contract, Field, Message
from generators.text import module

_HEAD = '''
from typing import NamedTuple

from qbridge_contract import structs as s


class Shape(NamedTuple):
    """A field: its names, its kind, and the message or enum that it holds."""

    name: str
    json_name: str
    kind: str
    """message, enum, int, wide (64 bits), float, bytes, value, or plain for what JSON says as it is."""
    type: type | None = None
    repeated: bool = False
    presence: bool = False
    """True where a default value is written out, because its field may also be missing."""


'''
_KINDS = {
    "int32": "int", "uint32": "int", "int64": "wide", "uint64": "wide", "double": "float", "float": "float",
}  # fmt: skip
_OWN = ("message", "enum", "bytes", "value")


def emit(contract: Contract) -> str:
    """The text of _shapes.py."""
    rows = "".join(f"    s.{message.name}: ({_shapes(message)}),\n" for message in contract.messages)
    body = f"{_HEAD}SHAPES: dict[type, tuple[Shape, ...]] = {{\n{rows}}}\n"
    return module("The fields of each message as data.", body)


def _shapes(message: Message) -> str:
    return "".join(_shape(item) + ", " for item in message.fields)


def _shape(item: Field) -> str:
    kind = _KINDS.get(item.kind) or (item.kind if item.kind in _OWN else "plain")
    arguments = [f'"{item.py_name}"', f'"{item.json_name}"', f'"{kind}"']
    if item.type_name:
        arguments.append(f"s.{item.type_name}")
    if item.repeated:
        arguments.append("repeated=True")
    if item.presence:
        arguments.append("presence=True")
    return f"Shape({', '.join(arguments)})"
