"""How a bulk upsert is cut, sent and reported."""

from __future__ import annotations

import asyncio
import io
import sys
from typing import Any

import numpy as np
import pytest

import qbridge
from qbridge import testing
from qbridge._bulk import Chunk, chunks_of, send_all
from qbridge._progress import reporter
from qbridge_contract.structs import Limits

LIMITS = Limits(message_bytes_max=4 << 20)


def cut(items: Any, vectors: Any = None, metadata: Any = None, limits: Limits = LIMITS) -> list[int]:
    return [len(chunk.ids) for chunk in chunks_of(items, vectors, metadata, limits)[0]]


def test_chunks_hold_a_thousand_rows_at_most() -> None:
    assert cut(range(2500), np.ones((2500, 2))) == [1000, 1000, 500]


def test_chunks_keep_within_the_deployments_message() -> None:
    small = Limits(message_bytes_max=20_000)
    assert max(cut(range(100), np.ones((100, 64)), limits=small)) * 64 * 4 < 10_000
    heavy = [{"text": "x" * 1000}] * 100
    assert max(cut(range(100), np.ones((100, 2)), heavy, limits=small)) <= 3


def test_a_row_larger_than_a_chunk_goes_alone() -> None:
    assert cut(range(3), np.ones((3, 4096)), limits=Limits(message_bytes_max=1000)) == [1, 1, 1]


def test_rows_are_taken_as_they_come() -> None:
    taken = 0

    def rows() -> Any:
        nonlocal taken
        for i in range(3000):
            taken += 1
            yield {"id": i, "vector": [1.0, 2.0], "label": i}

    chunks, total = chunks_of(rows(), None, None, LIMITS)
    first = next(chunks)
    assert (taken, total, first.metadata[3]) == (1000, None, {"label": 3})


@pytest.mark.parametrize(
    ("items", "vectors", "metadata", "words"),
    [
        (["a", "b"], [[1.0]], None, "2 ids, 1 vectors"),
        (["a"], [[1.0]], [{}, {}], "2 metadata"),
        (["a", "b", "a"], [[1.0]] * 3, None, "'a' comes twice"),
        ([{"id": "a"}], None, None, "no vector"),
        ([{"vector": [1]}], None, None, "no id"),
        ([3], None, None, "int"),
        (["a"], None, [{}], "metadata goes with"),
        (["a"], [[1.0]], [3], "mapping or a model"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_to_give(items: Any, vectors: Any, metadata: Any, words: str) -> None:
    with pytest.raises(qbridge.InvalidRequest, match=words):
        cut(items, vectors, metadata)


def test_nothing_is_nothing() -> None:
    assert cut([]) == []


async def test_the_first_error_stops_the_rest() -> None:
    sent: list[int] = []
    chunks = iter([Chunk([str(i)], np.ones((1, 1), np.float32), []) for i in range(100)])

    async def send(index: int, chunk: Chunk) -> int:
        sent.append(index)
        await asyncio.sleep(0)
        if index == 2:
            raise ValueError("broken")
        return 1

    with pytest.raises(ValueError, match="broken"):
        await send_all(chunks, send, lambda rows: None)
    assert len(sent) < 10


async def test_each_chunk_has_a_key_of_its_own_derived_from_the_callers() -> None:
    transport = testing.InMemoryTransport()
    client = testing.aconnect()
    client.transport = transport
    async with client:
        await client.create_collection("c", 2)
        await client.upsert("c", range(1500), np.ones((1500, 2)), idempotency_key="night-7")
    assert [request.idempotency_key for request in transport.requests[1:]] == ["night-7/0", "night-7/1"]


def test_a_bar_is_drawn_on_a_terminal_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, drawn in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        report = reporter(True, "books")
        report(5, 10)
        report(10, 10)
        assert ("books [" in stream.getvalue()) is drawn
        assert stream.getvalue().endswith("\n") is drawn
