"""Bulk upserts: rows of any kind, cut into chunks that the deployment takes, several on their way at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from qbridge._arrays import as_matrix
from qbridge._payload import is_model, to_json
from qbridge.exceptions import invalid
from qbridge_contract.structs import Limits

if TYPE_CHECKING:
    from qbridge._arrays import Floats

_ROWS_MAX = 1000
_BYTES_MAX = 1 << 20
_CHUNKS_AT_ONCE = 4
_ROW_OVERHEAD = 16
_METADATA_FACTOR = 3
"""A JSON object as a protobuf Struct is up to this much larger."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that go in one request."""

    ids: list[str]
    vectors: Floats
    metadata: list[dict[str, Any]]


def chunks_of(items: Any, vectors: Any, metadata: Any, limits: Limits) -> tuple[Iterator[Chunk], int | None]:
    """The chunks of an upsert, and how many rows they have where that is known.

    Raises InvalidRequest for columns of different length, an id that comes twice, or a row without id or vector.
    """
    bytes_max = min(_BYTES_MAX, (limits.message_bytes_max or _BYTES_MAX) // 2)
    if vectors is None:
        if metadata is not None:
            raise invalid("metadata goes with ids and vectors; rows have it inside of them")
        total = len(items) if isinstance(items, Sequence) else None
        return _from_rows(iter(items), bytes_max), total
    columns = _columns(items, vectors, metadata)
    return _cut(columns, bytes_max), len(columns.ids)


def _columns(ids: Iterable[Any], vectors: Any, metadata: Iterable[Any] | None) -> Chunk:
    names = [str(each) for each in ids]
    matrix = as_matrix(vectors, "vectors")
    rows = [] if metadata is None else [_metadata(each) for each in metadata]
    if len(names) != len(matrix) or (rows and len(rows) != len(names)):
        raise invalid(f"upsert: {len(names)} ids, {len(matrix)} vectors, {len(rows)} metadata; give one of each a row")
    if len(set(names)) != len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise invalid(f"upsert: the id {twice!r} comes twice; give each id once", "ids")
    return Chunk(names, matrix, rows)


def _metadata(value: Any) -> dict[str, Any]:
    plain = {} if value is None else to_json(value, "metadata")
    if not isinstance(plain, dict):
        raise invalid(f"metadata: a row has {type(value).__name__}; give a mapping or a model")
    return plain


def _cut(columns: Chunk, bytes_max: int) -> Iterator[Chunk]:
    start, size, row_bytes = 0, 0, columns.vectors.shape[1] * 4 + _ROW_OVERHEAD
    for i, name in enumerate(columns.ids):
        row = row_bytes + len(name)
        if columns.metadata:
            row += _METADATA_FACTOR * len(msgspec.json.encode(columns.metadata[i]))
        if i > start and (size + row > bytes_max or i - start == _ROWS_MAX):
            yield _slice(columns, start, i)
            start, size = i, 0
        size += row
    if columns.ids:
        yield _slice(columns, start, len(columns.ids))


def _slice(columns: Chunk, start: int, end: int) -> Chunk:
    if start == 0 and end == len(columns.ids):
        return columns
    return Chunk(columns.ids[start:end], columns.vectors[start:end], columns.metadata[start:end])


def _from_rows(rows: Iterator[Any], bytes_max: int) -> Iterator[Chunk]:
    while batch := list(islice(rows, _ROWS_MAX)):
        split = [_row(each) for each in batch]
        columns = _columns([r[0] for r in split], [r[1] for r in split], [r[2] for r in split])
        yield from _cut(columns, bytes_max)


def _row(row: Any) -> tuple[Any, Any, Any]:
    """(id, vector, metadata) of a model or a mapping with `id` and `vector`: the rest is metadata."""
    if is_model(row):
        values: Mapping[str, Any] = row.model_dump(mode="json", exclude={"id", "vector"})
        missing = [name for name in ("id", "vector") if not hasattr(row, name)]
        if not missing:
            return row.id, row.vector, values
    elif isinstance(row, Mapping):
        values = {key: value for key, value in row.items() if key not in ("id", "vector", "metadata")}
        missing = [name for name in ("id", "vector") if name not in row]
        if not missing:
            return row["id"], row["vector"], {**(row.get("metadata") or {}), **values}
    else:
        raise invalid(f"upsert: a row is {type(row).__name__}; give models or mappings with `id` and `vector`")
    raise invalid(f"upsert: a row has no {' and no '.join(missing)}")


async def send_all(
    chunks: Iterator[Chunk],
    send: Callable[[int, Chunk], Awaitable[int]],
    done: Callable[[int], object],
) -> int:
    """Sends the chunks, a few at once, and adds up what they answer. The first error stops the rest."""
    running: set[asyncio.Task[int]] = set()
    total = 0
    try:
        for index, chunk in enumerate(chunks):
            running.add(asyncio.ensure_future(_counted(send(index, chunk), len(chunk.ids), done)))
            if len(running) >= _CHUNKS_AT_ONCE:
                finished, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                total += sum(task.result() for task in finished)
        if running:
            total += sum(await asyncio.gather(*running))
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    return total


async def _counted(answer: Awaitable[int], rows: int, done: Callable[[int], object]) -> int:
    count = await answer
    done(rows)
    return count
