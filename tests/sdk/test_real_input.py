"""The 1,797 handwritten digits through the SDK: the same neighbours on every transport."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

import qbridge

DIGITS = Path(__file__).parents[2] / "cases" / "data" / "digits.csv.gz"


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """The vectors [1797, 64] and the labels."""
    with gzip.open(DIGITS, "rt") as lines:
        table = np.array([[float(cell) for cell in line.split(",")] for line in lines], np.float32)
    return table[:, :64], table[:, 64].astype(int)


async def test_digits_are_classified_by_their_nearest_neighbour(
    client: qbridge.AsyncClient, name: str, digits: tuple[np.ndarray, np.ndarray]
) -> None:
    vectors, labels = digits
    ids = [f"digit-{i:04}" for i in range(len(vectors))]
    await client.create_collection(name, 64, metric="l2")
    metadata = [{"label": int(label)} for label in labels]
    assert await client.upsert(name, ids, vectors, metadata, idempotency_key=name) == len(ids)
    assert await client.upsert(name, ids, vectors, metadata, idempotency_key=name) == len(ids)
    assert await client.count(name) == len(ids)
    matches = await client.query(name, vectors, top_k=2, include_metadata=True, timeout_s=60.0)
    rows = np.array(matches.ids).reshape(-1, 2)
    found = np.array([row["label"] for row in matches.metadata]).reshape(-1, 2)
    itself = rows[:, 0] == np.array(ids)
    nearest = np.where(itself, found[:, 1], found[:, 0])
    assert (nearest == labels).mean() >= 0.98
    true = ((vectors[:50, None, :] - vectors[None]) ** 2).sum(axis=2)
    np.fill_diagonal(true, np.inf)
    np.testing.assert_allclose(matches.distances.reshape(-1, 2)[:50, 1], true.min(axis=1), rtol=1e-3)
    sevens = await client.query(name, vectors[7], top_k=5, filter={"label": 7}, include_metadata=True)
    assert {row["label"] for row in sevens.metadata} == {7}
