"""Filters mean on every backend what a few lines of plain Python say."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from qbridge_contract.structs import Comparison, Condition, CountVectors, Filter, FilterList, Operation
from qbridge_server.backends.chroma.translate import InexpressibleError, where_of
from qbridge_server.backends.filters import matches
from qbridge_server.backends.vector.columns import Columns

KEYS = ["a", "b", "ключ"]
TEXT = st.sampled_from(["", "a", "B", "b", "ab", "ä", "𝄞", "0"])
NUMBER = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, -0.5, 2.0, 1e300, -0.0, 2**53]))
SCALAR = st.one_of(TEXT, NUMBER, st.booleans())
STORED = st.one_of(SCALAR, st.none(), st.lists(NUMBER, max_size=2), st.just({"a": 1}))
ROWS = st.lists(st.dictionaries(st.sampled_from(KEYS), STORED, max_size=3), min_size=1, max_size=12)


def condition() -> st.SearchStrategy[Filter]:
    key = st.sampled_from([*KEYS, "nowhere"])
    equal = st.sampled_from([Comparison.EQ, Comparison.NE, Comparison.UNSPECIFIED])
    order = st.sampled_from([Comparison.LT, Comparison.LTE, Comparison.GT, Comparison.GTE])
    parts = st.one_of(
        st.tuples(key, equal, SCALAR),
        st.tuples(key, order, st.one_of(TEXT, NUMBER)),
        st.tuples(key, st.just(Comparison.IN), st.lists(SCALAR, max_size=4)),
        st.tuples(key, st.just(Comparison.EXISTS), st.booleans()),
    )
    return parts.map(lambda part: Filter(where=Condition(key=part[0], comparison=part[1], value=part[2])))


def nested(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    several = st.lists(inner, min_size=1, max_size=3).map(lambda parts: FilterList(filters=parts))
    return st.one_of(
        several.map(lambda parts: Filter(all=parts)),
        several.map(lambda parts: Filter(any=parts)),
        inner.map(lambda part: Filter(not_=part)),
    )


FILTERS = st.recursive(condition(), nested, max_leaves=6)


def naive(filter_: Filter, row: dict[str, Any]) -> bool:
    """The meaning, written without a thought for speed, and apart from the code under test."""
    if filter_.all:
        return all(naive(part, row) for part in filter_.all.filters)
    if filter_.any:
        return any(naive(part, row) for part in filter_.any.filters)
    if filter_.not_:
        return not naive(filter_.not_, row)
    assert filter_.where
    key, comparison, value = filter_.where.key, filter_.where.comparison, filter_.where.value
    here = row.get(key)

    def kind(item: Any) -> str:
        if isinstance(item, bool):
            return "boolean"
        return "number" if isinstance(item, (int, float)) else "string" if isinstance(item, str) else "none"

    def equal(other: Any) -> bool:
        return kind(here) == kind(other) != "none" and bool(here == other)

    match comparison.name:
        case "EXISTS":
            return (key in row) is bool(value)
        case "NE":
            return not equal(value)
        case "IN":
            return any(equal(item) for item in value)
        case "EQ" | "UNSPECIFIED":
            return equal(value)
    if kind(here) != kind(value):
        return False
    return bool({"LT": here < value, "LTE": here <= value, "GT": here > value, "GTE": here >= value}[comparison.name])


@given(rows=ROWS, filter_=FILTERS)
def test_columns_choose_what_the_naive_evaluation_chooses(rows: list[dict[str, Any]], filter_: Filter) -> None:
    columns = Columns()
    half = len(rows) // 2
    columns.extend(0, rows[:half])
    columns.extend(half, rows[half:])
    expected = [naive(filter_, row) for row in rows]
    assert columns.mask(filter_, len(rows)).tolist() == expected
    # A reader whose snapshot is older sees the older rows and nothing else.
    assert columns.mask(filter_, half).tolist() == expected[:half]


@given(row=ROWS.map(lambda rows: rows[0]), filter_=FILTERS)
def test_the_plain_evaluation_says_what_the_naive_one_says(row: dict[str, Any], filter_: Filter) -> None:
    assert matches(filter_, row) is naive(filter_, row)


def _expressible(filter_: Filter) -> bool:
    try:
        where_of(filter_)
    except InexpressibleError:
        return False
    return True


@pytest.mark.parametrize("kind", [True, False], ids=["in Chroma's words", "evaluated here"])
def test_a_real_chroma_counts_what_the_naive_evaluation_counts(kit: Any, chroma: Any, name: str, kind: bool) -> None:
    from qbridge_server.backends import create_backend

    rows: list[dict[str, Any]] = [
        dict(zip(KEYS, values, strict=False))
        for values in itertools.product([1, -1.5, "a", "b", True, False, 2**53], [0.5, "ä", True, None])
    ]
    rows += [{}, {"b": [1]}, {"a": {"a": 1}}, {"a": ""}, {"a": None}]
    runner = asyncio.Runner()
    backend = create_backend("chroma", f"chroma:{chroma.url}")
    bench = kit.Bench(backend)
    runner.run(bench.create(name, 2))
    runner.run(bench.upsert(name, [str(number) for number in range(len(rows))], [[1, 0]] * len(rows), rows))

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
    @given(filter_=FILTERS.filter(lambda item: _expressible(item) is kind))
    def check(filter_: Filter) -> None:
        operation = Operation(count=CountVectors(collection=name, filter=filter_))
        backend.lane_of(operation)
        assert runner.run(bench.count(name, filter_)) == sum(naive(filter_, row) for row in rows)

    try:
        check()
    finally:
        runner.run(backend.close())
        runner.close()
