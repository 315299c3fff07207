"""The contract suite: every store keeps every promise, and a planted bug breaks the promise it should."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from qbridge_contract.structs import Durability
from qbridge_server.buffer import BufferLimits

from . import making
from .making import Bench, Make, make_real
from .planted import PLANTED, Planted
from .promises import PROMISES, Promise

LIMITS = BufferLimits(lane_items_max=8)

STORES = {
    "memory": (Durability.MEMORY, False),
    "sqlite-memory": (Durability.MEMORY, True),
    "sqlite-process": (Durability.PROCESS, True),
    "sqlite-disk": (Durability.DISK, True),
}


@asynccontextmanager
async def a_bench(make: Make, store: str, folder: Path) -> AsyncIterator[Bench]:
    durability, on_disk = STORES[store]
    place = folder / "buffer" if on_disk else None
    buffer = make(place, LIMITS)
    assert await buffer.open() == []
    try:
        yield Bench(buffer, durability, LIMITS, place)
    finally:
        await buffer.close()


def named(check: Callable[..., object]) -> str:
    return check.__name__


@pytest.mark.parametrize("promise", PROMISES, ids=named)
@pytest.mark.parametrize("store", STORES)
async def test_promise(store: str, promise: Promise, tmp_path: Path) -> None:
    async with a_bench(make_real, store, tmp_path) as bench:
        await promise(bench)


@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.name)
async def test_a_planted_bug_breaks_the_promise_that_the_shipped_buffer_keeps(
    bug: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_bench(make_real, bug.store, tmp_path / "shipped") as bench:
        await bug.promise(bench)
    monkeypatch.setattr(making, "WAIT_S", 0.5)
    with pytest.raises((AssertionError, TimeoutError)):
        async with a_bench(bug.make, bug.store, tmp_path / "broken") as bench:
            await bug.promise(bench)
