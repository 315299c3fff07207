"""What the backends' tests share: entries made by hand, the digits, and backends that are opened and closed."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from numpy.typing import NDArray

from qbridge_contract.structs import (
    Comparison,
    Condition,
    CountVectors,
    CreateCollection,
    DeleteVectors,
    Durability,
    Error,
    Filter,
    FilterList,
    GetVectors,
    InternalRequest,
    Metric,
    Operation,
    QueryVectors,
    Reply,
    UpsertVectors,
    Vector,
)
from qbridge_harness.datasets import DataSet, load_data
from qbridge_server.backends import create_backend
from qbridge_server.ports import LOCAL, Backend, BackendLost, Entry

ROOT = Path(__file__).parents[3]
Outcome = Reply | Error | BackendLost
_numbers = itertools.count(1)


def _load_server() -> Any:
    """The module beside this one; tests are no package, so it has no import name of its own."""
    spec = importlib.util.spec_from_file_location("chroma_server", Path(__file__).with_name("chroma_server.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["chroma_server"] = module
    spec.loader.exec_module(module)
    return module


chroma_server = _load_server()


def f32(rows: Any) -> Vector:
    """Rows as the contract's bytes, shape [n, d] (or [d])."""
    matrix = np.asarray(rows, dtype="<f4")
    return Vector(f32le=matrix.tobytes(), shape=list(matrix.shape))


class Bench:
    """Drives a backend as the batcher does: lane first, then a batch of entries."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    def entry(self, *, effect_key: str = "", **kind: Any) -> Entry:
        """An entry with one operation."""
        number = next(_numbers)
        operation = Operation(**kind)
        return Entry(
            request=InternalRequest(id=f"req_{number}", operation=operation),
            caller=LOCAL,
            backend=self.backend.spec.name,
            lane=self.backend.lane_of(operation),
            durability=Durability.MEMORY,
            effect_key=effect_key or f"req_{number}",
            trace_id="",
            accepted_at=0.0,
            accepted_wall=0.0,
        )

    async def outcomes(self, *entries: Entry) -> Sequence[Outcome]:
        """The outcomes of one batch."""
        outcomes = await self.backend.execute(entries)
        assert len(outcomes) == len(entries)
        return outcomes

    async def do(self, **kind: Any) -> Outcome:
        """The outcome of one operation alone."""
        return (await self.outcomes(self.entry(**kind)))[0]

    async def reply(self, **kind: Any) -> Reply:
        """The reply of one operation that succeeds."""
        outcome = await self.do(**kind)
        assert isinstance(outcome, Reply), outcome
        return outcome

    async def error(self, **kind: Any) -> Error:
        """The error of one operation that fails."""
        outcome = await self.do(**kind)
        assert isinstance(outcome, Error), outcome
        return outcome

    async def create(self, collection: str, dimension: int, metric: Metric = Metric.COSINE) -> None:
        """Makes a collection."""
        await self.reply(create_collection=CreateCollection(collection=collection, dimension=dimension, metric=metric))

    async def upsert(
        self, collection: str, ids: Sequence[str], rows: Any, metadata: Sequence[dict[str, Any]] = ()
    ) -> int:
        """Writes vectors; answers how many."""
        upsert = UpsertVectors(collection=collection, ids=list(ids), vectors=f32(rows), metadata=list(metadata))
        return counted(await self.reply(upsert=upsert))

    async def query(self, collection: str, rows: Any, top_k: int = 10, **more: Any) -> Any:
        """The matches of a query."""
        query = QueryVectors(collection=collection, queries=f32(rows), top_k=top_k, **more)
        return (await self.reply(query=query)).matches

    async def count(self, collection: str, filter_: Filter | None = None) -> int:
        """How many vectors pass."""
        return counted(await self.reply(count=CountVectors(collection=collection, filter=filter_)))

    async def delete(self, collection: str, ids: Sequence[str] = (), filter_: Filter | None = None) -> int:
        """Deletes; answers how many."""
        return counted(await self.reply(delete=DeleteVectors(collection=collection, ids=list(ids), filter=filter_)))

    async def get(self, collection: str, ids: Sequence[str]) -> Any:
        """The records."""
        return (await self.reply(get=GetVectors(collection=collection, ids=list(ids)))).records


def counted(reply: Reply) -> int:
    """The number that a reply holds."""
    assert reply.count is not None
    return reply.count.count


def where(key: str, comparison: Comparison, value: Any) -> Filter:
    """A filter of one condition."""
    return Filter(where=Condition(key=key, comparison=comparison, value=value))


def every(*filters: Filter) -> Filter:
    """All of the filters."""
    return Filter(all=FilterList(filters=list(filters)))


def some(*filters: Filter) -> Filter:
    """At least one of the filters."""
    return Filter(any=FilterList(filters=list(filters)))


class Kit:
    """The helpers above, for tests, which cannot import this file."""

    Bench = Bench
    f32 = staticmethod(f32)
    where = staticmethod(where)
    every = staticmethod(every)
    some = staticmethod(some)
    counted = staticmethod(counted)
    ChromaServer = chroma_server.ChromaServer


@pytest.fixture(scope="session")
def kit() -> type[Kit]:
    """The helpers of this suite."""
    return Kit


@pytest.fixture(scope="session")
def _chroma_session() -> Iterator[Any]:
    if chroma_server.unavailable():
        yield None
        return
    with chroma_server.ChromaServer() as server:
        yield server


@pytest.fixture
def chroma(_chroma_session: Any, missing_service: Callable[[str], NoReturn]) -> Any:
    """A real Chroma server, one for the session: tests take collections of their own names."""
    if _chroma_session is None:
        missing_service(chroma_server.unavailable())
    return _chroma_session


@pytest.fixture
async def vector() -> AsyncIterator[Bench]:
    """The vector backend, in memory."""
    backend = create_backend("vector", "vector:")
    await backend.open()
    yield Bench(backend)
    await backend.close()


@pytest.fixture
async def chroma_bench(chroma: Any) -> AsyncIterator[Bench]:
    """The Chroma backend on the real server."""
    backend = create_backend("chroma", f"chroma:{chroma.url}")
    await backend.open()
    yield Bench(backend)
    await backend.close()


@pytest.fixture(params=["vector", "chroma"])
def bench(request: pytest.FixtureRequest) -> Bench:
    """Each vector backend in turn: what holds for one holds for all."""
    name = {"vector": "vector", "chroma": "chroma_bench"}[request.param]
    found: Bench = request.getfixturevalue(name)
    return found


@pytest.fixture
def name() -> str:
    """A collection name that no other test has."""
    return f"c{next(_numbers)}"


@pytest.fixture(scope="session")
def digits() -> DataSet:
    """The 1,797 handwritten digits."""
    return load_data("digits", ROOT / "cases" / "data")


@pytest.fixture(scope="session")
def topics() -> DataSet:
    """The reference topics of the standard library, as hashed words."""
    return load_data("topics", ROOT / "cases" / "data")


@pytest.fixture(scope="session")
def digit_matrix(digits: DataSet) -> NDArray[np.float32]:
    """The digits as a matrix."""
    return np.array(digits.vectors, dtype=np.float32)
