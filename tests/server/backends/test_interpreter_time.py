"""No work of a backend keeps the interpreter: another thread ticks on while large batches run."""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from qbridge_contract.structs import Comparison, Metric, QueryVectors, UpsertVectors
from qbridge_server.backends.vector import VectorBackend

LONG_S = 0.010
"""A gap that no call within the design's 2 ms explains: the switch interval and a busy machine add some to them."""
LONG_SHARE_MAX = 0.25
"""How much of the time may lie in such gaps: on a machine with two busy cores some do whoever holds what."""


class Ticks:
    """The gaps of a thread that wakes each half millisecond."""

    def __init__(self) -> None:
        self.gaps_s: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        last = time.perf_counter()
        while not self._stop.wait(0.0005):
            now = time.perf_counter()
            self.gaps_s.append(now - last)
            last = now

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


@contextmanager
def ticking() -> Iterator[Ticks]:
    """Ticks while the block runs, with a short switch interval: what remains is calls that do not let go."""
    ticks = Ticks()
    usual = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    ticks.start()
    try:
        yield ticks
    finally:
        ticks.stop()
        sys.setswitchinterval(usual)


@pytest.fixture(params=[2**40, 0], ids=["exact", "graph"])
async def large(request: pytest.FixtureRequest, kit: Any, tmp_path: Any) -> Any:
    """A collection of 8,000 vectors of 128 numbers."""
    backend = VectorBackend("v", tmp_path, exact_elements_max=request.param)
    await backend.open()
    bench = kit.Bench(backend)
    await bench.create("c", 128, Metric.L2)
    rows = np.random.default_rng(1).standard_normal((8000, 128)).astype(np.float32)
    for start in range(0, 8000, 4000):
        ids = [str(number) for number in range(start, start + 4000)]
        await bench.upsert("c", ids, rows[start : start + 4000], [{"n": int(id_) % 10} for id_ in ids])
    yield bench, rows
    await backend.close()


def long_share(ticks: Ticks) -> float:
    """The share of the time that lies in long gaps: near 1 where calls keep the interpreter while they work."""
    return sum(gap for gap in ticks.gaps_s if gap > LONG_S) / sum(ticks.gaps_s)


def test_a_call_that_keeps_the_interpreter_is_seen() -> None:
    keep_s = 0.03
    with ticking() as ticks:
        for _ in range(10):
            # PyDLL, unlike CDLL, does not let go of the interpreter.
            ctypes.PyDLL(None).usleep(int(keep_s * 1e6))
    assert long_share(ticks) > 0.5


async def test_a_large_batch_of_reads_lets_others_run(large: Any, kit: Any) -> None:
    bench, rows = large
    assert await bench.backend.graphs_built(60)
    some = kit.where("n", Comparison.LT, 5)
    queries = [QueryVectors(collection="c", queries=kit.f32(rows[n]), top_k=100) for n in range(192)]
    queries += [QueryVectors(collection="c", queries=kit.f32(rows[n]), top_k=50, filter=some) for n in range(64)]
    entries = [bench.entry(query=query) for query in queries]
    with ticking() as ticks:
        for _ in range(3):
            await bench.outcomes(*entries)
    assert long_share(ticks) <= LONG_SHARE_MAX


async def test_a_large_batch_of_writes_and_the_building_of_a_graph_let_others_run(large: Any, kit: Any) -> None:
    bench, rows = large
    upserts = [
        UpsertVectors(
            collection="c",
            ids=[f"new-{n}-{m}" for m in range(32)],
            vectors=kit.f32(rows[32 * n : 32 * n + 32]),
            metadata=[{"n": m, "text": "x" * 50} for m in range(32)],
        )
        for n in range(128)
    ]
    entries = [bench.entry(upsert=upsert) for upsert in upserts]
    with ticking() as ticks:
        await bench.outcomes(*entries)
        assert await bench.backend.graphs_built(60)
    assert long_share(ticks) <= LONG_SHARE_MAX


async def test_large_batches_for_chroma_let_others_run(chroma_bench: Any, kit: Any, name: str) -> None:
    rows = np.random.default_rng(1).standard_normal((4000, 128)).astype(np.float32)
    await chroma_bench.create(name, 128, Metric.L2)
    some = QueryVectors(collection=name, queries=kit.f32(rows[:256]), top_k=20, include_vectors=True)
    with ticking() as ticks:
        await chroma_bench.upsert(name, [str(n) for n in range(4000)], rows, [{"n": n} for n in range(4000)])
        await chroma_bench.do(query=some)
        await chroma_bench.get(name, [str(n) for n in range(2000)])
    assert long_share(ticks) <= LONG_SHARE_MAX
