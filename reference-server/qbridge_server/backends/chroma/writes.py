"""The writes of the Chroma backend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import CreateCollection, DeleteVectors, Error, Metric, Operation, Reply, UpsertVectors
from qbridge_server.backends.checks import (
    PREFIX,
    Matrix,
    check_operation,
    collection_exists,
    counted,
    matrix_of,
    metadata_of,
    shape_of,
)
from qbridge_server.backends.chroma.client import AT_ONCE_MAX, ChromaClient, ChromaError, upsert_body
from qbridge_server.backends.chroma.collections import Collections, Known, known
from qbridge_server.backends.chroma.reads import Aside, Reads
from qbridge_server.backends.chroma.translate import (
    DIMENSION_KEY,
    EFFECT_KEY,
    SPACES,
    chroma_metadata,
    chroma_name,
    replacement,
)
from qbridge_server.ports import Entry


@dataclass(slots=True)
class _Load:
    """Vectors for one call, each id once."""

    ids: dict[str, None] = field(default_factory=dict)
    matrices: list[Matrix] = field(default_factory=list)
    metadata: list[dict[str, Any]] = field(default_factory=list)


class Writes:
    """Every method raises BackendLost and ChromaError."""

    def __init__(self, client: ChromaClient, collections: Collections, aside: Aside) -> None:
        self._client = client
        self._collections = collections
        self._aside = aside
        self._reads = Reads(client, collections, aside)

    async def create(self, create: CreateCollection, entry: Entry) -> Reply | Error:
        """Makes a collection. It keeps the key of its effect, so that a redelivery knows its own work."""
        metric = Metric.COSINE if create.metric is Metric.UNSPECIFIED else create.metric
        name = chroma_name(create.collection)
        effect = f"{entry.caller.tenant}/{entry.effect_key}"
        try:
            told = {DIMENSION_KEY: create.dimension, EFFECT_KEY: effect}
            made = known(await self._client.create(name, SPACES[metric], told))
            self._collections.add(made)
            return Reply(collection=made.info(0))
        except ChromaError as error:
            if error.status != 409:
                raise
        there = known(await self._client.collection(name))
        self._collections.add(there)
        equal = (there.dimension, there.metric) == (create.dimension, metric)
        if equal and (create.exist_ok or there.remote.metadata.get(EFFECT_KEY) == effect):
            return Reply(collection=there.info(await self._client.count(there.key)))
        return collection_exists(create.collection, there.dimension, there.metric.name)

    async def drop(self, collection: Known) -> Reply:
        """Deletes a collection; answers how many vectors went."""
        count = await self._client.count(collection.key)
        await self._client.drop(collection.remote.name)
        self._collections.forget(collection.name)
        return counted(count)

    async def upsert(self, collection: Known, upserts: Sequence[UpsertVectors]) -> list[Reply | Error]:
        """Upserts in their order, in as few calls as can be; of equal ids the last wins."""
        outcomes: list[Reply | Error] = []
        loads: list[_Load] = [_Load()]

        def prepare() -> None:
            for upsert in upserts:
                _load(collection, upsert, outcomes, loads)

        await self._aside(prepare)
        for load in loads:
            if load.ids:
                await self._write(collection, load)
        return outcomes

    async def _write(self, collection: Known, load: _Load) -> None:
        ids = list(load.ids)
        page = await self._client.get(collection.key, ["metadatas"], {"ids": ids})
        old = dict(zip(page.ids, page.metadatas or [None] * len(page.ids), strict=True))

        def prepare() -> bytes:
            metadata = [replacement(new, old.get(id_)) for id_, new in zip(ids, load.metadata, strict=True)]
            return upsert_body(ids, np.concatenate(load.matrices), metadata)

        await self._client.upsert(collection.key, await self._aside(prepare))

    async def delete(self, collection: Known, delete: DeleteVectors) -> Reply | Error:
        """Deletes by id or filter; counts what was there, since Chroma counts what was asked for."""
        try:
            check_operation(Operation(delete=delete))
        except BridgeError as error:
            return error.error
        if delete.filter is not None:
            ids = await self._reads.ids(collection, delete.filter)
        else:
            ids = []
            for start in range(0, len(delete.ids), AT_ONCE_MAX):
                part = {"ids": delete.ids[start : start + AT_ONCE_MAX]}
                ids += (await self._client.get(collection.key, [], part)).ids
        for start in range(0, len(ids), AT_ONCE_MAX):
            await self._client.delete(collection.key, ids[start : start + AT_ONCE_MAX])
        return counted(len(ids))


def _load(collection: Known, upsert: UpsertVectors, outcomes: list[Reply | Error], loads: list[_Load]) -> None:
    """Checks one upsert and puts it into the loads."""
    place = f"{PREFIX}.upsert"
    try:
        check_operation(Operation(upsert=upsert))
        dimension = collection.dimension or shape_of(upsert.vectors, f"{place}.vectors")[1]
        matrix = matrix_of(upsert.vectors, f"{place}.vectors", dimension)
        wholes = metadata_of(upsert.metadata, f"{place}.metadata") or [b""] * len(upsert.ids)
    except BridgeError as error:
        outcomes.append(error.error)
        return
    objects = upsert.metadata or [{}] * len(upsert.ids)
    kept = [chroma_metadata(item, whole) for item, whole in zip(objects, wholes, strict=True)]
    for start in range(0, len(upsert.ids), AT_ONCE_MAX):
        part = slice(start, start + AT_ONCE_MAX)
        ids = upsert.ids[part]
        load = loads[-1]
        if len(load.ids) + len(ids) > AT_ONCE_MAX or not load.ids.keys().isdisjoint(ids):
            loads.append(load := _Load())
        load.ids.update(dict.fromkeys(ids))
        load.matrices.append(matrix[part])
        load.metadata += kept[part]
    outcomes.append(counted(len(upsert.ids)))
