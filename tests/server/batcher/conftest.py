"""Benches that are closed when their test ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from qbridge_contract.structs import BatchLimits

from .making import Bench, Script


@pytest.fixture
async def bench() -> AsyncIterator[Callable[..., tuple[Bench, Script]]]:
    """`bench(do, limits)` makes a bench whose backend does what `do` says."""
    made: list[Bench] = []

    def make(do: Any, batch: BatchLimits | None = None) -> tuple[Bench, Script]:
        backend = Script(do, batch)
        made.append(Bench(backend))
        return made[-1], backend

    yield make
    for each in made:
        await each.close()
