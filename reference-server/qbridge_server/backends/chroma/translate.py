"""Our words in Chroma's: names of collections, metadata and filters, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from qbridge_contract.structs import Comparison, Condition, Filter, Metric
from qbridge_server.backends.filters import ORDER, scalar

SPACES = {Metric.COSINE: "cosine", Metric.L2: "l2", Metric.DOT: "ip"}
METRICS = {space: metric for metric, space in SPACES.items()}

DIMENSION_KEY = "qbridge:dimension"
EFFECT_KEY = "qbridge:effect"
WHOLE_KEY = "qbridge:json"
"""Holds all of a vector's metadata as JSON, where Chroma cannot keep some of it as it is."""

ESCAPED = "qbx-"
PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,510}[A-Za-z0-9]")
ADDRESS = re.compile(r"[0-9.]+")
RESERVED = ("#", "$", "chroma:", "qbridge:")
INT_MAX = 2**53
"""Above it, integers and doubles differ; Chroma keeps both."""

OPERATORS = {
    Comparison.LT: "$lt",
    Comparison.LTE: "$lte",
    Comparison.GT: "$gt",
    Comparison.GTE: "$gte",
}

Where = dict[str, Any] | bool
"""A Chroma filter, or the answer that needs none."""


class InexpressibleError(Exception):
    """Chroma has no words for the filter."""


def chroma_name(name: str) -> str:
    """The name on the server: the same where Chroma takes it, hexadecimal behind a prefix where it does not."""
    plain = PLAIN_NAME.fullmatch(name) and ".." not in name and not ADDRESS.fullmatch(name)
    return name if plain and not name.startswith(ESCAPED) else ESCAPED + name.encode().hex()


def our_name(name: str) -> str:
    """The name behind a name on the server."""
    try:
        return bytes.fromhex(name.removeprefix(ESCAPED)).decode() if name.startswith(ESCAPED) else name
    except ValueError:
        return name


def _plain_key(key: str) -> bool:
    return key != "" and not key.startswith(RESERVED)


def _plain_value(value: Any) -> bool:
    if isinstance(value, int):
        return -INT_MAX <= value <= INT_MAX
    return isinstance(value, (str, float))


def chroma_metadata(metadata: Mapping[str, Any] | None, whole: bytes) -> dict[str, Any]:
    """What Chroma keeps: the plain values, to filter by, and the whole JSON where that loses something."""
    kept = {key: value for key, value in (metadata or {}).items() if _plain_key(key) and _plain_value(value)}
    if len(kept) != len(metadata or {}):
        kept[WHOLE_KEY] = whole.decode()
    return kept


def our_metadata(kept: Mapping[str, Any] | None) -> dict[str, Any]:
    """The metadata as it was written."""
    if not kept:
        return {}
    whole = kept.get(WHOLE_KEY)
    return dict(kept) if whole is None else msgspec.json.decode(whole)


def replacement(new: dict[str, Any], old: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What to send so that `new` replaces `old`: Chroma merges, and null takes a key away."""
    gone = [key for key in old or () if key not in new]
    return {**new, **dict.fromkeys(gone)} or None


def where_of(filter_: Filter, negated: bool = False) -> Where:
    """A checked filter in Chroma's words. Raises InexpressibleError.

    Chroma has no negation, so it is pushed down to the conditions.
    """
    if filter_.where is not None:
        return _condition(filter_.where, negated)
    if filter_.not_ is not None:
        return where_of(filter_.not_, not negated)
    several = filter_.all or filter_.any
    assert several is not None
    parts = [where_of(part, negated) for part in several.filters]
    return _joined(parts, every=(filter_.all is not None) is not negated)


def _joined(parts: Sequence[Where], *, every: bool) -> Where:
    """All of the parts, or any of them; what is always true or always false drops out."""
    left = [part for part in parts if not isinstance(part, bool)]
    if any(part is not every for part in parts if isinstance(part, bool)):
        return not every
    if not left:
        return every
    return left[0] if len(left) == 1 else {"$and" if every else "$or": left}


def _condition(condition: Condition, negated: bool) -> Where:
    comparison, key = condition.comparison, condition.key
    if not _plain_key(key) or comparison is Comparison.EXISTS:
        raise InexpressibleError
    if comparison in ORDER:
        if negated or isinstance(condition.value, str):
            raise InexpressibleError
        return {key: {OPERATORS[comparison]: scalar(condition.value)}}
    if comparison is Comparison.IN:
        # A list in Chroma has values of one type.
        kinds: dict[type, list[Any]] = {}
        for item in map(scalar, condition.value):
            kinds.setdefault(type(item), []).append(item)
        word = "$nin" if negated else "$in"
        return _joined([{key: {word: items}} for items in kinds.values()], every=negated)
    equal = (comparison is Comparison.NE) is negated
    return {key: {"$eq" if equal else "$ne": scalar(condition.value)}}
