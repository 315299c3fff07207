"""The backend of the kind "chroma": groups a batch into as few calls as can be, and shares out the answers."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import (
    Backend as BackendSpec,
    BackendState,
    BatchLimits,
    Error,
    ErrorCode,
    Operation,
    Reply,
)
from qbridge_server.backends.checks import VECTOR_OPERATIONS, lane_of
from qbridge_server.backends.chroma.client import ChromaClient, ChromaError
from qbridge_server.backends.chroma.collections import Collections, Known
from qbridge_server.backends.chroma.reads import Reads
from qbridge_server.backends.chroma.writes import Writes
from qbridge_server.backends.filters import key_of
from qbridge_server.ports import Backend, BackendLost, Entry

BATCH_SIZE_MAX = 64
"""Beyond some 32 queries a call, Chroma gains no more."""

Outcome = Reply | Error | BackendLost
T = TypeVar("T")

CODES = {
    400: ErrorCode.INVALID_ARGUMENT,
    404: ErrorCode.NOT_FOUND,
    409: ErrorCode.ALREADY_EXISTS,
    413: ErrorCode.TOO_LARGE,
    422: ErrorCode.INVALID_ARGUMENT,
    429: ErrorCode.UNAVAILABLE,
    503: ErrorCode.UNAVAILABLE,
}


def error_of(error: ChromaError) -> Error:
    """Chroma's error as one of the table."""
    code = CODES.get(error.status, ErrorCode.BACKEND_FAILED)
    return BridgeError.of(code, f"Chroma answered {error.status}: {error}").error


class ChromaBackend(Backend):
    """Collections on a Chroma server at `url` (http://host:port[?tenant=..&database=..])."""

    def __init__(self, name: str, url: str) -> None:
        self._client = ChromaClient(url)
        self.spec = BackendSpec(
            name=name,
            kind="chroma",
            description=f"Vectors with metadata on the Chroma server at {self._client.origin}. Recall is Chroma's.",
            operations=list(VECTOR_OPERATIONS),
            batch=BatchLimits(size_max=BATCH_SIZE_MAX),
        )
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="qbridge-chroma")
        self._collections = Collections(self._client)
        self._reads = Reads(self._client, self._collections, self._aside)
        self._writes = Writes(self._client, self._collections, self._aside)

    async def _aside(self, work: Callable[[], T]) -> T:
        """Runs what takes long in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def lane_of(self, operation: Operation) -> str:
        """COLLECTION/read or COLLECTION/write. Raises BridgeError UNIMPLEMENTED, INVALID_ARGUMENT."""
        return lane_of(operation, self.spec.name)

    async def execute(self, batch: Sequence[Entry]) -> Sequence[Reply | Error | BackendLost]:
        """Does the batch in groups: alike reads together, neighbouring upserts together, in their order."""
        outcomes: list[Outcome | None] = [None] * len(batch)
        for group in _groups(batch):
            entries = [batch[place] for place in group]
            for place, outcome in zip(group, await self._group(entries), strict=True):
                outcomes[place] = outcome
        return [outcome for outcome in outcomes if outcome is not None]

    async def _group(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        """Does one group; where Chroma refuses it as a whole, each entry alone, so that only the bad one pays."""
        try:
            return await self._known(entries)
        except BackendLost as error:
            return [error] * len(entries)
        except ChromaError as error:
            if len(entries) == 1:
                return [error_of(error)]
            alone = [await self._group([entry]) for entry in entries]
            return [outcomes[0] for outcomes in alone]

    async def _known(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        """Does one group; once more where a collection has been made anew since we asked for its key."""
        try:
            return await self._do(entries)
        except ChromaError as error:
            if error.status != 404 or not self._collections.forget(_collection(_operation(entries[0]))):
                raise
            return await self._do(entries)

    async def _do(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        operations = [_operation(entry) for entry in entries]
        first = operations[0]
        if first.list_collections is not None:
            return [await self._reads.collections()]
        if first.create_collection is not None:
            return [await self._writes.create(first.create_collection, entries[0])]
        known = await self._collections.find(_collection(first))
        if isinstance(known, Error):
            return [known] * len(entries)
        return await self._with(known, operations)

    async def _with(self, known: Known, operations: Sequence[Operation]) -> Sequence[Outcome]:
        first = operations[0]
        if first.query is not None:
            return await self._reads.query(known, [item.query for item in operations if item.query])
        if first.upsert is not None:
            return await self._writes.upsert(known, [item.upsert for item in operations if item.upsert])
        if first.get is not None:
            return [await self._reads.get(known, first.get)]
        if first.count is not None:
            return [await self._reads.count(known, first.count)]
        if first.delete is not None:
            return [await self._writes.delete(known, first.delete)]
        return [await self._writes.drop(known)]

    async def probe(self) -> tuple[BackendState, str]:
        """Asks the server for its heartbeat."""
        try:
            await self._client.heartbeat()
        except (BackendLost, ChromaError) as error:
            return BackendState.FAILING, str(error)
        return BackendState.READY, f"Chroma at {self._client.origin} answers"

    async def open(self) -> None:
        """Nothing: the server may come later than we do."""

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.close()
        self._threads.shutdown()


def _operation(entry: Entry) -> Operation:
    operation = entry.request.operation
    assert operation is not None, "the gateway admits no request without an operation"
    return operation


def _collection(operation: Operation) -> str:
    named = (
        operation.query
        or operation.upsert
        or operation.get
        or operation.count
        or operation.delete
        or operation.create_collection
        or operation.delete_collection
    )
    return named.collection if named is not None else ""


def _groups(batch: Sequence[Entry]) -> list[list[int]]:
    """The places of the batch by what can be one call. Reads group freely; a write ends what stands before it."""
    groups: list[list[int]] = []
    alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for place, entry in enumerate(batch):
        operation = _operation(entry)
        key: tuple[object, ...]
        if (query := operation.query) is not None:
            key = ("query", query.collection, query.top_k, key_of(query.filter))
        elif (upsert := operation.upsert) is not None:
            if not (len(alike) == 1 and ("upsert", upsert.collection) in alike):
                alike.clear()
            key = ("upsert", upsert.collection)
        else:
            if operation.get is None and operation.count is None and operation.list_collections is None:
                alike.clear()
            key = ("alone", place)
        if not alike[key]:
            groups.append(alike[key])
        alike[key].append(place)
        if not (operation.query or operation.upsert or operation.get or operation.count):
            alike.clear()
    return groups
