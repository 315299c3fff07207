"""The collections that the server has, remembered by name so that a call need not ask first."""

from __future__ import annotations

from dataclasses import dataclass

from qbridge_contract.structs import CollectionInfo, Error, Metric
from qbridge_server.backends.checks import unknown_collection
from qbridge_server.backends.chroma.client import ChromaClient, ChromaError, Remote
from qbridge_server.backends.chroma.translate import DIMENSION_KEY, METRICS, chroma_name, our_name

NAMES_MAX = 10_000
"""Names that are remembered; then all are forgotten and asked for anew."""


@dataclass(frozen=True, slots=True)
class Known:
    """A collection as we know it. A dimension of 0 is not decided yet: nobody told, and nothing is in it."""

    remote: Remote
    name: str
    dimension: int
    metric: Metric

    @property
    def key(self) -> str:
        """The server's key for it."""
        return self.remote.key

    def info(self, count: int) -> CollectionInfo:
        """The collection for its callers."""
        return CollectionInfo(collection=self.name, dimension=self.dimension, metric=self.metric, count=count)


def known(remote: Remote) -> Known:
    """A collection of the server in our words; one that was made without us has only Chroma's own properties."""
    told = remote.metadata.get(DIMENSION_KEY)
    dimension = int(told) if isinstance(told, (int, float)) else remote.dimension or 0
    return Known(remote, our_name(remote.name), dimension, METRICS.get(remote.space, Metric.L2))


class Collections:
    """By name, asked for once; `forget` where a call says that the key is gone."""

    def __init__(self, client: ChromaClient) -> None:
        self._client = client
        self._known: dict[str, Known] = {}

    async def find(self, name: str) -> Known | Error:
        """The collection, or NOT_FOUND. Raises BackendLost, ChromaError."""
        found = self._known.get(name)
        if found is not None and found.dimension:
            return found
        try:
            found = known(await self._client.collection(chroma_name(name)))
        except ChromaError as error:
            if error.status == 404:
                return unknown_collection(name)
            raise
        self.add(found)
        return found

    def add(self, found: Known) -> None:
        """Remembers a collection."""
        if len(self._known) >= NAMES_MAX:
            self._known.clear()
        self._known[found.name] = found

    def forget(self, name: str) -> bool:
        """Forgets a collection; whether it was remembered."""
        return self._known.pop(name, None) is not None
