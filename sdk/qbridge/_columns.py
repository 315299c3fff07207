"""Results as columns: what a query found and what a get read, as numpy, Arrow, plain Python or models."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import numpy as np

from qbridge._arrays import from_vector
from qbridge_contract.structs import VectorMatches, VectorRecords

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

    from qbridge._arrays import Floats

    ModelT = TypeVar("ModelT", bound=BaseModel)

_EMPTY: Any = np.empty((0, 0), np.float32)


class _Columns:
    """The columns that both kinds of result have: `ids`, `metadata`, `vectors`."""

    ids: list[str]
    """The id of each row."""
    metadata: list[dict[str, Any]]
    """The metadata of each row; empty where it was not asked for."""
    vectors: Floats
    """[rows, d], a view on the received bytes; [0, 0] where it was not asked for."""

    def _extra(self) -> list[tuple[str, list[Any]]]:
        raise NotImplementedError

    def to_pylist(self) -> list[dict[str, Any]]:
        """One plain dict a row."""
        columns = [("id", list(self.ids)), *self._extra()]
        if self.metadata:
            columns.append(("metadata", self.metadata))
        if len(self.vectors):
            columns.append(("vector", self.vectors.tolist()))
        names = [name for name, _ in columns]
        return [dict(zip(names, row, strict=True)) for row in zip(*(c for _, c in columns), strict=True)]

    def to_models(self, model: type[ModelT]) -> list[ModelT]:
        """One model a row: its fields are `id`, `distance`, `vector` and the keys of the metadata.

        Raises pydantic.ValidationError where a row does not fit.
        """
        rows = self.to_pylist()
        return [model.model_validate({**row.pop("metadata", {}), **row}) for row in rows]

    def to_arrow(self) -> pa.Table:
        """An Arrow table: the same columns, metadata as JSON text, vectors as fixed-size lists."""
        import pyarrow as pa

        arrays: dict[str, pa.Array] = {"id": pa.array(self.ids, pa.string())}
        for name, values in self._extra():
            arrays[name] = pa.array(values, pa.float32() if name == "distance" else pa.int32())
        if self.metadata:
            texts = [msgspec.json.encode(row).decode() for row in self.metadata]
            arrays["metadata"] = pa.array(texts, pa.string())
        if len(self.vectors):
            flat = pa.array(self.vectors.reshape(-1), pa.float32())
            arrays["vector"] = pa.FixedSizeListArray.from_arrays(flat, self.vectors.shape[1])
        return pa.table(arrays)


class Matches(_Columns):
    """The neighbours that a query found: the rows of query 0 first, nearest first.

    `len(matches)` is the number of queries, `matches[i]` the rows of one of them, without a copy of the numbers.
    """

    def __init__(self, message: VectorMatches, offset: int = 0) -> None:
        self._message = message
        self._offset = offset

    @cached_property
    def ids(self) -> list[str]:  # type: ignore[override]
        """The id of each row."""
        return self._message.ids

    @cached_property
    def distances(self) -> Floats:
        """The distance of each row, in the collection's metric, float32."""
        return np.asarray(self._message.distances, np.float32)

    @cached_property
    def counts(self) -> list[int]:
        """How many rows each query has."""
        return self._message.counts

    @cached_property
    def metadata(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The metadata of each row; empty where it was not asked for."""
        return self._message.metadata

    @cached_property
    def vectors(self) -> Floats:  # type: ignore[override]
        """The vectors of all rows, [rows, d]: a view on the received bytes."""
        return from_vector(self._message.vectors)

    def __len__(self) -> int:
        return len(self.counts)

    def __getitem__(self, query: int) -> Matches:
        count = len(self.counts)
        index = query + count if query < 0 else query
        if not 0 <= index < count:
            raise IndexError(f"query {query} of {count}")
        ends = list(accumulate(self.counts))
        rows = slice(ends[index] - self.counts[index], ends[index])
        part = Matches(VectorMatches(), self._offset + index)
        part.__dict__.update(
            ids=self.ids[rows],
            distances=self.distances[rows],
            counts=[self.counts[index]],
            metadata=self.metadata[rows],
            vectors=self.vectors[rows] if len(self.vectors) else _EMPTY,
        )
        return part

    def __iter__(self) -> Iterator[Matches]:
        return (self[query] for query in range(len(self)))

    def __repr__(self) -> str:
        return f"<Matches: {len(self.ids)} rows of {len(self)} queries>"

    def _extra(self) -> list[tuple[str, list[Any]]]:
        columns: list[tuple[str, list[Any]]] = [("distance", self.distances.tolist())]
        if len(self.counts) > 1:
            queries = [self._offset + i for i, count in enumerate(self.counts) for _ in range(count)]
            columns.append(("query", queries))
        return columns


class Records(_Columns):
    """Vectors read by id, in the order asked for; ids that are not there are left out."""

    def __init__(self, message: VectorRecords) -> None:
        self._message = message

    @cached_property
    def ids(self) -> list[str]:  # type: ignore[override]
        """The ids that are there."""
        return self._message.ids

    @cached_property
    def metadata(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The metadata of each row."""
        return self._message.metadata

    @cached_property
    def vectors(self) -> Floats:  # type: ignore[override]
        """Their vectors, [n, d]: a view on the received bytes."""
        return from_vector(self._message.vectors)

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return f"<Records: {len(self.ids)} rows>"

    def _extra(self) -> list[tuple[str, list[Any]]]:
        return []
