"""What is wrong with a vector operation: the same code, field and rule on every backend, and no neighbour pays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import (
    Comparison,
    Condition,
    CountVectors,
    CreateCollection,
    DeleteCollection,
    DeleteVectors,
    Error,
    ErrorCode,
    Filter,
    FilterList,
    FloatArray,
    GetVectors,
    Invoke,
    Metric,
    Operation,
    QueryVectors,
    Reply,
    UpsertVectors,
    Vector,
)


def f32(*numbers: float, shape: tuple[int, ...] = ()) -> Vector:
    return Vector(f32le=np.array(numbers, dtype="<f4").tobytes(), shape=list(shape))


def upsert(vectors: Vector | None, ids: str = "ab", metadata: list[Any] | None = None) -> Operation:
    return Operation(upsert=UpsertVectors(collection="?", ids=list(ids), vectors=vectors, metadata=metadata or []))


def query(vectors: Vector | None, filter_: Filter | None = None) -> Operation:
    return Operation(query=QueryVectors(collection="?", queries=vectors, top_k=1, filter=filter_))


def where(comparison: Comparison, value: Any) -> Operation:
    return query(f32(1, 2), Filter(where=Condition(key="k", comparison=comparison, value=value)))


def deep(depth: int) -> Filter:
    filter_ = Filter(where=Condition(key="k", value=1))
    for _ in range(depth):
        filter_ = Filter(not_=filter_)
    return filter_


NAN, INF = float("nan"), float("inf")
TWO = f32(1, 2, 3, 4, shape=(2, 2))
VALUE = "query.filter.where.value"

BAD: dict[str, tuple[Operation, str, str]] = {
    "query of another dimension": (query(f32(1, 2, 3)), "query.queries", "vector.dimension"),
    "query with NaN": (query(f32(1, NAN)), "query.queries", "vector.finite"),
    "query with infinity": (query(f32(-INF, 1)), "query.queries", "vector.finite"),
    "query without numbers": (query(None), "query.queries", "vector.data"),
    "query of no number": (query(Vector(f32le=b"")), "query.queries.shape", "vector.shape"),
    "bytes that are no float32": (query(Vector(f32le=b"1234567")), "query.queries.f32le", "vector.bytes"),
    "shape and bytes differ": (query(f32(1, 2, 3, shape=(2, 2))), "query.queries.shape", "vector.shape"),
    "shape with zero": (query(f32(1, 2, shape=(0, 2))), "query.queries.shape", "vector.shape"),
    "three axes": (query(f32(1, 2, shape=(1, 1, 2))), "query.queries.shape", "vector.shape"),
    "array too large for float32": (
        query(Vector(values=FloatArray(items=[1e300, 1.0]))),
        "query.queries",
        "vector.finite",
    ),
    "array of no numbers": (query(Vector(values=FloatArray(items=["x", 1]))), "query.queries.values", "vector.values"),  # type: ignore[list-item]
    "upsert of another dimension": (upsert(f32(1, 2, 3, 4, shape=(1, 4)), "a"), "upsert.vectors", "vector.dimension"),
    "upsert with NaN": (upsert(f32(1, 2, NAN, 4, shape=(2, 2))), "upsert.vectors", "vector.finite"),
    "fewer ids than vectors": (upsert(TWO, "a"), "upsert.ids", "upsert.lengths"),
    "more metadata than vectors": (upsert(TWO, "ab", [{}] * 3), "upsert.metadata", "upsert.lengths"),
    "an id twice": (upsert(TWO, "aa"), "upsert.ids", "upsert.unique"),
    "metadata with NaN": (upsert(TWO, "ab", [{}, {"x": NAN}]), "upsert.metadata[1]", "metadata.json"),
    "metadata with deep infinity": (
        upsert(TWO, "ab", [{"x": [{"y": INF}]}, {}]),
        "upsert.metadata[0]",
        "metadata.json",
    ),
    "metadata that is no JSON": (upsert(TWO, "ab", [{"x": {1, 2}}, {}]), "upsert.metadata[0]", "metadata.json"),
    "metadata that is no object": (upsert(TWO, "ab", [{}, 7]), "upsert.metadata[1]", "metadata.json"),
    "metadata with half a character": (upsert(TWO, "ab", [{"x": "\ud800"}, {}]), "upsert.metadata[0]", "metadata.json"),
    "delete of nothing": (Operation(delete=DeleteVectors(collection="?")), "delete", "delete.target"),
    "delete by two things": (
        Operation(delete=DeleteVectors(collection="?", ids=["a"], filter=deep(0))),
        "delete",
        "delete.target",
    ),
    "equal to null": (where(Comparison.EQ, None), VALUE, "filter.value"),
    "equal to a list": (where(Comparison.EQ, [1]), VALUE, "filter.value"),
    "less than a boolean": (where(Comparison.LT, True), VALUE, "filter.value"),
    "less than NaN": (where(Comparison.LT, NAN), VALUE, "filter.value"),
    "in no list": (where(Comparison.IN, "abc"), VALUE, "filter.value"),
    "in a list of lists": (where(Comparison.IN, [[1]]), VALUE, "filter.value"),
    "exists without yes or no": (where(Comparison.EXISTS, 1), VALUE, "filter.value"),
    "a filter of nothing": (query(f32(1, 2), Filter()), "query.filter", "filter.kind"),
    "all of nothing": (query(f32(1, 2), Filter(all=FilterList())), "query.filter", "filter.kind"),
    "a filter too deep": (query(f32(1, 2), deep(40)), "query.filter" + ".not" * 33, "filter.depth"),
    "a bad filter in a count": (
        Operation(count=CountVectors(collection="?", filter=Filter(any=FilterList(filters=[deep(0), Filter()])))),
        "count.filter.any.filters[1]",
        "filter.kind",
    ),
}


def in_collection(operation: Operation, name: str) -> Operation:
    for part in (operation.query, operation.upsert, operation.delete, operation.count):
        if part is not None:
            part.collection = name
    return operation


async def refusal(bench: Any, operation: Operation) -> Error:
    """The error, whether it comes before acceptance or after."""
    try:
        bench.backend.lane_of(operation)
    except BridgeError as error:
        return error.error
    kind = {field: getattr(operation, field) for field in operation.__struct_fields__}
    late: Error = await bench.error(**kind)
    return late


@pytest.mark.parametrize("case", BAD)
async def test_bad_values_name_their_field_and_rule(bench: Any, name: str, case: str) -> None:
    await bench.create(name, 2)
    operation, field, rule = BAD[case]
    error = await refusal(bench, in_collection(operation, name))
    assert error.code is ErrorCode.INVALID_ARGUMENT
    assert [(each.field, each.rule) for each in error.violations] == [(f"request.operation.{field}", rule)]
    assert error.message == error.violations[0].message
    assert await bench.count(name) == 0


@pytest.mark.parametrize(
    "operation",
    [
        query(f32(1, 2)),
        upsert(TWO),
        Operation(get=GetVectors(collection="?", ids=["a"])),
        Operation(count=CountVectors(collection="?")),
        Operation(delete=DeleteVectors(collection="?", ids=["a"])),
        Operation(delete_collection=DeleteCollection(collection="never-made")),
    ],
    ids=["query", "upsert", "get", "count", "delete", "delete_collection"],
)
async def test_an_unknown_collection_is_not_found_and_named(bench: Any, operation: Operation) -> None:
    in_collection(operation, "never-made")
    if operation.get:
        operation.get.collection = "never-made"
    error = await refusal(bench, operation)
    assert error.code is ErrorCode.NOT_FOUND
    assert "never-made" in error.message


async def test_a_collection_that_exists_is_refused_unless_an_equal_one_may(bench: Any, name: str) -> None:
    await bench.create(name, 2, Metric.L2)
    for dimension, metric, exist_ok, good in [
        (2, Metric.L2, False, False),
        (2, Metric.L2, True, True),
        (3, Metric.L2, True, False),
        (2, Metric.COSINE, True, False),
    ]:
        create = CreateCollection(collection=name, dimension=dimension, metric=metric, exist_ok=exist_ok)
        outcome = await bench.do(create_collection=create)
        if good:
            assert isinstance(outcome, Reply)
        else:
            assert outcome.code is ErrorCode.ALREADY_EXISTS
            assert "dimension 2 and metric L2" in outcome.message


async def test_a_vector_backend_invokes_nothing(bench: Any) -> None:
    with pytest.raises(BridgeError) as caught:
        bench.backend.lane_of(Operation(invoke=Invoke(name="echo")))
    assert caught.value.code is ErrorCode.UNIMPLEMENTED


async def test_a_bad_entry_never_fails_its_neighbours(bench: Any, kit: Any, name: str) -> None:
    await bench.create(name, 2)
    good = [
        UpsertVectors(collection=name, ids=[id_], vectors=kit.f32([[1, place]])) for place, id_ in enumerate("abcd")
    ]
    bad = UpsertVectors(collection=name, ids=["x"], vectors=kit.f32([[1, NAN]]))
    outcomes = await bench.outcomes(
        *(bench.entry(upsert=each) for each in [good[0], bad, good[1], good[2], bad, good[3]])
    )
    assert [isinstance(outcome, Reply) for outcome in outcomes] == [True, False, True, True, False, True]
    assert await bench.count(name) == 4

    rows = [[1, 0], [1, INF], [1, 3], [1, 2, 3], [1, 1]]
    queries = [QueryVectors(collection=name, queries=kit.f32(row), top_k=1) for row in rows]
    outcomes = await bench.outcomes(*(bench.entry(query=each) for each in queries))
    found = [each.violations[0].rule if isinstance(each, Error) else each.matches.ids for each in outcomes]
    assert found == [["a"], "vector.finite", ["d"], "vector.dimension", ["b"]]
