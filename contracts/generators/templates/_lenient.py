"""The slow way through JSON: what the proto3 mapping allows beyond what msgspec reads and writes.

In: names in snake_case, nulls, numbers of enums, numbers as strings, whole numbers as floats, NaN and the
infinities, base64url. Out: 64-bit integers as strings, NaN and the infinities by name.
"""

from __future__ import annotations

import base64
import binascii
import re
from math import isfinite, isnan
from typing import Any

from msgspec import UNSET

from qbridge_contract._shapes import SHAPES, Shape
from qbridge_contract.structs import ContractEnum, Message

_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_NAMED = ("NaN", "Infinity", "-Infinity")
_NAMES: dict[type, dict[str, Shape]] = {}


class Twice(ValueError):
    """A field is given under both of its names."""


def canonical(kind: type, tree: Any, path: str = "", *, ignore_unknown: bool = False) -> Any:
    """The tree with everything written as msgspec reads it. What is wrong is left for msgspec to name.

    Raises Twice where a field is given under both of its names.
    """
    if type(tree) is not dict:
        return tree
    shapes = _names(kind)
    out: dict[str, Any] = {}
    for name, value in tree.items():
        shape = shapes.get(name)
        if shape is None:
            if not ignore_unknown:
                out[name] = value
            continue
        if shape.json_name in out:
            raise Twice(f"Field given twice, as `{shape.json_name}` and in snake_case - at `{path}.{name}`")
        if value is not None or (shape.kind == "value" and not shape.repeated):
            out[shape.json_name] = _read(shape, value, f"{path}.{shape.json_name}", ignore_unknown)
    return out


def _names(kind: type) -> dict[str, Shape]:
    names = _NAMES.get(kind)
    if names is None:
        shapes = SHAPES[kind]
        names = {shape.name.rstrip("_"): shape for shape in shapes} | {shape.json_name: shape for shape in shapes}
        _NAMES[kind] = names
    return names


def _read(shape: Shape, value: Any, path: str, ignore_unknown: bool) -> Any:
    if shape.repeated:
        if type(value) is not list:
            return value
        return [_read_one(shape, each, f"{path}[{at}]", ignore_unknown) for at, each in enumerate(value)]
    return _read_one(shape, value, path, ignore_unknown)


def _read_one(shape: Shape, value: Any, path: str, ignore_unknown: bool) -> Any:
    kind = shape.kind
    if kind == "message" and shape.type is not None:
        return canonical(shape.type, value, path, ignore_unknown=ignore_unknown)
    if kind in ("int", "wide"):
        return _whole(value)
    if kind == "float" and type(value) is str and (value in _NAMED or _NUMBER.fullmatch(value)):
        return float(value)
    if kind == "enum" and type(value) is int:
        members: Any = shape.type
        return next((member.value for member in members if member.number == value), value)
    if kind == "bytes" and type(value) is str:
        return _bytes(value)
    return value


def _whole(value: Any) -> Any:
    if type(value) is str and _WHOLE.fullmatch(value) and len(value) <= 20:
        return int(value)
    if type(value) is str and _NUMBER.fullmatch(value):
        value = float(value)
    if type(value) is float and value.is_integer():
        return int(value)
    return value


def _bytes(text: str) -> Any:
    standard = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        return text


def plain(struct: Message) -> dict[str, Any]:
    """What msgspec writes as the proto3 JSON of a struct, for one with wide integers or numbers by name."""
    out: dict[str, Any] = {}
    for shape in SHAPES[type(struct)]:
        value = getattr(struct, shape.name)
        if (value is None and shape.kind != "value") or value is UNSET or _left_out(shape, value):
            continue
        if shape.repeated:
            out[shape.json_name] = [_write(shape, each) for each in value]
        else:
            out[shape.json_name] = _write(shape, value)
    return out


def _left_out(shape: Shape, value: Any) -> bool:
    """True for a default that the mapping leaves out; an absent field is None or UNSET."""
    if shape.presence:
        return False
    return value.number == 0 if isinstance(value, ContractEnum) else not value


def _write(shape: Shape, value: Any) -> Any:
    if shape.kind == "message":
        return plain(value)
    if shape.kind == "wide":
        return str(value)
    if shape.kind == "float" and not isfinite(value):
        return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
