"""Matchers: each holds where it should and fails where it should."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from qbridge_harness.language.matchers import MISSING, OPERATORS, match

HOLD: list[tuple[Any, Any]] = [
    (1, 1),
    (1, 1.0),
    ("a", "a"),
    (None, None),
    (True, True),
    ({"a": 1}, {"a": 1, "b": 2}),
    ([1, {"a": 1}], [1, {"a": 1, "b": 2}]),
    ({}, {"a": 1}),
    ({"a": {"$absent": True}}, {}),
    ({"a": {"$any": True}}, {"a": None}),
    ({"$eq": {"a": 1}}, {"a": 1}),
    ({"$exact": [1]}, [1]),
    ({"$ne": 1}, 2),
    ({"$re": "^a.c$"}, "abc"),
    ({"$gt": 1, "$lt": 3}, 2),
    ({"$gte": 2, "$lte": 2}, 2),
    ({"$gt": "9"}, "10"),
    ({"$in": [1, 2]}, 2),
    ({"$len": 2}, "ab"),
    ({"$len": {"$gte": 1}}, [1]),
    ({"$contains": "b"}, "abc"),
    ({"$contains": {"a": 1}}, [{"a": 0}, {"a": 1, "b": 2}]),
    ({"$each": {"$gt": 0}}, [1, 2]),
    ({"$each": 1}, []),
    ({"$unordered": [1, 2, 2]}, [2, 1, 2]),
    ({"$approx": 0.1}, 0.1000000001),
    ({"$approx": {"value": [1, 2], "abs": 0.1}}, [1.05, 2]),
    ({"$not": {"a": 1}}, {"a": 2}),
    ({"$one_of": [1, 2]}, 2),
    ({"$all": [{"$gt": 1}, {"$lt": 3}]}, 2),
    ({"$type": "integer"}, 1),
    ({"$type": "number"}, 1.5),
    ({"$type": "null"}, None),
    ({"$type": "array"}, []),
    ({"$type": "object"}, {}),
    ({"$type": "boolean"}, False),
]
FAIL: list[tuple[Any, Any]] = [
    (1, 2),
    (1, True),
    (False, 0),
    ("1", 1),
    (None, MISSING),
    ({"a": 1}, {"b": 1}),
    ({"a": 1}, None),
    ([1], [1, 2]),
    ([1, 2], [2, 1]),
    ([1], {"0": 1}),
    ({"a": {"$absent": True}}, {"a": None}),
    ({"a": {"$any": True}}, {}),
    ({"$eq": {"a": 1}}, {"a": 1, "b": 2}),
    ({"$exact": [1]}, [1, 2]),
    ({"$ne": 1}, 1),
    ({"$re": "^a.c$"}, "abcd"),
    ({"$re": "a"}, 1),
    ({"$gt": 1}, 1),
    ({"$gt": 1, "$lt": 3}, 3),
    ({"$gte": 2}, 1),
    ({"$lte": 2}, 3),
    ({"$lt": 2}, "x"),
    ({"$gt": "9"}, "10x"),
    ({"$in": [1, 2]}, True),
    ({"$len": 2}, [1]),
    ({"$len": 0}, None),
    ({"$contains": "d"}, "abc"),
    ({"$contains": {"a": 1}}, [{"a": 0}]),
    ({"$contains": 1}, 1),
    ({"$each": {"$gt": 1}}, [2, 1]),
    ({"$each": 1}, 1),
    ({"$unordered": [1, 2]}, [1, 1]),
    ({"$unordered": [1]}, [1, 1]),
    ({"$approx": 0.1}, 0.2),
    ({"$approx": [1, 2]}, [1]),
    ({"$approx": 1}, "1"),
    ({"$not": {"a": 1}}, {"a": 1}),
    ({"$one_of": [1, 2]}, 3),
    ({"$all": [{"$gt": 1}, {"$lt": 3}]}, 3),
    ({"$type": "integer"}, True),
    ({"$type": "number"}, "1"),
    ({"$type": "string"}, 1),
]


@pytest.mark.parametrize(("expected", "actual"), HOLD)
def test_holds(expected: Any, actual: Any) -> None:
    assert match(expected, actual) == []


@pytest.mark.parametrize(("expected", "actual"), FAIL)
def test_fails_and_says_so(expected: Any, actual: Any) -> None:
    found = match(expected, actual)
    assert found
    assert all("expected" in str(mismatch) and "got" in str(mismatch) for mismatch in found)


def test_every_operator_is_shown_to_hold_and_to_fail() -> None:
    def operators(pairs: list[tuple[Any, Any]]) -> set[str]:
        texts = repr([expected for expected, _ in pairs])
        return {operator for operator in OPERATORS if f"'{operator}'" in texts}

    assert operators(HOLD) == set(OPERATORS)
    assert operators(FAIL) == set(OPERATORS)


def test_a_mismatch_names_the_place() -> None:
    found = match({"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 1}, {"b": 3}]})
    assert [mismatch.path for mismatch in found] == ["a[1].b"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(alphabet="abc", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet="abc", max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_every_value_matches_itself(value: Any) -> None:
    assert match(value, value) == []
    assert match({"$exact": value}, value) == []
    assert match({"$not": {"$exact": value}}, value) != []


@given(json_values, json_values)
def test_exact_and_ne_never_agree(left: Any, right: Any) -> None:
    assert bool(match({"$exact": left}, right)) is not bool(match({"$ne": left}, right))
