"""Python values to the contract's and back: payloads, filters, vectors, columns, ids, traces."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import numpy as np
import pydantic
import pytest
from hypothesis import given, strategies as st

import qbridge
from qbridge import _trace
from qbridge._arrays import as_matrix, from_vector, to_vector
from qbridge._columns import Matches, Records
from qbridge._filters import to_filter
from qbridge._ids import RequestIds
from qbridge._payload import from_payload, to_payload
from qbridge_contract.ids import is_id
from qbridge_contract.structs import Comparison, Filter, Vector, VectorMatches, VectorRecords

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


class Point(pydantic.BaseModel):
    x: int


@given(st.binary() | st.text() | JSON)
def test_a_payload_comes_back_as_it_was(value: Any) -> None:
    assert from_payload(to_payload(value)) == value


def test_models_and_numpy_become_json() -> None:
    value = {"p": Point(x=1), "n": np.float32(0.5), "a": np.arange(2)}
    assert from_payload(to_payload(value)) == {"p": {"x": 1}, "n": 0.5, "a": [0, 1]}
    assert from_payload(to_payload(Point(x=2))) == {"x": 2}


@pytest.mark.parametrize("value", [float("nan"), {"a": [float("inf")]}, object(), {"f": print}])
def test_what_json_cannot_say_is_refused_before_it_is_sent(value: Any) -> None:
    with pytest.raises(qbridge.InvalidRequest, match="JSON"):
        to_payload(value)


def test_a_filter_reads_as_people_write_it() -> None:
    found = to_filter({"label": 3, "year": {"gte": 2000, "$lt": 2010}})
    assert found is not None
    assert found.all is not None
    assert [(f.where.key, f.where.comparison, f.where.value) for f in found.all.filters if f.where] == [
        ("label", Comparison.EQ, 3),
        ("year", Comparison.GTE, 2000),
        ("year", Comparison.LT, 2010),
    ]


def test_filters_combine() -> None:
    found = to_filter({"$any": [{"a": 1}, {"b": {"in": {"x"}}}], "$not": {"c": {"exists": True}}})
    assert found is not None
    assert found.all is not None
    some, none = found.all.filters
    assert some.any is not None
    assert [f.where.value for f in some.any.filters if f.where] == [1, ["x"]]
    assert none.not_ is not None
    assert none.not_.where is not None
    assert none.not_.where.comparison is Comparison.EXISTS


def test_no_filter_means_everything() -> None:
    assert to_filter(None) is None
    assert to_filter({}) is None
    ready = Filter()
    assert to_filter(ready) is ready


@pytest.mark.parametrize(
    "value", [{"a": {"like": 1}}, {"$xor": []}, {"$any": []}, {"$any": "ab"}, {"a": {}}, {"$not": {}}, [1]]
)
def test_a_filter_that_cannot_be_names_what_is_wrong(value: Any) -> None:
    with pytest.raises(qbridge.InvalidRequest, match="filter"):
        to_filter(value)


def test_vectors_come_back_as_a_view_on_the_received_bytes() -> None:
    vector = to_vector(as_matrix([[1, 2], [3, 4]], "vectors"))
    view = from_vector(vector)
    assert view.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert not view.flags.writeable
    assert not view.flags.owndata
    assert np.shares_memory(view, np.frombuffer(vector.f32le or b"", np.uint8))


def test_a_float32_matrix_goes_in_without_a_copy() -> None:
    matrix = np.ones((2, 3), np.float32)
    assert as_matrix(matrix, "vectors") is matrix


def test_an_array_of_numbers_is_read_too() -> None:
    assert from_vector(msgspec.convert({"values": {"items": [1, 2]}}, Vector)).tolist() == [[1.0, 2.0]]
    assert from_vector(None).shape == (0, 0)


@pytest.mark.parametrize(
    "value", [[[1, 2], [3]], [[float("nan")]], [[float("inf")]], np.zeros((1, 1, 1)), [], "abc", [["a"]]]
)
def test_vectors_that_cannot_be_are_refused_before_they_are_sent(value: Any) -> None:
    with pytest.raises(qbridge.InvalidRequest, match="vectors"):
        as_matrix(value, "vectors")


def _matches() -> Matches:
    return Matches(
        VectorMatches(
            ids=["a", "b", "c"],
            distances=[0.0, 0.5, 0.25],
            counts=[2, 1],
            metadata=[{"x": 1}, {"x": 2}, {"x": 3}],
            vectors=to_vector(np.arange(6, dtype=np.float32).reshape(3, 2)),
        )
    )


def test_matches_divide_by_query_without_copying_numbers() -> None:
    matches = _matches()
    first, second = matches
    assert (len(matches), first.ids, second.ids) == (2, ["a", "b"], ["c"])
    assert matches[-1].distances.tolist() == [0.25]
    assert np.shares_memory(first.distances, matches.distances)
    assert np.shares_memory(second.vectors, matches.vectors)
    with pytest.raises(IndexError, match="query 2 of 2"):
        matches[2]


def test_matches_become_plain_python() -> None:
    assert _matches().to_pylist()[2] == {
        "id": "c",
        "distance": 0.25,
        "query": 1,
        "metadata": {"x": 3},
        "vector": [4.0, 5.0],
    }
    assert "query" not in Matches(VectorMatches(ids=["a"], distances=[1.0], counts=[1])).to_pylist()[0]


def test_matches_become_an_arrow_table() -> None:
    table = _matches().to_arrow()
    assert table.column_names == ["id", "distance", "query", "metadata", "vector"]
    assert table["vector"].to_pylist() == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
    assert table["metadata"].to_pylist()[0] == '{"x":1}'


def test_rows_become_models_of_the_user() -> None:
    class Found(pydantic.BaseModel):
        id: str
        distance: float
        x: int

    assert _matches().to_models(Found)[1] == Found(id="b", distance=0.5, x=2)


def test_records_are_columns_too() -> None:
    records = Records(VectorRecords(ids=["a"], vectors=to_vector(np.ones((1, 2), np.float32)), metadata=[{"k": "v"}]))
    assert len(records) == 1
    assert records.to_pylist() == [{"id": "a", "metadata": {"k": "v"}, "vector": [1.0, 1.0]}]
    assert records.to_arrow().num_rows == 1


def test_request_ids_are_ulids_that_grow() -> None:
    ids = RequestIds()
    made = [ids.new() for _ in range(50_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert all(is_id("req", each) for each in made[::1000])


def test_two_makers_never_meet() -> None:
    first, second = RequestIds(), RequestIds()
    assert not {first.new() for _ in range(5000)} & {second.new() for _ in range(5000)}


def test_ids_carry_their_time() -> None:
    from qbridge_contract.ids import time_of

    assert abs(time_of(RequestIds().new()) - time.time()) < 5


def test_a_trace_begins_here_or_goes_on() -> None:
    root = _trace.traceparent()
    assert len(root) == 55
    assert root.startswith("00-")
    token = _trace.current.set(f"00-{'a' * 32}-{'b' * 16}-01")
    try:
        child = _trace.traceparent()
    finally:
        _trace.current.reset(token)
    assert child.startswith(f"00-{'a' * 32}-")
    assert child.endswith("-01")
    assert "b" * 16 not in child


def test_a_span_of_opentelemetry_is_the_parent() -> None:
    trace = pytest.importorskip("opentelemetry.trace")
    context = trace.SpanContext(0xABC, 0xDEF, is_remote=False, trace_flags=trace.TraceFlags(1))
    with trace.use_span(trace.NonRecordingSpan(context)):
        assert _trace.traceparent().startswith(f"00-{0xABC:032x}-")
