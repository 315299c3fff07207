"""Exact vector search with numpy: every query looks at every vector."""

from __future__ import annotations

import dataclasses
import struct
from dataclasses import dataclass, field
from typing import Any

import betterproto2
import numpy as np

from qbridge_contract_betterproto.google.protobuf import Struct
from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.backends.backend import LocalBackend
from qbridge_mocks.conforming.backends.filters import Metadata, matches
from qbridge_mocks.conforming.refusal import Refusal

Floats = np.ndarray[Any, np.dtype[np.float32]]
Row = tuple[Floats, Metadata]
Hit = tuple[str, Row, float]
"""An id, its row, its distance."""


@dataclass
class Collection:
    """One collection: its rows by id, in the order in which they were first written."""

    name: str
    dimension: int
    metric: v1.Metric
    rows: dict[str, Row] = field(default_factory=dict)

    def info(self) -> v1.CollectionInfo:
        """What the contract says of a collection."""
        return v1.CollectionInfo(
            collection=self.name, dimension=self.dimension, metric=self.metric, count=len(self.rows)
        )

    def matrix(self, vector: v1.Vector, what: str) -> Floats:
        """The vectors as rows. Raises Refusal INVALID_ARGUMENT for another dimension."""
        numbers = vector_numbers(vector)
        rows = vector.shape[0] if len(vector.shape) == 2 else 1
        matrix = numbers.reshape(rows, -1)
        if matrix.shape[1] != self.dimension:
            message = (
                f"{what}: the collection {self.name!r} has {self.dimension} numbers a vector, not {matrix.shape[1]}"
            )
            raise Refusal.of("INVALID_ARGUMENT", message)
        return matrix

    def distances(self, rows: Floats, query: Floats) -> Floats:
        """The distance of each row to the query, in the collection's metric."""
        if self.metric == v1.Metric.L2:
            away = rows - query
            return np.asarray(np.einsum("ij,ij->i", away, away))
        products = rows @ query
        if self.metric == v1.Metric.COSINE:
            lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(query)
            products = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
        return np.asarray(1 - products)


class VectorBackend(LocalBackend):
    """Collections in memory."""

    collection_kind: type[Collection] = Collection

    def __init__(self) -> None:
        names = [each.name for each in dataclasses.fields(v1.Operation) if each.name != "invoke"]
        operations = [v1.OperationSpec(name=name) for name in names]
        super().__init__(v1.Backend(name="vectors", kind="vector", description="Exact search.", operations=operations))
        self.collections: dict[str, Collection] = {}

    def run(self, operation: v1.Operation) -> v1.Reply:
        """The reply of the operation's own method."""
        kind, work = betterproto2.which_one_of(operation, "kind")
        reply: v1.Reply = getattr(self, f"_{kind}")(work)
        return reply

    def _find(self, name: str) -> Collection:
        if name not in self.collections:
            raise Refusal.of("NOT_FOUND", f"There is no collection {name!r}; create it first.")
        return self.collections[name]

    def _create_collection(self, work: v1.CreateCollection) -> v1.Reply:
        metric = v1.Metric(work.metric) or v1.Metric.COSINE
        known = self.collections.get(work.collection)
        if known and not (work.exist_ok and (known.dimension, known.metric) == (work.dimension, metric)):
            raise Refusal.of("ALREADY_EXISTS", f"There is a collection {work.collection!r} already.")
        made = known or self.collection_kind(work.collection, work.dimension, metric)
        self.collections[work.collection] = made
        return v1.Reply(collection=made.info())

    def _delete_collection(self, work: v1.DeleteCollection) -> v1.Reply:
        gone = self._find(work.collection)
        del self.collections[work.collection]
        return counted(len(gone.rows))

    def _list_collections(self, work: v1.ListCollections) -> v1.Reply:
        infos = [self.collections[name].info() for name in sorted(self.collections)]
        return v1.Reply(collections=v1.CollectionList(collections=infos))

    def _upsert(self, work: v1.UpsertVectors) -> v1.Reply:
        collection = self._find(work.collection)
        assert work.vectors is not None
        matrix = collection.matrix(work.vectors, "vectors")
        metadata = [each.to_dict() for each in work.metadata] or [{} for _ in work.ids]
        for identity, vector, about in zip(work.ids, matrix, metadata, strict=True):
            collection.rows[identity] = (vector, about)
        return counted(len(work.ids))

    def _query(self, work: v1.QueryVectors) -> v1.Reply:
        collection = self._find(work.collection)
        assert work.queries is not None
        queries = collection.matrix(work.queries, "queries")
        found = v1.VectorMatches()
        hits: list[tuple[str, Row]] = []
        for near in self.search(collection, queries, work):
            found.counts.append(len(near))
            found.distances.extend(distance for _, _, distance in near)
            hits.extend((key, row) for key, row, _ in near)
        _fill(found, hits, with_metadata=work.include_metadata, with_vectors=work.include_vectors)
        return v1.Reply(matches=found)

    def search(self, collection: Collection, queries: Floats, work: v1.QueryVectors) -> list[list[Hit]]:
        """The nearest rows of each query, among those that the filter holds for."""
        seen = [(key, row) for key, row in collection.rows.items() if matches(work.filter, row[1])]
        if not seen:
            return [[] for _ in queries]
        stacked = np.stack([vector for _, (vector, _) in seen])
        found = []
        for query in queries:
            distances = collection.distances(stacked, query)
            found.append([(*seen[each], float(distances[each])) for each in nearest(distances, work.top_k)])
        return found

    def _get(self, work: v1.GetVectors) -> v1.Reply:
        collection = self._find(work.collection)
        rows = [(key, collection.rows[key]) for key in work.ids if key in collection.rows]
        found = v1.VectorRecords()
        _fill(found, rows, with_metadata=True, with_vectors=True)
        return v1.Reply(records=found)

    def _delete(self, work: v1.DeleteVectors) -> v1.Reply:
        rows = self._find(work.collection).rows
        chosen = work.ids or [key for key, row in rows.items() if matches(work.filter, row[1])]
        return counted(sum(rows.pop(key, None) is not None for key in chosen))

    def _count(self, work: v1.CountVectors) -> v1.Reply:
        rows = self._find(work.collection).rows.values()
        return counted(sum(matches(work.filter, about) for _, about in rows))


def nearest(distances: Floats, top_k: int) -> list[int]:
    """The places of the smallest distances, smallest first; of equal ones the older row first."""
    near = np.arange(len(distances))
    if top_k < len(distances):
        near = near[distances <= np.partition(distances, top_k - 1)[top_k - 1]]
    return [int(each) for each in near[np.argsort(distances[near], kind="stable")][:top_k]]


def vector_numbers(vector: v1.Vector) -> Floats:
    """All numbers of a vector, in one row."""
    if vector.values is not None:
        return np.asarray(vector.values.items, dtype=np.float32)
    return np.asarray(struct.unpack(f"<{len(vector.f32le or b'') // 4}f", vector.f32le or b""), np.float32)


def _fill(
    found: v1.VectorMatches | v1.VectorRecords, rows: list[tuple[str, Row]], *, with_metadata: bool, with_vectors: bool
) -> None:
    """The columns of a reply."""
    found.ids = [key for key, _ in rows]
    if with_metadata:
        found.metadata = [Struct.from_dict(about) for _, (_, about) in rows]
    if with_vectors and rows:
        matrix = np.stack([vector for _, (vector, _) in rows])
        found.vectors = v1.Vector(f32le=matrix.astype("<f4").tobytes(), shape=list(matrix.shape), dtype=v1.DType.F32)


def counted(count: int) -> v1.Reply:
    return v1.Reply(count=v1.VectorCount(count=count))
