"""The neighbour graph (HNSW, by usearch) of a large collection: an accelerator, never the truth.

The builder's thread adds rows in small portions while searches go on; what is not in the graph yet is searched
exactly. So a write never waits for the graph, a collection opens at once, and a lost or stale graph file costs time
and no answer. Rows are never reused: a deleted one stays in the graph and is dropped from its answers.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from qbridge_contract.structs import Metric
from qbridge_server.backends.checks import Matrix
from qbridge_server.backends.vector.collection import Snapshot
from qbridge_server.backends.vector.columns import Slots

PORTION = 32
"""Rows added under one hold of the lock: some 5 ms that a search may have to wait."""
CONNECTIVITY = 16
EXPANSION_ADD = 128
EXPANSION_SEARCH_MIN = 192
"""Measured for recall@10 >= 0.99 on the digits and on the reference topics."""
METRICS = {Metric.COSINE: "cos", Metric.L2: "l2sq", Metric.DOT: "ip"}


class Graph:
    """The graph of one collection. The builder calls `add`, `load` and `save`; readers call `search`."""

    def __init__(self, dimension: int, metric: Metric) -> None:
        # usearch takes 0.2 s to import, and a small collection never needs it.
        from usearch.index import Index

        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._index = Index(
            ndim=dimension,
            metric=METRICS[metric],
            dtype="f32",
            connectivity=CONNECTIVITY,
            expansion_add=EXPANSION_ADD,
        )
        self.covered = -1
        """All rows up to this one that were alive when the builder came by are in the graph."""

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Holds the graph. Who waits for it holds the turn, so that the builder cannot take it again and again."""
        with self._turn:
            self._lock.acquire()
        try:
            yield
        finally:
            self._lock.release()

    def __len__(self) -> int:
        return len(self._index)

    def add(self, snapshot: Snapshot) -> bool:
        """Adds one portion of the rows that are not covered yet; False where there is none."""
        start = int(np.searchsorted(snapshot.rows, self.covered, side="right"))
        if start >= snapshot.size:
            return False
        slots = np.arange(start, min(start + PORTION, snapshot.size))
        living = slots[~snapshot.dead[slots]]
        with self._held():
            if len(living):
                self._index.add(snapshot.rows[living].astype(np.uint64), snapshot.matrix[living], threads=1)
            self.covered = int(snapshot.rows[slots[-1]])
        return True

    def search(self, queries: Matrix, wanted: int) -> tuple[Slots, int]:
        """(rows [queries, wanted] with -1 where there is none, the row up to which the graph was searched)."""
        with self._held():
            # The stubs call this property read-only; usearch documents the setter.
            self._index.expansion_search = max(EXPANSION_SEARCH_MIN, 2 * wanted)  # type: ignore[misc]
            found = self._index.search(queries, wanted, threads=1)
            covered = self.covered
        rows = np.asarray(found.keys, dtype=np.int64).reshape(len(queries), -1)
        counts = np.atleast_1d(getattr(found, "counts", rows.shape[1]))
        rows = np.where(np.arange(rows.shape[1]) < counts[:, None], rows, -1)
        return rows, covered

    def save(self, path: Path) -> None:
        """Writes the graph into a file."""
        with self._held():
            self._index.save(str(path))

    def load(self, path: Path, covered: int) -> None:
        """Takes a saved graph. Raises RuntimeError, ValueError or OSError where it is none of this collection."""
        dimension = self._index.ndim
        with self._held():
            self._index.load(str(path))
            if self._index.ndim != dimension:
                raise ValueError(f"the graph file has dimension {self._index.ndim}, not {dimension}")
            self.covered = covered
