"""Metadata filters as people write them, turned into the contract's Filter.

{"label": 3}                                  equal
{"year": {"gte": 2000, "lt": 2010}}           ranges; several conditions must all hold
{"kind": {"in": ["a", "b"]}, "note": {"exists": True}}
{"$any": [{"label": 3}, {"label": 5}], "$not": {"draft": True}}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qbridge._payload import to_json
from qbridge.exceptions import invalid
from qbridge_contract.structs import Comparison, Condition, Filter, FilterList

COMPARISONS = {
    "eq": Comparison.EQ,
    "ne": Comparison.NE,
    "lt": Comparison.LT,
    "lte": Comparison.LTE,
    "gt": Comparison.GT,
    "gte": Comparison.GTE,
    "in": Comparison.IN,
    "exists": Comparison.EXISTS,
}

_SIGNS = "$any, $all or $not"


def to_filter(value: Mapping[str, Any] | Filter | None) -> Filter | None:
    """The Filter of a mapping; a Filter stays as it is, None and {} mean everything.

    Raises InvalidRequest for an unknown comparison or a value of the wrong kind.
    """
    if value is None or isinstance(value, Filter):
        return value
    if not isinstance(value, Mapping):
        raise invalid(f"a filter is a mapping, not {type(value).__name__}: write {{'key': value}}")
    parts = [part for key, condition in value.items() for part in _parts(key, condition)]
    return _all(parts) if parts else None


def _all(parts: list[Filter]) -> Filter:
    return parts[0] if len(parts) == 1 else Filter(all=FilterList(filters=parts))


def _parts(key: str, condition: Any) -> list[Filter]:
    if key in ("$any", "$all"):
        members = FilterList(filters=[_member(key, item) for item in _items(key, condition)])
        return [Filter(any=members) if key == "$any" else Filter(all=members)]
    if key == "$not":
        return [Filter(not_=_member(key, condition))]
    if key.startswith("$"):
        raise invalid(f"filter: {key} is not known; use {_SIGNS}")
    if isinstance(condition, Mapping):
        if not condition:
            raise invalid(f"filter: {key} has no comparison; use one of {', '.join(COMPARISONS)}")
        return [_condition(key, sign, operand) for sign, operand in condition.items()]
    return [_condition(key, "eq", condition)]


def _items(key: str, value: Any) -> Sequence[Any]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence) or not value:
        raise invalid(f"filter: {key} takes a list of filters with at least one in it")
    return value


def _member(key: str, value: Any) -> Filter:
    member = to_filter(value)
    if member is None:
        raise invalid(f"filter: {key} holds an empty filter; leave it out")
    return member


def _condition(key: str, sign: str, operand: Any) -> Filter:
    comparison = COMPARISONS.get(sign.removeprefix("$"))
    if comparison is None:
        raise invalid(f"filter: {key}: {sign!r} is not a comparison; use one of {', '.join(COMPARISONS)}")
    if isinstance(operand, (set, frozenset, tuple)):
        operand = list(operand)
    value = to_json(operand, f"filter.{key}")
    return Filter(where=Condition(key=key, comparison=comparison, value=value))
