"""Does a batch of writes: checked first, then one transaction, then published to the readers.

Only the store's thread calls it. What is wrong with one write is found before anything is written, so a transaction
fails only where the disk does, and then as a whole: nothing of it is published.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import apsw
import msgspec
import numpy as np

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import (
    CreateCollection,
    DeleteVectors,
    Error,
    ErrorCode,
    Metric,
    Operation,
    Reply,
    UpsertVectors,
)
from qbridge_server.backends.checks import (
    PREFIX,
    check_operation,
    collection_exists,
    counted,
    matrix_of,
    metadata_of,
    unknown_collection,
)
from qbridge_server.backends.vector.collection import Collection
from qbridge_server.backends.vector.store import Store

log = logging.getLogger("qbridge.server.backends.vector")

Outcome = Reply | Error


@dataclass(slots=True)
class Write:
    """One write, and the key of its effect."""

    operation: Operation
    effect_key: str


@dataclass(slots=True)
class _Run:
    """Writes under one transaction: what became of them, and what memory learns once it is committed."""

    outcomes: list[Outcome] = field(default_factory=list)
    publish: list[Callable[[], None]] = field(default_factory=list)


class Writer:
    """The one that changes collections."""

    def __init__(self, store: Store, collections: dict[str, Collection], dropped: Callable[[Collection], None]) -> None:
        self._store = store
        self._collections = collections
        self._dropped = dropped
        self.failure = ""
        """Why the store takes no writes any more: a sync or a write of the disk failed."""

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """One outcome a write, in order; those that succeeded are synced to disk."""
        outcomes: list[Outcome] = []
        start = 0
        while start < len(writes):
            end = start + 1
            if _mergeable(writes[start].operation):
                while end < len(writes) and _mergeable(writes[end].operation):
                    end += 1
            outcomes += self._transaction(writes[start:end])
            start = end
        for collection in {write.operation.upsert.collection for write in writes if write.operation.upsert}:
            if collection in self._collections:
                self._collections[collection].sweep()
        return outcomes

    def _transaction(self, writes: Sequence[Write]) -> list[Outcome]:
        if self.failure:
            message = f"The vector store takes no writes since its disk failed ({self.failure})."
            return [BridgeError.of(ErrorCode.UNAVAILABLE, message).error] * len(writes)
        run = _Run()
        try:
            with self._store.transaction():
                for write in writes:
                    run.outcomes.append(self._one(write, run))
        except apsw.FullError:
            message = "The vector store's disk is full; nothing of this write was kept."
            return [BridgeError.of(ErrorCode.UNAVAILABLE, message).error] * len(writes)
        except (apsw.IOError, apsw.CorruptError, apsw.CantOpenError) as error:
            # After a failed sync nobody knows what is on disk: writing on could lose more than it saves.
            self.failure = type(error).__name__
            log.exception("vector store stopped taking writes")
            message = f"The vector store's disk failed ({self.failure}); whether this write was kept is unknown."
            return [BridgeError.of(ErrorCode.UNAVAILABLE, message).error] * len(writes)
        for publish in run.publish:
            publish()
        return run.outcomes

    def _one(self, write: Write, run: _Run) -> Outcome:
        operation = write.operation
        try:
            check_operation(operation)
            if operation.upsert is not None:
                return self._upsert(operation.upsert, run)
            return self._once(write, run)
        except BridgeError as error:
            return error.error

    def _once(self, write: Write, run: _Run) -> Outcome:
        """Does what must not be done twice: a redelivery gets the reply of the first time."""
        said = msgspec.json.encode(write.operation)
        if write.effect_key and (stored := self._store.effect(write.effect_key, said)) is not None:
            return msgspec.json.decode(stored, type=Reply)
        operation = write.operation
        if operation.create_collection is not None:
            outcome = self._create(operation.create_collection, run)
        elif operation.delete is not None:
            outcome = self._delete(operation.delete, run)
        else:
            assert operation.delete_collection is not None
            outcome = self._drop(operation.delete_collection.collection, run)
        if write.effect_key and isinstance(outcome, Reply):
            self._store.record(write.effect_key, said, msgspec.json.encode(outcome))
        return outcome

    def _upsert(self, upsert: UpsertVectors, run: _Run) -> Outcome:
        collection = self._collections.get(upsert.collection)
        if collection is None:
            return unknown_collection(upsert.collection)
        place = f"{PREFIX}.upsert"
        matrix = matrix_of(upsert.vectors, f"{place}.vectors", collection.dimension)
        metadata = metadata_of(upsert.metadata, f"{place}.metadata")
        rows = self._store.write(collection.number, upsert.ids, matrix, metadata)
        run.publish.append(lambda: collection.write(rows, upsert.ids, matrix, metadata))
        return counted(len(rows))

    def _delete(self, delete: DeleteVectors, run: _Run) -> Outcome:
        collection = self._collections.get(delete.collection)
        if collection is None:
            return unknown_collection(delete.collection)
        ids = delete.ids
        if delete.filter is not None:
            snapshot = collection.snapshot()
            chosen = snapshot.columns.mask(delete.filter, snapshot.size) & ~snapshot.dead
            ids = [snapshot.ids[slot] for slot in np.flatnonzero(chosen)]
        count = self._store.delete(collection.number, ids)
        run.publish.append(lambda: collection.remove(ids))
        return counted(count)

    def _create(self, create: CreateCollection, run: _Run) -> Outcome:
        metric = Metric.COSINE if create.metric is Metric.UNSPECIFIED else create.metric
        there = self._collections.get(create.collection)
        if there is None:
            made = self._store.create(create.collection, create.dimension, metric)
            run.publish.append(lambda: self._collections.update({made.name: made}))
            return Reply(collection=made.info())
        if create.exist_ok and (there.dimension, there.metric) == (create.dimension, metric):
            return Reply(collection=there.info())
        return collection_exists(create.collection, there.dimension, there.metric.name)

    def _drop(self, name: str, run: _Run) -> Outcome:
        collection = self._collections.get(name)
        if collection is None:
            return unknown_collection(name)
        self._store.drop(collection)
        run.publish.append(lambda: self._forget(collection))
        return counted(collection.snapshot().live)

    def _forget(self, collection: Collection) -> None:
        del self._collections[collection.name]
        self._dropped(collection)


def _mergeable(operation: Operation) -> bool:
    """Whether it may share a transaction: it needs nothing published that the transaction writes."""
    return operation.upsert is not None or (operation.delete is not None and operation.delete.filter is None)
