"""Matchers: how an expectation says what it wants of a value.

An object asks for its keys and lets others be; a list asks for exactly its items; anything else for an equal value.
An object whose keys begin with `$` holds operators, all of which must hold.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Where a value differs from what was expected."""

    path: str
    expected: str
    actual: str

    def __str__(self) -> str:
        return f"{self.path or 'the value'}: expected {self.expected}, got {self.actual}"


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING: Any = _Missing()
_SHOWN_MAX = 240


def show(value: Any) -> str:
    """A value in a sentence, cut to a readable length."""
    text = "nothing" if value is MISSING else repr(value)
    return text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}... ({len(text)} characters)"


def match(expected: Any, actual: Any, path: str = "") -> list[Mismatch]:
    """Every difference; an empty list where the value matches."""
    if isinstance(expected, Mapping):
        if expected and all(str(key).startswith("$") for key in expected):
            found = []
            for operator, argument in expected.items():
                found += OPERATORS[operator](argument, actual, path)
            return found
        return _object(expected, actual, path)
    if isinstance(expected, list):
        return _list(expected, actual, path)
    return [] if equal(expected, actual) else [Mismatch(path, show(expected), show(actual))]


def equal(left: Any, right: Any) -> bool:
    """Deep equality in which 1 is 1.0 and True is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    return bool(left == right)


def _object(expected: Mapping[str, Any], actual: Any, path: str) -> list[Mismatch]:
    if not isinstance(actual, Mapping):
        return [Mismatch(path, "an object", show(actual))]
    found = []
    for key, wanted in expected.items():
        found += match(wanted, actual.get(key, MISSING), f"{path}.{key}" if path else str(key))
    return found


def _list(expected: list[Any], actual: Any, path: str) -> list[Mismatch]:
    if not isinstance(actual, list):
        return [Mismatch(path, "a list", show(actual))]
    if len(actual) != len(expected):
        return [Mismatch(path, f"{len(expected)} items", f"{len(actual)}: {show(actual)}")]
    found = []
    for index, (wanted, value) in enumerate(zip(expected, actual, strict=True)):
        found += match(wanted, value, f"{path}[{index}]")
    return found


def _test(name: str, holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any, str], list[Mismatch]]:
    """An operator that is one comparison; a value that cannot be compared does not hold."""

    def operator(argument: Any, actual: Any, path: str) -> list[Mismatch]:
        try:
            good = actual is not MISSING and holds(actual, argument)
        except (TypeError, ValueError):
            good = False
        return [] if good else [Mismatch(path, f"{name} {show(argument)}", show(actual))]

    return operator


def _number(value: Any) -> Any:
    """A number for comparisons; 64-bit integers are texts in JSON."""
    if isinstance(value, str):
        return float(value) if "." in value else int(value)
    return value


def _length(argument: Any, actual: Any, path: str) -> list[Mismatch]:
    if actual is MISSING or not hasattr(actual, "__len__"):
        return [Mismatch(path, "something with a length", show(actual))]
    return match(argument, len(actual), f"{path}.length")


def _contains(argument: Any, actual: Any, path: str) -> list[Mismatch]:
    if isinstance(actual, str):
        good = isinstance(argument, str) and argument in actual
    else:
        good = isinstance(actual, list) and any(not match(argument, item) for item in actual)
    return [] if good else [Mismatch(path, f"something with {show(argument)} in it", show(actual))]


def _each(argument: Any, actual: Any, path: str) -> list[Mismatch]:
    if not isinstance(actual, list):
        return [Mismatch(path, "a list", show(actual))]
    found = []
    for index, item in enumerate(actual):
        found += match(argument, item, f"{path}[{index}]")
    return found


def _unordered(argument: Any, actual: Any, path: str) -> list[Mismatch]:
    if not isinstance(actual, list) or len(actual) != len(argument):
        return [Mismatch(path, f"{len(argument)} items in any order", show(actual))]
    left = list(actual)
    for wanted in argument:
        index = next((i for i, item in enumerate(left) if not match(wanted, item)), None)
        if index is None:
            return [Mismatch(path, f"an item like {show(wanted)}", show(actual))]
        del left[index]
    return []


def _approx(argument: Any, actual: Any, path: str) -> list[Mismatch]:
    wanted = argument if isinstance(argument, Mapping) else {"value": argument}
    relative, absolute = wanted.get("rel", 1e-5), wanted.get("abs", 1e-6)
    value = wanted["value"]
    values, actuals = (value, actual) if isinstance(value, list) else ([value], [actual])
    good = isinstance(actuals, list) and len(values) == len(actuals)
    try:
        pairs = zip(values, actuals, strict=True) if good else ()
        good = good and all(math.isclose(a, b, rel_tol=relative, abs_tol=absolute) for a, b in pairs)
    except TypeError:
        good = False
    return [] if good else [Mismatch(path, f"about {show(value)}", show(actual))]


def _not(argument: Any, actual: Any, path: str) -> list[Mismatch]:
    return [] if match(argument, actual, path) else [Mismatch(path, f"anything but {show(argument)}", show(actual))]


def _one_of(argument: Any, actual: Any, path: str) -> list[Mismatch]:
    good = any(not match(wanted, actual, path) for wanted in argument)
    return [] if good else [Mismatch(path, f"one of {show(argument)}", show(actual))]


def _all(argument: Any, actual: Any, path: str) -> list[Mismatch]:
    return [mismatch for wanted in argument for mismatch in match(wanted, actual, path)]


def _exact(argument: Any, actual: Any, path: str) -> list[Mismatch]:
    return [] if equal(argument, actual) else [Mismatch(path, f"exactly {show(argument)}", show(actual))]


def _presence(argument: Any, actual: Any, path: str, *, there: bool) -> list[Mismatch]:
    good = (actual is not MISSING) is (there is bool(argument))
    return [] if good else [Mismatch(path, "a value" if there is bool(argument) else "nothing", show(actual))]


_TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, list),
    "null": lambda value: value is None,
}

OPERATORS: dict[str, Callable[[Any, Any, str], list[Mismatch]]] = {
    "$eq": _exact,
    "$exact": _exact,
    "$ne": lambda argument, actual, path: _not({"$exact": argument}, actual, path),
    "$re": _test("a text like", lambda value, pattern: re.search(pattern, value) is not None),
    "$gt": _test("more than", lambda value, bound: _number(value) > _number(bound)),
    "$gte": _test("at least", lambda value, bound: _number(value) >= _number(bound)),
    "$lt": _test("less than", lambda value, bound: _number(value) < _number(bound)),
    "$lte": _test("at most", lambda value, bound: _number(value) <= _number(bound)),
    "$in": _test("one of", lambda value, options: any(equal(value, option) for option in options)),
    "$type": _test("the type", lambda value, name: _TYPES[name](value)),
    "$any": lambda argument, actual, path: _presence(argument, actual, path, there=True),
    "$absent": lambda argument, actual, path: _presence(argument, actual, path, there=False),
    "$len": _length,
    "$contains": _contains,
    "$each": _each,
    "$unordered": _unordered,
    "$approx": _approx,
    "$not": _not,
    "$one_of": _one_of,
    "$all": _all,
}
"""Operator -> its check."""


def matcher_problems(expected: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], str, str]]:
    """The mistakes in an expectation, before anything is sent: (path, message, unknown operator)."""
    found: list[tuple[tuple[str | int, ...], str, str]] = []
    if isinstance(expected, Mapping):
        signs = [key for key in expected if str(key).startswith("$") and not str(key).startswith("${")]
        if signs and len(signs) != len(expected):
            found.append((path, "Operators ($...) and keys stand side by side; an object has one or the other.", ""))
        for sign in signs:
            found += _operator_problems(sign, expected[sign], (*path, sign))
        for key in expected:
            if key not in ("$exact", "$eq", "$ne", "$in"):
                found += matcher_problems(expected[key], (*path, key))
    elif isinstance(expected, list):
        for index, item in enumerate(expected):
            found += matcher_problems(item, (*path, index))
    return found


def _operator_problems(
    sign: str, argument: Any, path: tuple[str | int, ...]
) -> list[tuple[tuple[str | int, ...], str, str]]:
    if sign not in OPERATORS:
        return [(path, f"There is no operator {sign}.", sign)]
    if sign == "$re":
        try:
            re.compile(str(argument).replace("${", "").replace("}", ""))
        except re.error as error:
            return [(path, f"This is no regular expression: {error}.", "")]
    if sign == "$type" and argument not in _TYPES:
        return [(path, f"There is no type {argument!r}; there are {', '.join(_TYPES)}.", "")]
    if sign in ("$one_of", "$all", "$unordered", "$in") and not isinstance(argument, list | str):
        return [(path, f"{sign} takes a list.", "")]
    return []
