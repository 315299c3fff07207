"""The rules of the contract that its comments say and no annotation can: numbers, shapes, conditions.

Works on protobuf messages of any kind, and yields (field path, rule, sentence) for each broken rule.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

Violations = Iterator[tuple[str, str, str]]


def prose_violations(message: Message, path: str = "") -> Violations:
    """Walks the message and yields what breaks a rule."""
    check = _CHECKS.get(message.DESCRIPTOR.full_name)
    if check:
        yield from check(message, path)
    for field, value in message.ListFields():
        if field.type != field.TYPE_MESSAGE:
            continue
        here = f"{path}.{field.name}" if path else field.name
        if is_map(field):
            inner = [(f"{here}[{key!r}]", each) for key, each in value.items() if isinstance(each, Message)]
        elif field.is_repeated:
            inner = [(f"{here}[{index}]", each) for index, each in enumerate(value)]
        else:
            inner = [(here, value)]
        for place, each in inner:
            yield from prose_violations(each, place)


def is_map(field: FieldDescriptor) -> bool:
    """Whether the field is a map, which protobuf holds as a repeated entry."""
    return bool(field.message_type and field.message_type.GetOptions().map_entry)


def numbers_of(vector: Any) -> np.ndarray[Any, np.dtype[np.float32]]:
    """All numbers of a `Vector`, in one row. Raises ValueError where the bytes are not whole numbers."""
    if vector.WhichOneof("data") == "values":
        return np.asarray(vector.values.items, dtype=np.float32)
    return np.frombuffer(vector.f32le, dtype="<f4")


def _vector(vector: Any, path: str) -> Violations:
    try:
        numbers = numbers_of(vector)
    except ValueError:
        yield path, "vector.whole", "f32le must hold whole float32 numbers, four bytes each"
        return
    if numbers.size == 0:
        yield path, "vector.empty", "a vector has at least one number"
    elif not np.isfinite(numbers).all():
        yield path, "vector.finite", "all numbers must be finite"
    elif vector.shape and math.prod(vector.shape) != numbers.size:
        yield path, "vector.shape", f"the shape {list(vector.shape)} does not hold {numbers.size} numbers"


def rows_of(vector: Any) -> int:
    """How many vectors a `Vector` holds: one, unless its shape has two numbers."""
    return int(vector.shape[0]) if len(vector.shape) == 2 else 1


def _upsert(upsert: Any, path: str) -> Violations:
    here = f"{path}." if path else ""
    count = len(upsert.ids)
    if rows_of(upsert.vectors) != count:
        yield f"{here}vectors", "upsert.rows", f"there must be one vector for each of the {count} ids"
    if upsert.metadata and len(upsert.metadata) != count:
        yield f"{here}metadata", "upsert.metadata", f"there must be one object for each of the {count} ids, or none"


def _delete(delete: Any, path: str) -> Violations:
    if bool(delete.ids) == delete.HasField("filter"):
        yield path, "delete.which", "say which vectors: by ids or by a filter, not both"


def _condition(condition: Any, path: str) -> Violations:
    kind = condition.value.WhichOneof("kind")
    comparison = condition.DESCRIPTOR.fields_by_name["comparison"].enum_type.values_by_number[condition.comparison]
    wanted = {"COMPARISON_IN": "list_value", "COMPARISON_EXISTS": "bool_value"}.get(comparison.name)
    if wanted and kind != wanted:
        yield f"{path}.value", "condition.value", f"{comparison.name} compares with a {wanted.removesuffix('_value')}"
    elif kind == "bool_value" and comparison.name in _ORDERED:
        yield f"{path}.value", "condition.value", f"{comparison.name} compares with a string or a number"
    elif not wanted and kind not in ("string_value", "number_value", "bool_value"):
        yield f"{path}.value", "condition.value", "compare with a string, a number or a boolean"


def _value(value: Any, path: str) -> Violations:
    kind = value.WhichOneof("kind")
    if kind is None:
        yield path, "value.kind", "a JSON value must have a kind"
    elif kind == "number_value" and not math.isfinite(value.number_value):
        yield path, "value.finite", "a JSON number must be finite"


_ORDERED = ("COMPARISON_LT", "COMPARISON_LTE", "COMPARISON_GT", "COMPARISON_GTE")
_CHECKS = {
    "qbridge.v1.Vector": _vector,
    "qbridge.v1.UpsertVectors": _upsert,
    "qbridge.v1.DeleteVectors": _delete,
    "qbridge.v1.Condition": _condition,
    "google.protobuf.Value": _value,
}
