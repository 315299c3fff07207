"""What a Filter means, the same on every engine: the check before acceptance, and the plain evaluation.

A value in the metadata is a string, a number or a boolean, or something that no comparison matches (null, a list,
an object). Numbers are doubles; a boolean is not a number; strings compare by code point; values of different
types are never equal and never ordered. A comparison with a key that is missing is false, but for NE, which is
exactly "not EQ", and EXISTS.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import Comparison, Condition, ErrorCode, FieldViolation, Filter

DEPTH_MAX = 32
"""How deep filters may be nested."""
IN_MAX = 10000
"""How many values IN may name."""

ORDER: dict[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.LT: operator.lt,
    Comparison.LTE: operator.le,
    Comparison.GT: operator.gt,
    Comparison.GTE: operator.ge,
}

Scalar = str | float | bool


def scalar(value: Any) -> Scalar | None:
    """The value as filters see it: numbers as floats, None for what no comparison matches."""
    if value is True or value is False:
        return bool(value)
    if isinstance(value, (int, float)):
        return float(value)
    return value if isinstance(value, str) else None


def same(left: Scalar | None, right: Scalar | None) -> bool:
    """Equal and of one type."""
    return left is not None and type(left) is type(right) and left == right


def check_filter(filter_: Filter, field: str, depth: int = 0) -> None:
    """Refuses a filter without meaning. Raises BridgeError INVALID_ARGUMENT naming the condition at fault."""
    if depth > DEPTH_MAX:
        raise _invalid(field, "filter.depth", f"Filters may be nested {DEPTH_MAX} deep.")
    if filter_.where is not None:
        _check_condition(filter_.where, f"{field}.where")
    elif filter_.not_ is not None:
        check_filter(filter_.not_, f"{field}.not", depth + 1)
    else:
        several = filter_.all or filter_.any
        if several is None or not several.filters:
            raise _invalid(field, "filter.kind", "A filter is one of where, all, any and not.")
        kind = "all" if filter_.all is not None else "any"
        for place, part in enumerate(several.filters):
            check_filter(part, f"{field}.{kind}.filters[{place}]", depth + 1)


def _check_condition(condition: Condition, field: str) -> None:
    value, comparison = condition.value, condition.comparison
    field = f"{field}.value"
    if comparison is Comparison.IN:
        if not isinstance(value, (list, tuple)) or not all(_comparable(item) for item in value):
            message = f"IN on {condition.key!r} needs a list of strings, finite numbers or booleans."
            raise _invalid(field, "filter.value", message)
        if len(value) > IN_MAX:
            raise _invalid(field, "filter.value", f"IN takes at most {IN_MAX} values; it has {len(value)}.")
    elif comparison is Comparison.EXISTS:
        if not isinstance(value, bool):
            raise _invalid(field, "filter.value", f"EXISTS on {condition.key!r} needs true or false.")
    elif comparison in ORDER:
        if isinstance(value, bool) or not _comparable(value):
            message = f"{comparison.name} on {condition.key!r} needs a string or a finite number."
            raise _invalid(field, "filter.value", message)
    elif not _comparable(value):
        message = f"The comparison on {condition.key!r} needs a string, a finite number or a boolean."
        raise _invalid(field, "filter.value", message)


def _comparable(value: Any) -> bool:
    if isinstance(value, (int, float)):
        try:
            return math.isfinite(float(value))
        except OverflowError:
            return False
    return isinstance(value, str)


def _invalid(field: str, rule: str, message: str) -> BridgeError:
    violation = FieldViolation(field=field, rule=rule, message=message)
    return BridgeError.of(ErrorCode.INVALID_ARGUMENT, message, violations=[violation])


def matches(filter_: Filter, metadata: Mapping[str, Any]) -> bool:
    """Whether one vector's metadata passes a checked filter."""
    if filter_.where is not None:
        return _holds(filter_.where, metadata)
    if filter_.not_ is not None:
        return not matches(filter_.not_, metadata)
    if filter_.all is not None:
        return all(matches(part, metadata) for part in filter_.all.filters)
    assert filter_.any is not None
    return any(matches(part, metadata) for part in filter_.any.filters)


def _holds(condition: Condition, metadata: Mapping[str, Any]) -> bool:
    comparison = condition.comparison
    if comparison is Comparison.EXISTS:
        return (condition.key in metadata) is bool(condition.value)
    left = scalar(metadata.get(condition.key))
    if comparison is Comparison.IN:
        return any(same(left, scalar(item)) for item in condition.value)
    right = scalar(condition.value)
    if comparison in ORDER:
        return left is not None and type(left) is type(right) and ORDER[comparison](left, right)
    return same(left, right) is (comparison is not Comparison.NE)


def key_of(filter_: Filter | None) -> bytes:
    """Equal for equal filters, so that their requests can share a call."""
    return b"" if filter_ is None else msgspec.json.encode(filter_)
