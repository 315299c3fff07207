"""What generated conversions share: time, JSON-like values, and the words of a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any, NoReturn

import msgspec
from google.protobuf import message as _message, unknown_fields
from google.protobuf.struct_pb2 import Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

from qbridge_contract import structs
from qbridge_contract._bounds import DEPTH_MAX, FLOAT32_MAX
from qbridge_contract.errors import BridgeError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_MIN, _SECONDS_MAX = -62_135_596_800, 253_402_300_799
_EXACT = 2.0**53


def fill_time(m: Timestamp, at: datetime) -> None:
    """Writes an aware datetime. Raises TypeError for a naive one, ValueError beyond the years 1 to 9999."""
    delta = at - _EPOCH
    seconds = delta.days * 86_400 + delta.seconds
    if not _SECONDS_MIN <= seconds <= _SECONDS_MAX:
        raise ValueError("a timestamp must be in the years 1 to 9999, UTC")
    m.seconds = seconds
    m.nanos = delta.microseconds * 1_000


def time_from(m: Timestamp) -> datetime:
    """Reads a timestamp; below a microsecond it is cut off."""
    if not 0 <= m.nanos <= 999_999_999:
        raise ValueError("a timestamp's nanos must be in 0 .. 999999999")
    return _EPOCH + timedelta(seconds=m.seconds, microseconds=m.nanos // 1_000)


def fill_value(m: Value, value: Any, depth: int = 0) -> None:
    """Writes what JSON can say. Raises TypeError or ValueError for anything else."""
    kind = type(value)
    if kind is str:
        m.string_value = value
    elif kind is bool:
        m.bool_value = value
    elif kind is int:
        m.number_value = value
    elif kind is float:
        if not isfinite(value):
            raise ValueError("a JSON value cannot hold NaN or an infinity")
        m.number_value = value
    elif value is None:
        m.null_value = 0  # type: ignore[assignment]
    elif kind is dict:
        m.struct_value.SetInParent()
        fill_struct(m.struct_value, value, depth + 1)
    elif kind is list or kind is tuple:
        if depth >= DEPTH_MAX:
            refuse_depth()
        m.list_value.SetInParent()
        add = m.list_value.values.add
        for each in value:
            fill_value(add(), each, depth + 1)
    else:
        fill_value(m, _plain(value), depth)


def _plain(value: Any) -> Any:
    """The built-in twin of a subclass of str, int, float, list or mapping."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, list):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a JSON value cannot hold {type(value).__name__}")


def fill_struct(m: Struct, value: Mapping[str, Any], depth: int = 1) -> None:
    """Writes a mapping with string keys."""
    if depth > DEPTH_MAX:
        refuse_depth()
    fields = m.fields
    for key, each in value.items():
        kind = type(each)  # The usual kinds are written here: a call would cost more than they do.
        if kind is str:
            fields[key].string_value = each
        elif kind is int:
            fields[key].number_value = each
        elif kind is bool:
            fields[key].bool_value = each
        else:
            fill_value(fields[key], each, depth)


def value_from(m: Value, depth: int = 0) -> Any:
    """Reads a value: whole numbers come as int, an unset kind as None."""
    kind = m.WhichOneof("kind")
    if kind == "string_value":
        return m.string_value
    if kind == "number_value":
        return _number(m.number_value)
    if kind == "bool_value":
        return m.bool_value
    if kind == "struct_value":
        return struct_from(m.struct_value, depth + 1)
    if kind == "list_value":
        if depth >= DEPTH_MAX:
            refuse_depth()
        return [value_from(each, depth + 1) for each in m.list_value.values]
    return None


def _number(number: float) -> int | float:
    if number.is_integer():
        return int(number) if -_EXACT <= number <= _EXACT else number
    if not isfinite(number):
        raise ValueError("a JSON value cannot hold NaN or an infinity")
    return number


def struct_from(m: Struct, depth: int = 1) -> dict[str, Any]:
    """Reads an object."""
    if depth > DEPTH_MAX:
        refuse_depth()
    return {key: value_from(each, depth) for key, each in m.fields.items()}


def as_list(values: Any) -> Any:
    """The values themselves; raises TypeError for text, bytes and mappings, whose elements nobody means."""
    if type(values) is not list and isinstance(values, (str, bytes, Mapping)):
        raise TypeError(f"expected a list, got {type(values).__name__}")
    return values


def fill_floats(target: Any, values: Any) -> None:
    """Writes float32 numbers. Raises ValueError for a finite one that float32 cannot hold."""
    if not (min(values) >= -FLOAT32_MAX and max(values) <= FLOAT32_MAX):
        for each in values:
            if isfinite(each) and abs(each) > FLOAT32_MAX:
                raise ValueError(f"{each} does not fit a float32")
    target.extend(values)


def refuse_depth() -> NoReturn:
    """Raises ValueError: nested too deep."""
    raise ValueError(f"values and filters may nest {DEPTH_MAX} deep at most")


def two_members(oneof: str) -> NoReturn:
    """Raises ValueError: more than one member of a oneof is set."""
    raise ValueError(f"more than one member of the oneof `{oneof}` is set")


def refuse_write(struct: structs.Message, error: Exception) -> BridgeError:
    """The error for a struct that does not fit its message; names the field where it can be found."""
    detail = str(error)
    try:
        msgspec.convert(msgspec.to_builtins(struct), type(struct))
    except (msgspec.ValidationError, TypeError, ValueError, RecursionError) as found:
        detail = str(found)
    return BridgeError.of(
        structs.ErrorCode.INVALID_ARGUMENT, f"{type(struct).__name__} does not fit the contract: {detail}."
    )


def refuse_read(name: str, error: Exception) -> BridgeError:
    """The error for a pb2 message or bytes that cannot become a struct."""
    if isinstance(error, (_message.DecodeError, UnicodeDecodeError)):
        return BridgeError.of(structs.ErrorCode.MALFORMED, f"The bytes are not a {name}: {error}.")
    detail = f"an enum has no value {error}" if isinstance(error, KeyError) else str(error)
    return BridgeError.of(structs.ErrorCode.INVALID_ARGUMENT, f"{name} does not fit the contract: {detail}.")


def unknown_in(message: _message.Message) -> BridgeError:
    """The error for a message with unknown fields: names the first place of one."""
    path, number = _first_unknown(message, "") or ("", 0)
    where = f"{message.DESCRIPTOR.name}{path}"
    return BridgeError.of(structs.ErrorCode.MALFORMED, f"{where} has an unknown field, number {number}.")


def _first_unknown(message: _message.Message, path: str) -> tuple[str, int] | None:
    unknown = unknown_fields.UnknownFieldSet(message)
    if len(unknown):
        return path, unknown[0].field_number
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        parts = value if field.is_repeated else [value]
        for index, part in enumerate(parts):
            here = f"{path}.{field.name}" + (f"[{index}]" if field.is_repeated else "")
            found = _first_unknown(part, here)
            if found:
                return found
    return None
