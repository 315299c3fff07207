"""The backend of the kind "vector": lanes, threads and life cycle; the work is in reader, writer and builder."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from qbridge_contract.structs import (
    Backend as BackendSpec,
    BackendState,
    BatchLimits,
    Error,
    Operation,
    Reply,
)
from qbridge_server.backends.checks import VECTOR_OPERATIONS, lane_of
from qbridge_server.backends.vector.builder import Builder
from qbridge_server.backends.vector.collection import Collection
from qbridge_server.backends.vector.reader import Reader
from qbridge_server.backends.vector.store import Store
from qbridge_server.backends.vector.writer import Write, Writer
from qbridge_server.ports import Backend, BackendLost, Entry

EXACT_ELEMENTS_MAX = 2**21
"""Collections of up to so many numbers (16,384 vectors of 128) are searched exactly: a lone query takes < 1 ms."""
BATCH_SIZE_MAX = 256


def _is_read(operation: Operation) -> bool:
    kinds = (operation.query, operation.get, operation.count, operation.list_collections)
    return any(kind is not None for kind in kinds)


class VectorBackend(Backend):
    """Collections in `folder`, durable, or in memory where it is None.

    No work runs on the event loop: reads go to a pool of threads, writes to the store's one thread. Reads see every
    write that was answered before they were dispatched.
    """

    def __init__(self, name: str, folder: Path | None, *, exact_elements_max: int = EXACT_ELEMENTS_MAX) -> None:
        self.spec = BackendSpec(
            name=name,
            kind="vector",
            description=(
                "Vectors with metadata, searched in this process. Recall at top_k 10: 1.0 up to "
                f"{exact_elements_max} numbers in a collection, at least 0.99 on real data above that. "
                + ("Kept on disk." if folder else "Kept in memory only.")
            ),
            operations=list(VECTOR_OPERATIONS),
            batch=BatchLimits(size_max=BATCH_SIZE_MAX),
        )
        self._folder = folder
        self._collections: dict[str, Collection] = {}
        self._builder = Builder(self._all, folder and folder / "graphs", exact_elements_max)
        self._reader = Reader(self._collections, self._builder.graph)
        self._closed = False
        self._store: Store | None = None
        self._writer: Writer | None = None
        self._store_thread = ThreadPoolExecutor(1, thread_name_prefix="qbridge-vector-store")
        readers = max(1, min(4, os.cpu_count() or 1))
        self._reader_threads = ThreadPoolExecutor(readers, thread_name_prefix="qbridge-vector-read")

    def _all(self) -> list[Collection]:
        return list(self._collections.values())

    def lane_of(self, operation: Operation) -> str:
        """COLLECTION/read or COLLECTION/write. Raises BridgeError UNIMPLEMENTED, INVALID_ARGUMENT."""
        return lane_of(operation, self.spec.name)

    async def execute(self, batch: Sequence[Entry]) -> Sequence[Reply | Error | BackendLost]:
        """Does the batch in a worker thread: reads together, writes under as few transactions as can be."""
        loop = asyncio.get_running_loop()
        operations = [_operation(entry) for entry in batch]
        reads = [_is_read(operation) for operation in operations]
        if all(reads):
            return await loop.run_in_executor(self._reader_threads, self._reader.read, operations)
        writes = [
            Write(operation, f"{entry.caller.tenant}/{entry.effect_key}" if entry.effect_key else "")
            for entry, operation in zip(batch, operations, strict=True)
        ]
        return await loop.run_in_executor(self._store_thread, self._do, writes, reads)

    def _do(self, writes: list[Write], reads: list[bool]) -> list[Reply | Error]:
        """Does a batch in its order; a lane never mixes reads and writes, a caller of the port may."""
        assert self._writer is not None, "open() comes first"
        outcomes: list[Reply | Error] = []
        start = 0
        while start < len(writes):
            end = start + 1
            while end < len(writes) and reads[end] == reads[start]:
                end += 1
            part = writes[start:end]
            if reads[start]:
                outcomes += self._reader.read([write.operation for write in part])
            else:
                outcomes += self._writer.write(part)
            start = end
        self._builder.notify()
        return outcomes

    async def probe(self) -> tuple[BackendState, str]:
        """Ready, unless its disk failed; tells of vectors that failed their checksum."""
        if self._writer is None or self._store is None:
            return BackendState.DISCONNECTED, "not open"
        if self._writer.failure:
            return BackendState.FAILING, f"takes no writes since its disk failed ({self._writer.failure})"
        corrupt = self._store.corrupt
        detail = f"{len(self._collections)} collections"
        return BackendState.READY, detail + (f"; {corrupt} vectors failed their checksum" if corrupt else "")

    async def open(self) -> None:
        """Reads the store: about a second for 100,000 vectors. Raises BridgeError FAILED_PRECONDITION."""
        await asyncio.get_running_loop().run_in_executor(self._store_thread, self._open)
        self.spec.state = BackendState.READY

    def _open(self) -> None:
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
        store = Store(self._folder and self._folder / "vectors.sqlite")
        for collection in store.collections():
            for stored in store.vectors(collection):
                collection.write(stored.rows, stored.ids, stored.matrix, stored.metadata)
            self._collections[collection.name] = collection
        self._store = store
        self._writer = Writer(store, self._collections, self._builder.forget)
        self._builder.start()

    async def graphs_built(self, timeout_s: float) -> bool:
        """Waits until the graphs of all large collections are complete: for measurements and tests."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reader_threads, self._builder.wait_idle, timeout_s)

    async def close(self) -> None:
        """Stops the threads, writes the graphs' files and gives the store back. A second close does nothing."""
        if self._closed:
            return
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._store_thread, self._close)
        self._store_thread.shutdown()
        self._reader_threads.shutdown()

    def _close(self) -> None:
        if self._store is not None:
            self._builder.close()
            self._store.close()


def _operation(entry: Entry) -> Operation:
    operation = entry.request.operation
    assert operation is not None, "the gateway admits no request without an operation"
    return operation
