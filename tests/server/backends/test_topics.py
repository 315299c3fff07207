"""The reference topics of the standard library on each vector backend: hashed words and metadata filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from qbridge_contract.structs import Comparison, Metric
from qbridge_harness.datasets import DataSet, hashed
from qbridge_server.backends.vector import VectorBackend


@pytest.fixture
async def filled(bench: Any, name: str, topics: DataSet) -> Any:
    await bench.create(name, 256)
    await bench.upsert(name, topics.ids, topics.vectors, topics.metadata)
    return bench


async def test_a_question_finds_the_topic_that_answers_it(filled: Any, name: str) -> None:
    question = hashed("the with statement wraps the execution of a block with a context manager enter exit")
    assert (await filled.query(name, question, top_k=3)).ids[0] in ("with", "context-managers")


async def test_filters_choose_topics_as_their_metadata_says(filled: Any, kit: Any, name: str, topics: DataSet) -> None:
    where, every, some = kit.where, kit.every, kit.some
    long = where("long", Comparison.EQ, True)
    a_to_c = where("initial", Comparison.IN, ["a", "b", "c"])
    middle = every(where("length", Comparison.GTE, 2000), where("length", Comparison.LT, 8000))
    cases: list[tuple[Any, Callable[[dict[str, Any]], bool]]] = [
        (long, lambda item: item["long"]),
        (a_to_c, lambda item: item["initial"] in "abc"),
        (middle, lambda item: 2000 <= item["length"] < 8000),
        (
            some(every(long, a_to_c), middle),
            lambda m: (m["long"] and m["initial"] in "abc") or 2000 <= m["length"] < 8000,
        ),
        (where("initial", Comparison.GT, "m"), lambda item: item["initial"] > "m"),
        (where("nothing", Comparison.EXISTS, False), lambda item: True),
    ]
    for filter_, passes in cases:
        expected = {id_ for id_, item in zip(topics.ids, topics.metadata, strict=True) if passes(item)}
        assert await filled.count(name, filter_) == len(expected)
        found = await filled.query(name, topics.vectors[0], top_k=len(topics.ids), filter=filter_)
        assert set(found.ids) == expected
        assert found.distances == sorted(found.distances)


async def test_metadata_and_vectors_come_back_as_they_were_written(filled: Any, name: str, topics: DataSet) -> None:
    asked = [topics.ids[7], "no such topic", topics.ids[3]]
    records = await filled.get(name, asked)
    assert records.ids == [topics.ids[7], topics.ids[3]]
    assert records.metadata == [topics.metadata[7], topics.metadata[3]]
    assert records.vectors.shape == [2, 256]
    rows = np.frombuffer(records.vectors.f32le, dtype="<f4").reshape(2, 256)
    # Chroma keeps unit vectors and their lengths, so its numbers may differ in the last bit.
    assert np.allclose(rows, np.array([topics.vectors[7], topics.vectors[3]]), atol=1e-7)


@pytest.mark.parametrize("metric", [Metric.COSINE, Metric.L2, Metric.DOT])
async def test_the_graph_keeps_its_recall_on_topics_cut_into_passages(kit: Any, name: str, metric: Metric) -> None:
    from pydoc_data.topics import topics as texts

    words = " ".join(texts[topic] for topic in sorted(texts)).split()
    rows = np.array([hashed(" ".join(words[i : i + 60])) for i in range(0, len(words), 20)], dtype=np.float32)
    backend = VectorBackend("graph", None, exact_elements_max=0)
    await backend.open()
    bench = kit.Bench(backend)
    await bench.create(name, 256, metric)
    await bench.upsert(name, [str(number) for number in range(len(rows))], rows)
    assert await backend.graphs_built(60)
    found = await bench.query(name, rows[::7])
    await backend.close()
    # Unit vectors: all three metrics have the same neighbours.
    similar = rows[::7] @ rows.T
    tenth = np.sort(similar, axis=1)[:, -10]
    good = [similar[place // 10, int(id_)] >= tenth[place // 10] - 1e-6 for place, id_ in enumerate(found.ids)]
    assert len(good) == 10 * len(rows[::7])
    assert np.mean(good) >= 0.99
