"""Random messages of the contract, built from its descriptors, and a copy of the contract to change."""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import struct_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import strategies as st

from qbridge_contract.convert import PB

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "contracts"))  # The generators are no installed package; test_valid reads their model.
DEPTH = 4
"""How deep random messages nest."""

Messages = st.SearchStrategy[Message]


def _usual(number: float) -> float:
    """The number without what JSON cannot tell apart: the sign of zero, which proto3 leaves out, and of NaN."""
    return math.nan if math.isnan(number) else number or 0.0


_numbers = st.floats(allow_nan=False, allow_infinity=False).map(_usual)
_text = st.text(max_size=12)
# Not the very largest: json_format writes it in a short form that it refuses to read.
_float32 = st.floats(width=32).filter(lambda number: abs(number) < 3.4e38 or not math.isfinite(number)).map(_usual)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _numbers | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=6,
)
_SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.TYPE_STRING: _text,
    FieldDescriptor.TYPE_BYTES: st.binary(max_size=12),
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_UINT32: st.integers(0, 2**32 - 1),
    FieldDescriptor.TYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_UINT64: st.integers(0, 2**64 - 1),
    FieldDescriptor.TYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_DOUBLE: st.floats().map(_usual),
    FieldDescriptor.TYPE_FLOAT: _float32,
}


@st.composite
def _message(draw: st.DrawFn, kind: type[Message], depth: int = DEPTH) -> Message:
    """A message with some of its fields set, at most one of each oneof."""
    message = kind()
    chosen: set[str] = set()
    for field in kind.DESCRIPTOR.fields:
        oneof = field.containing_oneof
        if (oneof is not None and oneof.name in chosen) or not draw(st.booleans()):
            continue
        if field.message_type is not None and depth == 0 and not field.message_type.full_name.startswith("google."):
            continue
        if oneof is not None:
            chosen.add(oneof.name)
        _fill(draw, message, field, depth)
    return message


def _fill(draw: st.DrawFn, message: Message, field: Any, depth: int) -> None:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        getattr(message, field.name).update(draw(st.dictionaries(_text, _text, max_size=3)))
    elif field.message_type is not None:
        for _ in range(draw(st.integers(1, 3)) if field.is_repeated else 1):
            part = getattr(message, field.name)
            part = part.add() if field.is_repeated else part
            part.SetInParent()
            _fill_part(draw, part, field.message_type, depth)
    elif field.is_repeated:
        getattr(message, field.name).extend(draw(st.lists(_scalar(field), max_size=3)))
    else:
        setattr(message, field.name, draw(_scalar(field)))


def _fill_part(draw: st.DrawFn, part: Any, kind: Descriptor, depth: int) -> None:
    if isinstance(part, Timestamp):
        part.seconds = draw(st.integers(-62_135_596_800, 253_402_300_799))
        part.nanos = draw(st.integers(0, 999_999)) * 1_000
    elif isinstance(part, struct_pb2.Value):
        _fill_value(part, draw(_json))
    elif isinstance(part, struct_pb2.Struct):
        for key, value in draw(st.dictionaries(_text, _json, max_size=3)).items():
            _fill_value(part.fields[key], value)
    else:
        part.CopyFrom(draw(_message(type(part), depth - 1)))


def _fill_value(target: Any, value: Any) -> None:
    if value is None:
        target.null_value = 0
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, (int, float)):
        target.number_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, list):
        target.list_value.SetInParent()
        for each in value:
            _fill_value(target.list_value.values.add(), each)
    else:
        target.struct_value.SetInParent()
        for key, each in value.items():
            _fill_value(target.struct_value.fields[key], each)


def _scalar(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.enum_type is not None:
        return st.sampled_from([value.number for value in field.enum_type.values])
    return _SCALARS[field.type]


@pytest.fixture(scope="session")
def messages() -> Messages:
    """Random pb2 messages of every type of the contract."""
    return st.sampled_from(list(PB.values())).flatmap(lambda kind: _message(kind))


@pytest.fixture
def contract_copy(tmp_path: Path) -> Path:
    """A copy of the protos, for a test to change."""
    copy = tmp_path / "proto"
    shutil.copytree(ROOT / "contracts/proto", copy)
    return copy


@pytest.fixture(scope="session")
def canonical() -> Callable[[Message], bytes]:
    """The bytes by which two messages are compared: NaN equals NaN, maps are in order."""
    return lambda message: message.SerializeToString(deterministic=True)
