"""The reads of the Chroma backend: each method does one group of alike operations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar

import msgspec
import numpy as np

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import (
    CollectionList,
    CountVectors,
    Error,
    Filter,
    GetVectors,
    Metric,
    QueryVectors,
    Reply,
    VectorMatches,
    VectorRecords,
)
from qbridge_server.backends.checks import PREFIX, Matrix, counted, matrix_of, vector_of
from qbridge_server.backends.chroma.client import AT_ONCE_MAX, ChromaClient, ChromaError, Found
from qbridge_server.backends.chroma.collections import Collections, Known, known
from qbridge_server.backends.chroma.translate import InexpressibleError, our_metadata, where_of
from qbridge_server.backends.filters import check_filter, matches

ROWS_MAX = 16384
"""Neighbours in one answer; more are asked for in several calls, so that none takes the interpreter for long."""
NUMBERS_MAX = 65536
"""The same for numbers of vectors, each of which is some 20 characters to read: 2 ms."""
ASIDE_MIN = 4096
"""Numbers from which on their conversion runs in a thread."""
FLOAT32_MAX = float(np.finfo(np.float32).max)

T = TypeVar("T")


class Aside(Protocol):
    """Runs what takes long in a thread."""

    def __call__(self, work: Callable[[], T]) -> Awaitable[T]:
        """Answers what `work` answers."""
        ...


class Reads:
    """Every method raises BackendLost and ChromaError."""

    def __init__(self, client: ChromaClient, collections: Collections, aside: Aside) -> None:
        self._client = client
        self._collections = collections
        self._aside = aside

    async def collections(self) -> Reply:
        """All collections, by name."""
        found = sorted((known(remote) for remote in await self._client.collections()), key=lambda item: item.name)
        infos = []
        for item in found:
            try:
                infos.append(item.info(await self._client.count(item.key)))
            except ChromaError as error:
                # One that was deleted meanwhile is left out.
                if error.status != 404:
                    raise
        return Reply(collections=CollectionList(collections=infos))

    async def choice(self, collection: Known, filter_: Filter | None) -> dict[str, Any] | None:
        """The filter as a part of a body: where, or ids where Chroma has no words for it; None matches nothing."""
        if filter_ is None:
            return {}
        try:
            where = where_of(filter_)
        except InexpressibleError:
            ids = await self._evaluated(collection, filter_)
            return {"ids": ids} if ids else None
        if isinstance(where, dict):
            return {"where": where}
        return {} if where else None

    async def _evaluated(self, collection: Known, filter_: Filter) -> list[str]:
        """The ids that pass the filter, by looking at the metadata of all vectors."""
        ids: list[str] = []
        offset = 0
        while True:
            part = {"limit": AT_ONCE_MAX, "offset": offset}
            page = await self._client.get(collection.key, ["metadatas"], part)
            for id_, kept in zip(page.ids, page.metadatas or [None] * len(page.ids), strict=True):
                if matches(filter_, our_metadata(kept)):
                    ids.append(id_)
            offset += len(page.ids)
            if len(page.ids) < AT_ONCE_MAX:
                return ids

    async def query(self, collection: Known, queries: Sequence[QueryVectors]) -> list[Reply | Error]:
        """Queries of equal top_k and filter, in as few calls as the size of the answers allows."""
        numbers = sum(_numbers(query) for query in queries)

        def prepare() -> list[list[bytes] | Error]:
            return [_prepared(query, collection.dimension) for query in queries]

        prepared = await self._aside(prepare) if numbers > ASIDE_MIN else prepare()
        rows = [row for item in prepared if not isinstance(item, Error) for row in item]
        first = queries[0]
        try:
            if first.filter is not None:
                check_filter(first.filter, f"{PREFIX}.query.filter")
        except BridgeError as error:
            return [error.error] * len(queries)
        choice = await self.choice(collection, first.filter)
        found = await self._found(collection, rows, queries, choice)
        return _shared(queries, prepared, found, collection)

    async def _found(
        self,
        collection: Known,
        rows: Sequence[bytes],
        queries: Sequence[QueryVectors],
        choice: dict[str, Any] | None,
    ) -> Found:
        """The neighbours of all rows, as one answer."""
        top_k = queries[0].top_k
        whole = Found(ids=[], distances=[], embeddings=[], metadatas=[])
        if choice is None:
            return Found(ids=[[]] * len(rows), distances=[[]] * len(rows))
        include = ["distances"]
        include += ["metadatas"] if any(query.include_metadata for query in queries) else []
        include += ["embeddings"] if any(query.include_vectors for query in queries) else []
        rows_max = min(ROWS_MAX, NUMBERS_MAX // max(1, collection.dimension)) if "embeddings" in include else ROWS_MAX
        step = max(1, rows_max // top_k)
        for start in range(0, len(rows), step):
            part = await self._client.query(collection.key, rows[start : start + step], top_k, include, choice)
            whole.ids += part.ids
            whole.distances += part.distances or []  # type: ignore[operator]  # made as a list above
            whole.embeddings += part.embeddings or [[]] * len(part.ids)  # type: ignore[operator]
            whole.metadatas += part.metadatas or [[]] * len(part.ids)  # type: ignore[operator]
        return whole

    async def get(self, collection: Known, get: GetVectors) -> Reply:
        """Vectors by id, in the order asked for."""
        wanted = list(dict.fromkeys(get.ids))
        vectors: dict[str, list[float]] = {}
        metadata: dict[str, dict[str, Any]] = {}
        step = max(1, min(AT_ONCE_MAX, NUMBERS_MAX // max(1, collection.dimension)))
        for start in range(0, len(wanted), step):
            part = {"ids": wanted[start : start + step]}
            page = await self._client.get(collection.key, ["embeddings", "metadatas"], part)
            vectors.update(zip(page.ids, page.embeddings or [], strict=True))
            metadata.update(zip(page.ids, map(our_metadata, page.metadatas or []), strict=True))
        ids = [id_ for id_ in get.ids if id_ in vectors]
        matrix = np.array([vectors[id_] for id_ in ids], dtype=np.float32).reshape(len(ids), collection.dimension)
        records = VectorRecords(ids=ids, vectors=vector_of(matrix), metadata=[metadata[id_] for id_ in ids])
        return Reply(records=records)

    async def count(self, collection: Known, count: CountVectors) -> Reply | Error:
        """How many vectors pass the filter."""
        if count.filter is None:
            return counted(await self._client.count(collection.key))
        return counted(len(await self.ids(collection, count.filter)))

    async def ids(self, collection: Known, filter_: Filter) -> list[str]:
        """The ids that pass a filter."""
        choice = await self.choice(collection, filter_)
        if choice is None:
            return []
        return choice["ids"] if "ids" in choice else (await self._client.get(collection.key, [], choice)).ids


def _numbers(query: QueryVectors) -> int:
    vector = query.queries
    if vector is None:
        return 0
    return len(vector.f32le) // 4 if vector.f32le is not None else len(vector.values.items if vector.values else ())


def _prepared(query: QueryVectors, dimension: int) -> list[bytes] | Error:
    """Each vector of a query as a JSON array."""
    try:
        matrix = matrix_of(query.queries, f"{PREFIX}.query.queries", dimension)
    except BridgeError as error:
        return error.error
    return [msgspec.json.encode(row.tolist()) for row in matrix]


def _shared(
    queries: Sequence[QueryVectors], prepared: Sequence[list[bytes] | Error], found: Found, collection: Known
) -> list[Reply | Error]:
    """Gives each query its part of the answer."""
    outcomes: list[Reply | Error] = []
    start = 0
    for query, item in zip(queries, prepared, strict=True):
        if isinstance(item, Error):
            outcomes.append(item)
            continue
        part = slice(start, start + len(item))
        start = part.stop
        outcomes.append(Reply(matches=_matches(query, found, part, collection)))
    return outcomes


def _matches(query: QueryVectors, found: Found, part: slice, collection: Known) -> VectorMatches:
    ids, dimension = found.ids[part], collection.dimension
    # Chroma's rounding leaves distances a little below 0 where they cannot be, and null where they overflow.
    least = -FLOAT32_MAX if collection.metric is Metric.DOT else 0.0
    rows = (found.distances or [])[part]
    apart = [FLOAT32_MAX if one is None else max(one, least) for row in rows for one in row]
    vectors = None
    if query.include_vectors:
        numbers = [one for row in (found.embeddings or [])[part] for one in row]
        matrix: Matrix = np.array(numbers, dtype=np.float32).reshape(len(numbers), dimension)
        vectors = vector_of(matrix)
    kept = [one for row in (found.metadatas or [])[part] for one in row] if query.include_metadata else []
    return VectorMatches(
        ids=[one for row in ids for one in row],
        distances=apart,
        counts=[len(row) for row in ids],
        metadata=[our_metadata(one) for one in kept],
        vectors=vectors,
    )
