"""An exact vector store: every distance is computed, so its neighbours are the true ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from qbridge._arrays import as_matrix, from_vector, to_vector
from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import (
    CollectionInfo,
    CollectionList,
    Comparison,
    Condition,
    ErrorCode,
    Filter,
    Metric,
    Operation,
    Reply,
    VectorCount,
    VectorMatches,
    VectorRecords,
)


class _Collection:
    def __init__(self, name: str, dimension: int, metric: Metric) -> None:
        self.name = name
        self.dimension = dimension
        self.metric = Metric.COSINE if metric is Metric.UNSPECIFIED else metric
        self.rows: dict[str, tuple[Any, dict[str, Any]]] = {}

    def info(self) -> CollectionInfo:
        return CollectionInfo(collection=self.name, dimension=self.dimension, metric=self.metric, count=len(self.rows))


class VectorStore:
    """Collections in dictionaries."""

    def __init__(self) -> None:
        self._collections: dict[str, _Collection] = {}

    def execute(self, operation: Operation) -> Reply:
        """Does a typed operation. Raises BridgeError from the table."""
        for field in operation.__struct_fields__:
            value = getattr(operation, field)
            if value is not None and field != "invoke":
                reply: Reply = getattr(self, f"_{field}")(value)
                return reply
        raise BridgeError.of(ErrorCode.UNIMPLEMENTED, "the vector backend has no generic operations")

    def _of(self, name: str) -> _Collection:
        collection = self._collections.get(name)
        if collection is None:
            raise BridgeError.of(ErrorCode.NOT_FOUND, f"collection {name!r} does not exist; create it first")
        return collection

    def _create_collection(self, value: Any) -> Reply:
        new = _Collection(value.collection, value.dimension, value.metric)
        old = self._collections.setdefault(value.collection, new)
        equal = (old.dimension, old.metric) == (new.dimension, new.metric)
        if old is not new and not (value.exist_ok and equal):
            raise BridgeError.of(ErrorCode.ALREADY_EXISTS, f"collection {value.collection!r} exists already")
        return Reply(collection=old.info())

    def _delete_collection(self, value: Any) -> Reply:
        count = len(self._of(value.collection).rows)
        del self._collections[value.collection]
        return Reply(count=VectorCount(count=count))

    def _list_collections(self, value: Any) -> Reply:
        infos = [self._collections[name].info() for name in sorted(self._collections)]
        return Reply(collections=CollectionList(collections=infos))

    def _upsert(self, value: Any) -> Reply:
        collection = self._of(value.collection)
        matrix = self._fit(collection, value.vectors, "vectors")
        if len(matrix) != len(value.ids):
            raise _invalid(f"{len(value.ids)} ids and {len(matrix)} vectors")
        metadata = value.metadata or [{}] * len(value.ids)
        collection.rows.update(zip(value.ids, zip(matrix, metadata, strict=True), strict=True))
        return Reply(count=VectorCount(count=len(value.ids)))

    @staticmethod
    def _fit(collection: _Collection, vector: Any, what: str) -> Any:
        matrix = as_matrix(from_vector(vector), what)
        if matrix.shape[1] != collection.dimension:
            raise _invalid(f"{what} of dimension {matrix.shape[1]}; {collection.name!r} has {collection.dimension}")
        return matrix

    def _query(self, value: Any) -> Reply:
        collection = self._of(value.collection)
        queries = self._fit(collection, value.queries, "queries")
        rows = self._select(collection, value.filter)
        ids: list[str] = []
        distances: list[float] = []
        counts: list[int] = []
        matrix = np.stack([collection.rows[name][0] for name in rows]) if rows else None
        for query in queries:
            found = _nearest(matrix, query, collection.metric, value.top_k) if matrix is not None else []
            ids += [rows[i] for i, _ in found]
            distances += [distance for _, distance in found]
            counts.append(len(found))
        vectors = [collection.rows[name][0] for name in ids]
        return Reply(
            matches=VectorMatches(
                ids=ids,
                distances=distances,
                counts=counts,
                metadata=[collection.rows[name][1] for name in ids] if value.include_metadata else [],
                vectors=to_vector(np.stack(vectors)) if value.include_vectors and ids else None,
            )
        )

    def _get(self, value: Any) -> Reply:
        collection = self._of(value.collection)
        ids = [name for name in value.ids if name in collection.rows]
        rows = [collection.rows[name] for name in ids]
        return Reply(
            records=VectorRecords(
                ids=ids,
                vectors=to_vector(np.stack([row[0] for row in rows])) if rows else None,
                metadata=[row[1] for row in rows],
            )
        )

    def _delete(self, value: Any) -> Reply:
        collection = self._of(value.collection)
        names = value.ids or (self._select(collection, value.filter) if value.filter is not None else [])
        gone = [name for name in names if collection.rows.pop(name, None) is not None]
        return Reply(count=VectorCount(count=len(gone)))

    def _count(self, value: Any) -> Reply:
        return Reply(count=VectorCount(count=len(self._select(self._of(value.collection), value.filter))))

    @staticmethod
    def _select(collection: _Collection, condition: Filter | None) -> list[str]:
        return [name for name, row in collection.rows.items() if condition is None or holds(condition, row[1])]


def _invalid(message: str) -> BridgeError:
    return BridgeError.of(ErrorCode.INVALID_ARGUMENT, message)


def _nearest(matrix: Any, query: Any, metric: Metric, top_k: int) -> list[tuple[int, float]]:
    wide, point = matrix.astype(np.float64), query.astype(np.float64)
    if metric is Metric.L2:
        distances = ((wide - point) ** 2).sum(axis=1)
    else:
        distances = 1.0 - wide @ point
        if metric is Metric.COSINE:
            lengths = np.linalg.norm(wide, axis=1) * np.linalg.norm(point)
            distances = 1.0 - np.divide(wide @ point, lengths, out=np.zeros(len(wide)), where=lengths > 0)
    order = np.argsort(distances, kind="stable")[:top_k]
    return [(int(i), float(distances[i])) for i in order]


_ORDERED: dict[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.LT: lambda a, b: a < b,
    Comparison.LTE: lambda a, b: a <= b,
    Comparison.GT: lambda a, b: a > b,
    Comparison.GTE: lambda a, b: a >= b,
}


def holds(condition: Filter, metadata: dict[str, Any]) -> bool:
    """Whether a filter lets a row through."""
    if condition.where is not None:
        return _compares(condition.where, metadata)
    if condition.all is not None:
        return all(holds(each, metadata) for each in condition.all.filters)
    if condition.any is not None:
        return any(holds(each, metadata) for each in condition.any.filters)
    return condition.not_ is None or not holds(condition.not_, metadata)


def _compares(condition: Condition, metadata: dict[str, Any]) -> bool:
    there, value = condition.key in metadata, metadata.get(condition.key)
    if condition.comparison is Comparison.EXISTS:
        return there is bool(condition.value)
    if condition.comparison is Comparison.NE:
        return not (there and _equal(value, condition.value))
    if condition.comparison is Comparison.IN:
        return there and any(_equal(value, each) for each in condition.value)
    if condition.comparison in _ORDERED:
        return (
            there and _kind(value) == _kind(condition.value) and _ORDERED[condition.comparison](value, condition.value)
        )
    return there and _equal(value, condition.value)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def _equal(a: Any, b: Any) -> bool:
    return _kind(a) == _kind(b) and bool(a == b)
