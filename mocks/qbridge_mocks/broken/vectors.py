"""Errors in the typed vector operations."""

from __future__ import annotations

from dataclasses import replace

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.backends import VectorBackend
from qbridge_mocks.conforming.backends.filters import matches
from qbridge_mocks.conforming.backends.vectors import Collection, Floats, Hit, counted
from qbridge_mocks.conforming.world import World
from qbridge_mocks.parts import Parts

DIMENSIONS_SEEN = 16


class CoversAllSettings(VectorBackend):
    """Takes exist_ok for any collection of the name."""

    def _create_collection(self, work: v1.CreateCollection) -> v1.Reply:
        known = self.collections.get(work.collection)
        return v1.Reply(collection=known.info()) if known and work.exist_ok else super()._create_collection(work)


class CountsNothingDeleted(VectorBackend):
    """Deletes a collection before it counts."""

    def _delete_collection(self, work: v1.DeleteCollection) -> v1.Reply:
        super()._delete_collection(work)
        return counted(0)


class GetsFromNothing(VectorBackend):
    """Finds no vectors where there is no collection."""

    def _get(self, work: v1.GetVectors) -> v1.Reply:
        if work.collection not in self.collections:
            return v1.Reply(records=v1.VectorRecords())
        return super()._get(work)


class ListsFullOnly(VectorBackend):
    """Lists collections by their vectors."""

    def _list_collections(self, work: v1.ListCollections) -> v1.Reply:
        infos = [self.collections[name].info() for name in sorted(self.collections) if self.collections[name].rows]
        return v1.Reply(collections=v1.CollectionList(collections=infos))


class CountsNewOnly(VectorBackend):
    """Counts what an upsert added."""

    def _upsert(self, work: v1.UpsertVectors) -> v1.Reply:
        before = len(self._find(work.collection).rows)
        super()._upsert(work)
        return counted(len(self._find(work.collection).rows) - before)


class FarthestFirst(Collection):
    """Measures the wrong way round."""

    def distances(self, rows: Floats, query: Floats) -> Floats:
        return -super().distances(rows, query)


class NegatesProducts(Collection):
    """Takes the negative product for the distance."""

    def distances(self, rows: Floats, query: Floats) -> Floats:
        distances = super().distances(rows, query)
        return distances - 1 if self.metric == v1.Metric.DOT else distances


class SeesFewDimensions(Collection):
    """Measures along the first numbers only."""

    def distances(self, rows: Floats, query: Floats) -> Floats:
        seen = DIMENSIONS_SEEN if self.metric == v1.Metric.L2 else None
        return super().distances(rows[:, :seen], query[:seen])


class FiltersLast(VectorBackend):
    """Applies the filter to what the query has found."""

    def search(self, collection: Collection, queries: Floats, work: v1.QueryVectors) -> list[list[Hit]]:
        found = super().search(collection, queries, replace(work, filter=None))
        return [[hit for hit in near if matches(work.filter, hit[1][1])] for near in found]


class TellsAll(VectorBackend):
    """Includes metadata unasked."""

    def _query(self, work: v1.QueryVectors) -> v1.Reply:
        return super()._query(replace(work, include_metadata=True))


class GetsAsStored(VectorBackend):
    """Walks its rows, not the ids asked for."""

    def _get(self, work: v1.GetVectors) -> v1.Reply:
        stored = [key for key in self._find(work.collection).rows if key in work.ids]
        return super()._get(replace(work, ids=stored))


class CountsTheAbsent(VectorBackend):
    """Counts the ids asked for."""

    def _delete(self, work: v1.DeleteVectors) -> v1.Reply:
        reply = super()._delete(work)
        return counted(len(work.ids)) if work.ids else reply


class CountsAll(VectorBackend):
    """Counts without the filter."""

    def _count(self, work: v1.CountVectors) -> v1.Reply:
        return super()._count(replace(work, filter=None))


def world_of(kind: type[VectorBackend]) -> type[World]:
    """A world whose vector backend is such."""
    return type(f"WorldOf{kind.__name__}", (World,), {"vectors": kind})


def collections_of(kind: type[Collection]) -> type[World]:
    """A world whose collections are such."""
    return world_of(type(f"BackendOf{kind.__name__}", (VectorBackend,), {"collection_kind": kind}))


MOCKS = {
    "exist_ok_covers_all": Parts(world=world_of(CoversAllSettings)),
    "deleted_collection_counts_nothing": Parts(world=world_of(CountsNothingDeleted)),
    "get_from_nothing_is_empty": Parts(world=world_of(GetsFromNothing)),
    "empty_collections_unlisted": Parts(world=world_of(ListsFullOnly)),
    "upsert_counts_new_only": Parts(world=world_of(CountsNewOnly)),
    "farthest_first": Parts(world=collections_of(FarthestFirst)),
    "dot_distance_without_one": Parts(world=collections_of(NegatesProducts)),
    "few_dimensions": Parts(world=collections_of(SeesFewDimensions)),
    "filter_after_top_k": Parts(world=world_of(FiltersLast)),
    "metadata_always_included": Parts(world=world_of(TellsAll)),
    "get_in_stored_order": Parts(world=world_of(GetsAsStored)),
    "delete_counts_the_absent": Parts(world=world_of(CountsTheAbsent)),
    "count_ignores_filter": Parts(world=world_of(CountsAll)),
}
