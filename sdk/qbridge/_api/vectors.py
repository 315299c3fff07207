"""Collections of vectors: write them, find the nearest, read, count and delete them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

from qbridge._answers import answer_of
from qbridge._core import Core
from qbridge._filters import to_filter
from qbridge._progress import ProgressArgument, reporter
from qbridge.exceptions import invalid
from qbridge_contract.structs import (
    CollectionInfo,
    CountVectors,
    CreateCollection,
    DeleteCollection,
    DeleteVectors,
    Durability,
    Filter,
    GetVectors,
    Limits,
    ListCollections,
    Metric,
    Operation,
    QueryVectors,
    UpsertVectors,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

    from qbridge._bulk import Chunk
    from qbridge._columns import Matches, Records

    ModelT = TypeVar("ModelT", bound=BaseModel)

FilterArgument = Mapping[str, Any] | Filter | None
"""A filter as people write it: {"label": 3, "year": {"gte": 2000}}; None means all."""


class VectorMethods(Core):
    """The typed vector operations. `backend` "" leaves the choice to the routing rules."""

    async def create_collection(
        self,
        collection: str,
        dimension: int,
        *,
        metric: str | Metric = Metric.COSINE,
        exist_ok: bool = False,
        backend: str = "",
        timeout_s: float | None = None,
    ) -> CollectionInfo:
        """Makes a collection; `metric` is "cosine", "l2" or "dot".

        With `exist_ok`, an equal one that is there already is a success; otherwise raises AlreadyExists.
        """
        operation = CreateCollection(
            collection=collection, dimension=dimension, metric=to_metric(metric), exist_ok=exist_ok
        )
        result = await self.send(Operation(create_collection=operation), backend=backend, timeout_s=timeout_s)
        info: CollectionInfo = answer_of(result)
        return info

    async def delete_collection(self, collection: str, *, backend: str = "", timeout_s: float | None = None) -> int:
        """Deletes a collection with all that it holds, and says how many vectors went. Raises NotFound."""
        operation = Operation(delete_collection=DeleteCollection(collection=collection))
        return int(answer_of(await self.send(operation, backend=backend, timeout_s=timeout_s)))

    async def collections(self, *, backend: str = "", timeout_s: float | None = None) -> list[CollectionInfo]:
        """All collections of the backend."""
        operation = Operation(list_collections=ListCollections())
        return list(answer_of(await self.send(operation, backend=backend, timeout_s=timeout_s)) or [])

    async def upsert(
        self,
        collection: str,
        items: Iterable[Any],
        vectors: Any = None,
        metadata: Iterable[Any] | None = None,
        *,
        backend: str = "",
        durability: str | Durability | None = None,
        priority: int | None = None,
        timeout_s: float | None = None,
        idempotency_key: str = "",
        labels: Mapping[str, str] | None = None,
        progress: ProgressArgument = False,
    ) -> int:
        """Writes vectors, new or in place of the old, and says how many.

        Either columns: ids, then vectors (numpy [n, d] or lists), then metadata (mappings or models).
        Or rows, an iterable of pydantic models or mappings with `id` and `vector`; the rest is metadata.
        Large input goes in chunks that the deployment takes, several at once, each with `timeout_s` of its
        own and, given an `idempotency_key`, a key "KEY/chunk": repeat an upsert that broke off as it was.
        `progress` True draws a bar on a terminal; a callable gets (done, total).

        Raises InvalidRequest before anything is sent where columns differ in length or an id comes twice.
        """
        from qbridge._bulk import chunks_of, send_all

        limits = (await self.capabilities()).limits or Limits()
        chunks, total = chunks_of(items, vectors, metadata, limits)
        report, done = reporter(progress, collection), 0

        async def send(index: int, chunk: Chunk) -> int:
            result = await self.send(
                Operation(upsert=_upsert(collection, chunk)),
                backend=backend,
                durability=durability,
                priority=priority,
                timeout_s=timeout_s,
                idempotency_key=f"{idempotency_key}/{index}" if idempotency_key else "",
                labels=labels,
            )
            return int(answer_of(result))

        def count(rows: int) -> None:
            nonlocal done
            done += rows
            report(done, total)

        return await send_all(chunks, send, count)

    @overload
    async def query(
        self,
        collection: str,
        queries: Any,
        top_k: int = 10,
        *,
        filter: FilterArgument = None,
        model: type[ModelT],
        include_metadata: bool = False,
        include_vectors: bool = False,
        backend: str = "",
        priority: int | None = None,
        timeout_s: float | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> list[ModelT]: ...

    @overload
    async def query(
        self,
        collection: str,
        queries: Any,
        top_k: int = 10,
        *,
        filter: FilterArgument = None,
        model: None = None,
        include_metadata: bool = False,
        include_vectors: bool = False,
        backend: str = "",
        priority: int | None = None,
        timeout_s: float | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Matches: ...

    async def query(
        self,
        collection: str,
        queries: Any,
        top_k: int = 10,
        *,
        filter: FilterArgument = None,  # noqa: A002 - the field's own name
        model: type[BaseModel] | None = None,
        include_metadata: bool = False,
        include_vectors: bool = False,
        backend: str = "",
        priority: int | None = None,
        timeout_s: float | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Any:
        """Finds the `top_k` nearest vectors of one query [d] or of several [q, d].

        Answers columns, nearest first; with a `model`, one of it a row, made of `id`, `distance` and the
        metadata's keys. `filter` says which vectors count: {"label": 3, "year": {"gte": 2000}}.
        """
        from qbridge._arrays import as_matrix, to_vector

        operation = QueryVectors(
            collection=collection,
            queries=to_vector(as_matrix(queries, "queries")),
            top_k=top_k,
            filter=to_filter(filter),
            include_metadata=include_metadata or model is not None,
            include_vectors=include_vectors,
        )
        result = await self.send(
            Operation(query=operation), backend=backend, priority=priority, timeout_s=timeout_s, labels=labels
        )
        matches: Matches = answer_of(result)
        return matches if model is None else matches.to_models(model)

    @overload
    async def get(
        self,
        collection: str,
        ids: Iterable[Any],
        *,
        model: type[ModelT],
        backend: str = "",
        timeout_s: float | None = None,
    ) -> list[ModelT]: ...

    @overload
    async def get(
        self,
        collection: str,
        ids: Iterable[Any],
        *,
        model: None = None,
        backend: str = "",
        timeout_s: float | None = None,
    ) -> Records: ...

    async def get(
        self,
        collection: str,
        ids: Iterable[Any],
        *,
        model: type[BaseModel] | None = None,
        backend: str = "",
        timeout_s: float | None = None,
    ) -> Any:
        """Reads vectors and their metadata by id; ids that are not there are left out."""
        operation = Operation(get=GetVectors(collection=collection, ids=_names(ids)))
        records: Records = answer_of(await self.send(operation, backend=backend, timeout_s=timeout_s))
        return records if model is None else records.to_models(model)

    async def delete(
        self,
        collection: str,
        ids: Iterable[Any] = (),
        *,
        filter: FilterArgument = None,  # noqa: A002 - the field's own name
        backend: str = "",
        idempotency_key: str = "",
        timeout_s: float | None = None,
    ) -> int:
        """Deletes vectors by id or by filter, and says how many were there."""
        names, condition = _names(ids), to_filter(filter)
        if not names and condition is None:
            raise invalid("delete: name ids or a filter; delete_collection deletes everything")
        operation = DeleteVectors(collection=collection, ids=names, filter=condition)
        result = await self.send(
            Operation(delete=operation), backend=backend, idempotency_key=idempotency_key, timeout_s=timeout_s
        )
        return int(answer_of(result))

    async def count(
        self,
        collection: str,
        *,
        filter: FilterArgument = None,  # noqa: A002 - the field's own name
        backend: str = "",
        timeout_s: float | None = None,
    ) -> int:
        """Counts the vectors of a collection, all or those that a filter lets through."""
        operation = Operation(count=CountVectors(collection=collection, filter=to_filter(filter)))
        return int(answer_of(await self.send(operation, backend=backend, timeout_s=timeout_s)))


def to_metric(value: str | Metric) -> Metric:
    """A metric by its name. Raises InvalidRequest for a name that is none."""
    if isinstance(value, Metric):
        return value
    try:
        return Metric[value.upper()]
    except KeyError:
        raise invalid(f"metric {value!r} is none of cosine, l2, dot", "metric") from None


def _names(ids: Iterable[Any]) -> list[str]:
    if isinstance(ids, (str, bytes)):
        raise invalid("ids is a list of ids; for one id write [id]", "ids")
    return [str(each) for each in ids]


def _upsert(collection: str, chunk: Chunk) -> UpsertVectors:
    from qbridge._arrays import to_vector

    return UpsertVectors(
        collection=collection, ids=chunk.ids, vectors=to_vector(chunk.vectors), metadata=chunk.metadata
    )
