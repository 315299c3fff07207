"""Filters on metadata, as the contract's Comparison describes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qbridge_contract_betterproto.qbridge import v1

Metadata = dict[str, Any]
_MISSING = object()
_ORDER: dict[v1.Comparison, Callable[[Any, Any], bool]] = {
    v1.Comparison.LT: lambda a, b: a < b,
    v1.Comparison.LTE: lambda a, b: a <= b,
    v1.Comparison.GT: lambda a, b: a > b,
    v1.Comparison.GTE: lambda a, b: a >= b,
}


def matches(chosen: v1.Filter | None, metadata: Metadata) -> bool:
    """Whether the metadata passes the filter; no filter passes all."""
    if chosen is None:
        return True
    if chosen.where is not None:
        return _holds(chosen.where, metadata.get(chosen.where.key, _MISSING))
    if chosen.all is not None:
        return all(matches(each, metadata) for each in chosen.all.filters)
    if chosen.any is not None:
        return any(matches(each, metadata) for each in chosen.any.filters)
    return not matches(chosen.not_, metadata)


def _holds(condition: v1.Condition, found: Any) -> bool:
    assert condition.value is not None
    wanted = condition.value.to_dict()
    match condition.comparison:
        case v1.Comparison.EXISTS:
            return (found is not _MISSING) is wanted
        case v1.Comparison.NE:
            return not _equal(found, wanted)
        case v1.Comparison.IN:
            return any(_equal(found, each) for each in wanted)
        case v1.Comparison.LT | v1.Comparison.LTE | v1.Comparison.GT | v1.Comparison.GTE as comparison:
            return _kind(found) == _kind(wanted) and _ORDER[comparison](found, wanted)
        case _:
            return _equal(found, wanted)


def _equal(found: Any, wanted: Any) -> bool:
    """Equal and of one kind: true is not 1."""
    return _kind(found) == _kind(wanted) and bool(found == wanted)


def _kind(value: Any) -> type:
    return float if type(value) is int else type(value)
