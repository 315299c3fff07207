"""Answers a batch of reads from snapshots: queries of one collection and filter become one search."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import (
    CollectionList,
    Error,
    Filter,
    GetVectors,
    Operation,
    QueryVectors,
    Reply,
    VectorMatches,
    VectorRecords,
)
from qbridge_server.backends.checks import PREFIX, Matrix, counted, matrix_of, unknown_collection, vector_of
from qbridge_server.backends.filters import check_filter, key_of
from qbridge_server.backends.vector.collection import Collection, Snapshot
from qbridge_server.backends.vector.columns import Mask, Slots
from qbridge_server.backends.vector.graph import Graph
from qbridge_server.backends.vector.search import Hits, nearest

CONVERTED_AT_ONCE = 16384
"""Distances turned into Python floats in one call, which holds the interpreter for about half a millisecond."""

Outcome = Reply | Error


class Reader:
    """Stateless but for what it is given: where the collections and their graphs are."""

    def __init__(self, collections: Mapping[str, Collection], graph_of: Callable[[Collection], Graph | None]) -> None:
        self._collections = collections
        self._graph_of = graph_of

    def read(self, operations: Sequence[Operation]) -> list[Outcome]:
        """One outcome an operation, in order."""
        outcomes: list[Outcome | None] = [None] * len(operations)
        groups: dict[tuple[str, int, bytes], list[tuple[int, QueryVectors]]] = defaultdict(list)
        for place, operation in enumerate(operations):
            if (query := operation.query) is not None:
                groups[query.collection, query.top_k, key_of(query.filter)].append((place, query))
            else:
                outcomes[place] = self._guarded(operation)
        for group in groups.values():
            for (place, _), outcome in zip(group, self._query([query for _, query in group]), strict=True):
                outcomes[place] = outcome
        return [outcome for outcome in outcomes if outcome is not None]

    def _guarded(self, operation: Operation) -> Outcome:
        try:
            return self._single(operation)
        except BridgeError as error:
            return error.error

    def _single(self, operation: Operation) -> Outcome:
        if operation.list_collections is not None:
            found = sorted(self._collections.items())
            return Reply(collections=CollectionList(collections=[item.info() for _, item in found]))
        wanted = operation.get or operation.count
        assert wanted is not None
        collection = self._collections.get(wanted.collection)
        if collection is None:
            return unknown_collection(wanted.collection)
        if operation.get is not None:
            return _records(collection, operation.get)
        assert operation.count is not None
        snapshot, filter_ = collection.snapshot(), operation.count.filter
        if filter_ is None:
            return counted(snapshot.live)
        return counted(int(np.count_nonzero(_allowed(snapshot, filter_, f"{PREFIX}.count.filter"))))

    def _query(self, queries: Sequence[QueryVectors]) -> list[Outcome]:
        """The queries of one group by one search."""
        collection = self._collections.get(queries[0].collection)
        if collection is None:
            return [unknown_collection(queries[0].collection)] * len(queries)
        outcomes: list[Outcome | None] = [None] * len(queries)
        matrices: list[Matrix] = []
        for place, query in enumerate(queries):
            try:
                matrices.append(matrix_of(query.queries, f"{PREFIX}.query.queries", collection.dimension))
            except BridgeError as error:
                outcomes[place] = error.error
        if matrices:
            snapshot, filter_ = collection.snapshot(), queries[0].filter
            try:
                allowed = None if filter_ is None else _allowed(snapshot, filter_, f"{PREFIX}.query.filter")
            except BridgeError as error:
                return [outcome or error.error for outcome in outcomes]
            graph = self._graph_of(collection)
            hits = nearest(snapshot, graph, np.concatenate(matrices), queries[0].top_k, allowed)
            self._share(queries, outcomes, matrices, snapshot, hits)
        return [outcome for outcome in outcomes if outcome is not None]

    def _share(
        self,
        queries: Sequence[QueryVectors],
        outcomes: list[Outcome | None],
        matrices: Sequence[Matrix],
        snapshot: Snapshot,
        hits: Hits,
    ) -> None:
        """Gives each query that has no error its rows of the hits."""
        start = 0
        good = (place for place, outcome in enumerate(outcomes) if outcome is None)
        for place, matrix in zip(list(good), matrices, strict=True):
            part = slice(start, start + len(matrix))
            start = part.stop
            mine = Hits(hits.slots[part], hits.distances[part], hits.counts[part])
            outcomes[place] = Reply(matches=_matches(snapshot, mine, queries[place]))


def _allowed(snapshot: Snapshot, filter_: Filter, field: str) -> Mask:
    """The living slots that pass the filter."""
    check_filter(filter_, field)
    return snapshot.columns.mask(filter_, snapshot.size) & ~snapshot.dead


def _matches(snapshot: Snapshot, hits: Hits, query: QueryVectors) -> VectorMatches:
    taken = np.arange(hits.slots.shape[1]) < hits.counts[:, None]
    slots = hits.slots[taken]
    distances = hits.distances[taken]
    places: list[int] = []
    numbers: list[float] = []
    for start in range(0, len(slots), CONVERTED_AT_ONCE):
        places += slots[start : start + CONVERTED_AT_ONCE].tolist()
        numbers += distances[start : start + CONVERTED_AT_ONCE].tolist()
    return VectorMatches(
        ids=[snapshot.ids[place] for place in places],
        distances=numbers,
        counts=hits.counts.tolist(),
        metadata=_metadata(snapshot, places) if query.include_metadata else [],
        vectors=vector_of(snapshot.matrix[slots]) if query.include_vectors else None,
    )


def _records(collection: Collection, get: GetVectors) -> Reply:
    snapshot, slots = collection.slots(get.ids)
    places: list[int] = slots.tolist()
    return Reply(
        records=VectorRecords(
            ids=[snapshot.ids[place] for place in places],
            vectors=vector_of(_rows(snapshot, slots)),
            metadata=_metadata(snapshot, places),
        )
    )


def _rows(snapshot: Snapshot, slots: Slots) -> Matrix:
    rows: Matrix = snapshot.matrix[slots]
    return rows


def _metadata(snapshot: Snapshot, places: Sequence[int]) -> list[dict[str, object]]:
    return [msgspec.json.decode(snapshot.metadata[place]) for place in places]
