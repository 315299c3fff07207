"""A collection in memory: its vectors as one matrix, and immutable snapshots of it for readers.

Each vector written takes a new slot at the end; the slot of a vector that is replaced or deleted dies. Slots are
never changed, so a snapshot (how many slots, which are dead) stays true while the one writer goes on. Each slot has
a row number, given out once for ever and ascending, by which the store and the neighbour graph know it. Dead slots
are swept out when they are as many as the living.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from qbridge_contract.structs import CollectionInfo, Metric
from qbridge_server.backends.checks import Matrix
from qbridge_server.backends.vector.columns import Columns, Mask, Slots

CAPACITY_MIN = 256
DEAD_MIN = 4096
"""Fewer dead slots are not worth a sweep."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The collection at one moment. The lists may be longer than `size`; only the first `size` count."""

    metric: Metric
    size: int
    live: int
    matrix: Matrix
    scale: NDArray[np.float64]
    """By metric: the inverse norm (COSINE), the squared norm (L2)."""
    rows: Slots
    dead: Mask
    ids: list[str]
    metadata: list[bytes]
    columns: Columns


def scale_of(metric: Metric, matrix: Matrix) -> NDArray[np.float64]:
    """What a search needs of each vector besides its numbers."""
    squares: NDArray[np.float64] = np.einsum("nd,nd->n", matrix, matrix, dtype=np.float64)
    if metric is Metric.COSINE:
        squares = np.divide(1.0, np.sqrt(squares), out=np.zeros_like(squares), where=squares > 0)
    return squares


class Collection:
    """One writer calls `write`, `remove` and `sweep`; anybody may call the rest."""

    def __init__(self, number: int, name: str, dimension: int, metric: Metric) -> None:
        self.number = number
        self.name = name
        self.dimension = dimension
        self.metric = metric
        self._lock = threading.Lock()
        self._slot_of: dict[str, int] = {}
        self._allocate(CAPACITY_MIN)
        self._ids: list[str] = []
        self._metadata: list[bytes] = []
        self._columns = Columns()
        self._size = 0
        self._publish(np.zeros(0, dtype=bool))

    def _allocate(self, capacity: int) -> None:
        self._matrix = np.empty((capacity, self.dimension), dtype=np.float32)
        self._scale = np.empty(capacity, dtype=np.float64)
        self._rows = np.empty(capacity, dtype=np.int64)

    def _publish(self, dead: Mask) -> None:
        size = self._size
        self._snapshot = Snapshot(
            metric=self.metric,
            size=size,
            live=len(self._slot_of),
            matrix=self._matrix[:size],
            scale=self._scale[:size],
            rows=self._rows[:size],
            dead=dead,
            ids=self._ids,
            metadata=self._metadata,
            columns=self._columns,
        )

    def snapshot(self) -> Snapshot:
        """The collection as it is now."""
        return self._snapshot

    def info(self) -> CollectionInfo:
        """The collection for its callers."""
        return CollectionInfo(
            collection=self.name, dimension=self.dimension, metric=self.metric, count=self._snapshot.live
        )

    def slots(self, ids: Sequence[str]) -> tuple[Snapshot, Slots]:
        """A snapshot, and the slots of those ids that it has, in the order asked for."""
        with self._lock:
            found = [slot for id_ in ids if (slot := self._slot_of.get(id_)) is not None]
            return self._snapshot, np.array(found, dtype=np.int64)

    def write(self, rows: Slots | Sequence[int], ids: Sequence[str], matrix: Matrix, metadata: Sequence[bytes]) -> None:
        """Appends vectors under ascending new rows. No id occurs twice; one that is there is replaced."""
        start, end = self._size, self._size + len(ids)
        self._grow(end)
        self._matrix[start:end] = matrix
        self._scale[start:end] = scale_of(self.metric, matrix)
        self._rows[start:end] = rows
        self._ids.extend(ids)
        self._metadata.extend(metadata or [b"{}"] * len(ids))
        if metadata:
            self._columns.extend(start, [msgspec.json.decode(item) for item in metadata])
        with self._lock:
            replaced = [slot for id_ in ids if (slot := self._slot_of.get(id_)) is not None]
            self._slot_of.update(zip(ids, range(start, end), strict=True))
            self._size = end
            dead = np.zeros(end, dtype=bool)
            dead[:start] = self._snapshot.dead
            dead[replaced] = True
            self._publish(dead)

    def _grow(self, size: int) -> None:
        """Makes room. Old snapshots keep the arrays that they have."""
        matrix, scale, rows = self._matrix, self._scale, self._rows
        if size > len(matrix):
            self._allocate(max(size, 2 * len(matrix)))
            used = self._size
            self._matrix[:used] = matrix[:used]
            self._scale[:used] = scale[:used]
            self._rows[:used] = rows[:used]

    def remove(self, ids: Sequence[str]) -> None:
        """Deletes vectors; ids that are not there are passed over."""
        with self._lock:
            gone = [slot for id_ in ids if (slot := self._slot_of.pop(id_, None)) is not None]
            dead = self._snapshot.dead.copy()
            dead[gone] = True
            self._publish(dead)

    def sweep(self) -> None:
        """Copies the living into new arrays, where the dead are as many."""
        old = self._snapshot
        if old.size - old.live < max(DEAD_MIN, old.live):
            return
        living = np.flatnonzero(~old.dead)
        self._allocate(max(len(living), CAPACITY_MIN))
        self._size = size = len(living)
        self._matrix[:size] = old.matrix[living]
        self._scale[:size] = old.scale[living]
        self._rows[:size] = old.rows[living]
        self._ids = [old.ids[slot] for slot in living]
        self._metadata = [old.metadata[slot] for slot in living]
        self._columns = Columns()
        self._columns.extend(0, [msgspec.json.decode(item) for item in self._metadata])
        with self._lock:
            self._slot_of = dict(zip(self._ids, range(size), strict=True))
            self._publish(np.zeros(size, dtype=bool))
