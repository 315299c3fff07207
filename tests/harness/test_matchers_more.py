"""Matchers to the letter: what each mismatch says, where it is, and each border of each operator."""

from __future__ import annotations

from typing import Any

import pytest

from qbridge_harness.language.matchers import MISSING, Mismatch, equal, match, matcher_problems, show


@pytest.mark.parametrize(
    ("expected", "actual", "mismatch"),
    [
        (1, 2, Mismatch("", "1", "2")),
        ({"a": 1}, 7, Mismatch("", "an object", "7")),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, Mismatch("a.b", "1", "2")),
        ({"a": 1}, {}, Mismatch("a", "1", "nothing")),
        ([1], "x", Mismatch("", "a list", "'x'")),
        ([1, 2], [1], Mismatch("", "2 items", "1: [1]")),
        ([1, 2], [1, 3], Mismatch("[1]", "2", "3")),
        ({"$gt": 2}, 2, Mismatch("", "more than 2", "2")),
        ({"$len": 2}, 3, Mismatch("", "something with a length", "3")),
        ({"$len": 2}, MISSING, Mismatch("", "something with a length", "nothing")),
        ({"a": {"$len": 2}}, {"a": [1]}, Mismatch("a.length", "2", "1")),
        ({"$contains": 3}, [1], Mismatch("", "something with 3 in it", "[1]")),
        ({"$each": 1}, {}, Mismatch("", "a list", "{}")),
        ({"$each": 1}, [1, 2], Mismatch("[1]", "1", "2")),
        ({"$unordered": [1]}, 1, Mismatch("", "1 items in any order", "1")),
        ({"$unordered": [1, 2]}, [1, 3], Mismatch("", "an item like 2", "[1, 3]")),
        ({"$approx": 1}, 2, Mismatch("", "about 1", "2")),
        ({"$not": 1}, 1, Mismatch("", "anything but 1", "1")),
        ({"$ne": 1}, 1, Mismatch("", "anything but {'$exact': 1}", "1")),
        ({"$one_of": [1, 2]}, 3, Mismatch("", "one of [1, 2]", "3")),
        ({"$exact": 1}, 2, Mismatch("", "exactly 1", "2")),
        ({"a": {"$any": True}}, {}, Mismatch("a", "a value", "nothing")),
        ({"a": {"$any": False}}, {"a": 1}, Mismatch("a", "nothing", "1")),
        ({"a": {"$absent": True}}, {"a": 1}, Mismatch("a", "nothing", "1")),
        ({"a": {"$absent": False}}, {}, Mismatch("a", "a value", "nothing")),
    ],
)
def test_a_mismatch_says_where_what_and_instead_of_what(expected: Any, actual: Any, mismatch: Mismatch) -> None:
    assert match(expected, actual) == [mismatch]


def test_every_difference_is_told() -> None:
    found = match({"a": 1, "b": [1, 2], "c": {"$gt": 5, "$lt": 1}}, {"a": 2, "b": [3, 4], "c": 3})
    assert [each.path for each in found] == ["a", "b[0]", "b[1]", "c", "c"]
    assert len(match({"$each": 1}, [2, 1, 2])) == 2
    assert len(match({"$all": [1, 2]}, 3)) == 2


@pytest.mark.parametrize(
    ("expected", "actual", "holds"),
    [
        ({"$gt": 2}, 3, True),
        ({"$gt": 2}, 2, False),
        ({"$gte": 2}, 2, True),
        ({"$gte": 2}, 1, False),
        ({"$lt": 2}, 1, True),
        ({"$lt": 2}, 2, False),
        ({"$lte": 2}, 2, True),
        ({"$lte": 2}, 3, False),
        ({"$gt": 1.5}, "1.6", True),
        ({"$gt": "1.5"}, "1.4", False),
        ({"$lt": 10}, "9007199254740993", False),
        ({"$gt": "9007199254740992"}, "9007199254740993", True),
        ({"$gt": 1}, MISSING, False),
        ({"$in": [None]}, MISSING, False),
        ({"$in": [1]}, 1.0, True),
        ({"$re": "b"}, "abc", True),
        ({"$re": "d"}, "abc", False),
        ({"$len": 0}, [], True),
        ({"$len": 0}, MISSING, False),
        ({"$contains": "a"}, "a", True),
        ({"$contains": 1}, "1", False),
        ({"$contains": 2}, [1, 2], True),
        ({"$contains": 2}, {2: 2}, False),
        ({"$each": {"$gt": 0}}, [1, 0], False),
        ({"$unordered": [1, 1, 2]}, [1, 2, 1], True),
        ({"$unordered": [1, 2]}, [1], False),
        ({"$unordered": [{"a": 1}, {"a": 1, "b": 2}]}, [{"a": 1, "b": 2}, {"a": 1}], False),
        ({"$approx": 1.0}, 1.0 + 9e-6, True),
        ({"$approx": 1.0}, 1.0 + 1.1e-5, False),
        ({"$approx": 0.0}, 9e-7, True),
        ({"$approx": 0.0}, 1.1e-6, False),
        ({"$approx": {"value": 100, "rel": 0.01, "abs": 0}}, 100.9, True),
        ({"$approx": {"value": 100, "rel": 0.01, "abs": 0}}, 101.2, False),
        ({"$approx": {"value": 0, "abs": 0.5}}, 0.4, True),
        ({"$approx": {"value": 0, "abs": 0.5}}, 0.6, False),
        ({"$approx": [1, 2]}, [1, 2], True),
        ({"$approx": [1, 2]}, [1, 3], False),
        ({"$approx": [1]}, [1, 2], False),
        ({"$approx": [1]}, 1, False),
        ({"$approx": 1}, None, False),
        ({"$one_of": [{"a": 1}, 2]}, {"a": 1, "b": 2}, True),
        ({"$all": []}, 1, True),
        ({"$any": True}, None, True),
        ({"$any": True}, MISSING, False),
        ({"$any": False}, MISSING, True),
        ({"$absent": True}, MISSING, True),
        ({"$absent": False}, 1, True),
        ({"$type": "string"}, "a", True),
        ({"$type": "boolean"}, 1, False),
        ({"$type": "integer"}, 1.0, False),
        ({"$type": "number"}, True, False),
        ({"$type": "number"}, 1, True),
        ({"$type": "object"}, [], False),
        ({"$type": "array"}, {}, False),
        ({"$type": "null"}, 0, False),
        ({"$gt": 1, "b": 2}, {"$gt": 1, "b": 2}, True),
        ({}, {}, True),
        ({}, 1, False),
        ([], [], True),
    ],
)
def test_each_border_holds_on_its_side(expected: Any, actual: Any, holds: bool) -> None:
    assert (match(expected, actual) == []) is holds


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (True, True, True),
        (True, False, False),
        (True, 1, False),
        (0, False, False),
        (1, 1.0, True),
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, {"a": 2}, False),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": [True]}, {"a": [1]}, False),
        ({}, [], False),
        ({"a": 1}, ["a"], False),
        ([1, 2], [1, 2], True),
        ([1, 2], [1, 3], False),
        ([1], [1, 2], False),
        ([], None, False),
        ("a", "a", True),
    ],
)
def test_equality_is_deep_and_knows_booleans(left: Any, right: Any, same: bool) -> None:
    assert equal(left, right) is same
    assert equal(right, left) is same


def test_a_value_is_shown_up_to_its_length() -> None:
    assert show(MISSING) == "nothing"
    assert show("a") == "'a'"
    assert show("x" * 238) == repr("x" * 238)
    assert show("x" * 239) == f"{repr('x' * 239)[:240]}... (241 characters)"


@pytest.mark.parametrize(
    ("expected", "problems"),
    [
        ({"a": {"$gt": 1}}, []),
        ({"${name}": 1}, []),
        ({"${name}": 1, "b": 2}, []),
        ({"$gt": 1, "b": 2}, [((), "stand side by side", "")]),
        ({"$gt": 1, "$lt": 2}, []),
        ({"a": [{"$grt": 1}]}, [(("a", 0, "$grt"), "no operator $grt", "$grt")]),
        ({"$re": "("}, [(("$re",), "no regular expression", "")]),
        ({"$re": "${name}"}, []),
        ({"$type": "text"}, [(("$type",), "no type 'text'", "")]),
        ({"$type": "null"}, []),
        ({"$one_of": 1}, [(("$one_of",), "$one_of takes a list", "")]),
        ({"$all": 1}, [(("$all",), "$all takes a list", "")]),
        ({"$unordered": 1}, [(("$unordered",), "$unordered takes a list", "")]),
        ({"$in": 1}, [(("$in",), "$in takes a list", "")]),
        ({"$in": "${values}"}, []),
        ({"$gt": [1]}, []),
        ({"$exact": {"$grt": 1}}, []),
        ({"$eq": {"$grt": 1}}, []),
        ({"$ne": {"$grt": 1}}, []),
        ({"$in": [{"$grt": 1}]}, []),
        ({"$not": {"$grt": 1}}, [(("$not", "$grt"), "no operator $grt", "$grt")]),
        (1, []),
    ],
)
def test_a_mistake_in_an_expectation_is_found_before_anything_is_sent(
    expected: Any, problems: list[tuple[Any, str, str]]
) -> None:
    found = matcher_problems(expected)
    assert [(path, sign) for path, _, sign in found] == [(path, sign) for path, _, sign in problems]
    assert all(words in text for (_, text, _), (_, words, _) in zip(found, problems, strict=True))
