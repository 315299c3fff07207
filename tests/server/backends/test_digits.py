"""The 1,797 handwritten digits on each vector backend: what issue 2 asks of real input."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from qbridge_contract.structs import Metric, QueryVectors
from qbridge_harness.datasets import DataSet
from qbridge_server.backends.vector import VectorBackend

NEIGHBOURS = 11
"""Ten and the digit itself."""


@pytest.fixture(scope="session")
def truth(digit_matrix: NDArray[np.float32]) -> NDArray[np.float64]:
    """All distances, by plain subtraction in double precision: shares nothing with the code under test."""
    wide = digit_matrix.astype(np.float64)
    return np.stack([((wide - row) ** 2).sum(axis=1) for row in wide])


async def fill(bench: Any, name: str, digits: DataSet, prefix: str = "") -> None:
    for start in range(0, len(digits.ids), 600):
        part = slice(start, start + 600)
        ids = [prefix + id_ for id_ in digits.ids[part]]
        await bench.upsert(name, ids, digits.vectors[part], digits.metadata[part])


async def neighbours(bench: Any, kit: Any, name: str, digits: DataSet) -> list[Any]:
    """The matches of each digit: 1,797 requests of one query in batches of 256."""
    entries = [
        bench.entry(query=QueryVectors(collection=name, queries=kit.f32(row), top_k=NEIGHBOURS, include_metadata=True))
        for row in digits.vectors
    ]
    outcomes = [outcome for i in range(0, len(entries), 256) for outcome in await bench.outcomes(*entries[i : i + 256])]
    return [outcome.matches for outcome in outcomes]


def recall(found: list[Any], digits: DataSet, truth: NDArray[np.float64], skip: str = "") -> float:
    """The share of neighbours that are no farther than the true last one."""
    place = {id_: number for number, id_ in enumerate(digits.ids)}
    last = np.sort(truth, axis=1)[:, NEIGHBOURS - 1]
    good = sum(
        truth[number, place[id_.removeprefix(skip)]] <= last[number]
        for number, matches in enumerate(found)
        for id_ in matches.ids
    )
    return float(good) / (NEIGHBOURS * len(found))


def accuracy(found: list[Any], digits: DataSet) -> float:
    """Leave one out: each digit is called what its nearest other one is."""
    good = 0
    for id_, label, matches in zip(digits.ids, digits.labels, found, strict=True):
        rank = next(rank for rank, other in enumerate(matches.ids) if not other.endswith(id_))
        good += str(int(matches.metadata[rank]["label"])) == label
    return good / len(found)


async def test_each_digit_is_classified_by_its_nearest_neighbour(
    bench: Any, kit: Any, name: str, digits: DataSet, truth: NDArray[np.float64]
) -> None:
    await bench.create(name, 64, Metric.L2)
    await fill(bench, name, digits)
    found = await neighbours(bench, kit, name, digits)
    assert accuracy(found, digits) >= 0.98
    assert recall(found, digits, truth) >= 0.99


async def test_a_graph_finds_what_the_exact_search_finds(
    kit: Any, name: str, digits: DataSet, truth: NDArray[np.float64]
) -> None:
    backend = VectorBackend("graph", None, exact_elements_max=0)
    await backend.open()
    bench = kit.Bench(backend)
    await bench.create(name, 64, Metric.L2)
    await fill(bench, name, digits)
    assert await backend.graphs_built(60)
    found = await neighbours(bench, kit, name, digits)
    await backend.close()
    assert recall(found, digits, truth) >= 0.99
    assert accuracy(found, digits) >= 0.98


async def test_repeating_deleting_and_writing_again_leaves_the_same_neighbours(
    bench: Any, kit: Any, name: str, digits: DataSet
) -> None:
    await bench.create(name, 64, Metric.L2)
    await fill(bench, name, digits)
    query = digits.vectors[:50]
    before = await bench.query(name, query)

    await fill(bench, name, digits)
    assert await bench.count(name) == 1797
    again = await bench.query(name, query)
    assert np.allclose(again.distances, before.distances, rtol=1e-5)

    for start in range(0, 1797, 600):
        ids = list(digits.ids[start : start + 600])
        assert await bench.delete(name, ids) == len(ids)
    assert await bench.count(name) == 0
    assert (await bench.query(name, query)).ids == []

    await fill(bench, name, digits, prefix="new-")
    after = await bench.query(name, query)
    assert np.allclose(after.distances, before.distances, rtol=1e-5)
    # Pixels are whole numbers, so distances tie, and of equal ones Chroma takes any.
    assert len({id_.removeprefix("new-") for id_ in after.ids} & {*before.ids}) >= 0.99 * len({*before.ids})


async def test_both_backends_find_the_same_neighbours(
    vector: Any, chroma_bench: Any, name: str, digits: DataSet
) -> None:
    rows = digits.vectors[::9]
    answers = []
    for bench in (vector, chroma_bench):
        await bench.create(name, 64, Metric.COSINE)
        await fill(bench, name, digits)
        answers.append(await bench.query(name, rows, include_metadata=True, include_vectors=True))
    ours, theirs = answers
    assert ours.counts == theirs.counts == [10] * len(rows)
    same = [len({*ours.ids[i : i + 10]} & {*theirs.ids[i : i + 10]}) for i in range(0, len(ours.ids), 10)]
    assert np.mean(same) >= 9.9
    assert np.allclose(ours.distances, theirs.distances, atol=2e-5)
    assert ours.vectors.shape == theirs.vectors.shape == [len(ours.ids), 64]


def test_the_digits_are_the_file_whose_source_and_licence_are_named() -> None:
    folder = Path(__file__).parents[3] / "cases" / "data"
    digest = hashlib.sha256((folder / "digits.csv.gz").read_bytes()).hexdigest()
    told = (folder / "README.md").read_text()
    assert all(part in told for part in (digest, "10.24432/C50P49", "CC BY 4.0"))
