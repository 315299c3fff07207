"""The search of a vector backend: its arithmetic, the order of its writes, and its answers while a graph changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from qbridge_contract.structs import (
    Comparison,
    DeleteVectors,
    ListCollections,
    Metric,
    QueryVectors,
    UpsertVectors,
    Vector,
)
from qbridge_server.backends.vector import VectorBackend

METRICS = [Metric.COSINE, Metric.L2, Metric.DOT]


def plain(metric: Metric, query: Any, row: Any) -> float:
    """The distance as the contract defines it."""
    a, b = np.asarray(query, dtype=np.float64), np.asarray(row, dtype=np.float64)
    if metric is Metric.L2:
        return float(((a - b) ** 2).sum())
    if metric is Metric.DOT:
        return float(1 - a @ b)
    length = np.linalg.norm(a) * np.linalg.norm(b)
    return float(1 - a @ b / length) if length else 1.0


@pytest.mark.parametrize("metric", METRICS)
async def test_distances_are_those_of_the_contract(bench: Any, name: str, metric: Metric) -> None:
    rows = [[3, 4], [0, 2], [-1, 0.5], [1000, 1000.5], [0, 0]]
    await bench.create(name, 2, metric)
    await bench.upsert(name, [str(place) for place in range(len(rows))], rows)
    for query in ([3, 4], [1000, 1000], [0, 0]):
        found = await bench.query(name, query)
        expected = [plain(metric, query, rows[int(id_)]) for id_ in found.ids]
        assert len(found.ids) == 5
        assert found.distances == pytest.approx(expected, rel=1e-5, abs=1e-6)
        assert expected == pytest.approx(sorted(expected), rel=1e-5, abs=1e-6)


async def test_numbers_at_the_edge_of_float32_are_ordered_and_stay_finite(vector: Any, name: str) -> None:
    huge = 3e38
    for metric in METRICS:
        await vector.create(name + metric.name, 2, metric)
        await vector.upsert(name + metric.name, ["near", "far"], [[huge, huge], [-huge, -huge]])
        found = await vector.query(name + metric.name, [huge, huge])
        assert found.ids == ["near", "far"]
        assert np.isfinite(found.distances).all()


async def test_an_answer_does_not_depend_on_who_shared_the_batch(vector: Any, kit: Any, name: str, digits: Any) -> None:
    await vector.create(name, 64)
    await vector.upsert(name, digits.ids, digits.vectors)
    queries = [QueryVectors(collection=name, queries=kit.f32(row), top_k=7) for row in digits.vectors[:200]]
    alone = [(await vector.reply(query=query)).matches for query in queries]
    together = await vector.outcomes(*(vector.entry(query=query) for query in queries))
    assert [outcome.matches for outcome in together] == alone


async def test_queries_of_one_lane_with_other_sizes_and_filters_get_their_own_answers(
    bench: Any, kit: Any, name: str
) -> None:
    await bench.create(name, 2, Metric.L2)
    await bench.upsert(name, list("abcdef"), [[n, 0] for n in range(6)], [{"even": n % 2 == 0} for n in range(6)])
    even = kit.where("even", Comparison.EQ, True)

    def ask(top_k: int, rows: Any, **more: Any) -> Any:
        return bench.entry(query=QueryVectors(collection=name, queries=kit.f32(rows), top_k=top_k, **more))

    entries = [ask(2, [0, 0]), ask(3, [5, 0]), ask(2, [0, 0], filter=even), ask(2, [[5, 0], [2, 0]]), ask(9, [0, 0])]
    assert len({entry.lane for entry in entries}) == 1
    found = [outcome.matches for outcome in await bench.outcomes(*entries)]
    ids = ["".join(matches.ids) for matches in found]
    assert ids[:3] == ["ab", "fed", "ac"]
    assert ids[3][:2] == "fe"
    assert ids[3][2] == "c"
    assert ids[4] == "abcdef"
    assert [matches.counts for matches in found] == [[2], [3], [2], [2, 2], [6]]


async def test_writes_of_one_batch_take_effect_in_their_order(bench: Any, kit: Any, name: str) -> None:
    await bench.create(name, 2, Metric.L2)

    def put(ids: str, number: float) -> Any:
        upsert = UpsertVectors(collection=name, ids=list(ids), vectors=kit.f32([[number, 0]] * len(ids)))
        return bench.entry(upsert=upsert)

    def drop(ids: str) -> Any:
        return bench.entry(delete=DeleteVectors(collection=name, ids=list(ids)))

    batch = [put("ab", 1), put("bc", 2), drop("ax"), put("a", 3), drop("c"), put("cd", 4)]
    counts = [kit.counted(outcome) for outcome in await bench.outcomes(*batch)]
    assert counts == [2, 2, 1, 1, 1, 2]
    found = await bench.query(name, [0, 0], include_vectors=True)
    rows = np.frombuffer(found.vectors.f32le, dtype="<f4").reshape(-1, 2)
    assert dict(zip(found.ids, rows[:, 0].tolist(), strict=True)) == {"b": 2, "a": 3, "c": 4, "d": 4}


async def test_a_replaced_vector_loses_its_old_metadata(bench: Any, kit: Any, name: str) -> None:
    await bench.create(name, 1)
    await bench.upsert(name, ["a", "b"], [[1], [1]], [{"x": 1, "y": "old"}, {"x": 1}])
    await bench.upsert(name, ["a"], [[1]], [{"z": True}])
    await bench.upsert(name, ["b"], [[1]])
    assert (await bench.get(name, ["a", "b"])).metadata == [{"z": True}, {}]
    assert await bench.count(name, kit.where("x", Comparison.EXISTS, True)) == 0


async def test_delete_by_filter_takes_what_passes_and_nothing_else(bench: Any, kit: Any, name: str) -> None:
    await bench.create(name, 1)
    await bench.upsert(name, list("abcd"), [[1]] * 4, [{"n": n} for n in range(4)])
    assert await bench.delete(name, filter_=kit.where("n", Comparison.GTE, 2)) == 2
    assert await bench.delete(name, filter_=kit.where("n", Comparison.GTE, 2)) == 0
    assert sorted((await bench.query(name, [1])).ids) == ["a", "b"]


async def test_any_name_of_the_contract_makes_a_collection_that_is_listed(bench: Any) -> None:
    names = ["a", "a..b", "ab.", "1.2.3.4", "qbx-61", "x" * 63, "Ab-c_d"]
    for name in names:
        await bench.create(name, 2, Metric.DOT)
    found = (await bench.reply(list_collections=ListCollections())).collections.collections
    mine = {info.collection: info for info in found if info.collection in names}
    assert list(mine) == sorted(names)
    assert {(info.dimension, info.metric, info.count) for info in mine.values()} == {(2, Metric.DOT, 0)}


async def test_any_metadata_comes_back_as_it_was(bench: Any, name: str) -> None:
    rows: list[dict[str, Any]] = [
        {"": 1, "$and": 2, "#document": "x", "chroma:document": "y", "qbridge:json": "z"},
        {"null": None, "list": [1, "a", None], "object": {"a": {"b": []}}, "plain": 1.5},
        {"large": 2**60, "tiny": 5e-324, "zero": -0.0, "text": "a\x00b \U0001d11e"},
        {"true": True, "false": False, "one": 1},
    ]
    await bench.create(name, 1)
    await bench.upsert(name, list("abcd"), [[1]] * 4, rows)
    assert (await bench.get(name, list("abcd"))).metadata == rows


async def test_a_graph_stays_right_while_vectors_come_and_go(kit: Any, name: str) -> None:
    backend = VectorBackend("graph", None, exact_elements_max=0)
    await backend.open()
    bench = kit.Bench(backend)
    rng = np.random.default_rng(7)
    await bench.create(name, 8, Metric.L2)
    rows: dict[str, Any] = {}
    for step in range(12):
        ids = [f"{number}" for number in rng.choice(4000, 800, replace=False)]
        fresh = rng.standard_normal((800, 8)).astype(np.float32)
        await bench.upsert(name, ids, fresh, [{"odd": int(id_) % 2 == 1} for id_ in ids])
        rows.update(zip(ids, fresh, strict=True))
        gone = [f"{number}" for number in rng.choice(4000, 500, replace=False)]
        assert await bench.delete(name, gone) == sum(rows.pop(id_, None) is not None for id_ in gone)
        if step % 3 == 0:
            assert await backend.graphs_built(60)
        odd = kit.where("odd", Comparison.EQ, True)
        for filter_, live in [(None, rows), (odd, {id_: row for id_, row in rows.items() if int(id_) % 2})]:
            assert await bench.count(name, filter_) == len(live)
            query = rng.standard_normal(8)
            found = await bench.query(name, query, filter=filter_)
            expected = sorted((plain(Metric.L2, query, row)) for row in live.values())[:10]
            assert set(found.ids) <= set(live)
            near = [distance <= expected[-1] * 1.00001 for distance in found.distances]
            assert len(near) == 10
            assert sum(near) >= 9
    await backend.close()


async def test_arrays_are_taken_like_bytes(bench: Any, name: str) -> None:
    from qbridge_contract.structs import FloatArray

    await bench.create(name, 2, Metric.L2)
    values = Vector(values=FloatArray(items=[1, 2.5, 3, 4]), shape=[2, 2])
    await bench.reply(upsert=UpsertVectors(collection=name, ids=["a", "b"], vectors=values))
    query = QueryVectors(collection=name, queries=Vector(values=FloatArray(items=[1.0, 2.5])), top_k=1)
    matches = (await bench.reply(query=query)).matches
    assert (matches.ids, matches.distances) == (["a"], [0.0])
