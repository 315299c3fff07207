"""What the vector backend keeps: over a restart, over a kill, over a corrupt record and a failing disk."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import apsw
import numpy as np
import pytest

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import (
    BackendState,
    Comparison,
    CreateCollection,
    DeleteCollection,
    DeleteVectors,
    Error,
    ErrorCode,
    Metric,
    Reply,
    UpsertVectors,
)
from qbridge_harness.datasets import DataSet
from qbridge_server.backends.vector import VectorBackend

CHILD_S_MAX = 30.0


@pytest.fixture
async def opened(kit: Any, tmp_path: Path) -> Any:
    """Opens the backend of one folder, again and again; closes the last one."""
    backends: list[VectorBackend] = []

    async def close() -> None:
        while backends:
            await backends.pop().close()

    async def open_(**options: Any) -> Any:
        await close()
        backend = VectorBackend("v", tmp_path / "v", **options)
        await backend.open()
        backends.append(backend)
        return kit.Bench(backend)

    open_.close = close  # type: ignore[attr-defined]
    yield open_
    await close()


async def test_a_second_close_does_nothing(opened: Any) -> None:
    bench = await opened()
    await bench.create("empty", 3)
    await bench.backend.close()
    await bench.backend.close()
    assert await (await opened()).count("empty") == 0


async def test_everything_is_there_after_a_restart(opened: Any, kit: Any, digits: DataSet) -> None:
    bench = await opened()
    await bench.create("digits", 64, Metric.L2)
    await bench.create("empty", 3)
    await bench.upsert("digits", digits.ids, digits.vectors, digits.metadata)
    await bench.upsert("digits", digits.ids[:100], digits.vectors[100:200], digits.metadata[100:200])
    await bench.delete("digits", digits.ids[300:400])
    threes = kit.where("label", Comparison.EQ, 3)
    queries = digits.vectors[::50]
    before = [
        await bench.query("digits", queries, include_metadata=True, include_vectors=True),
        await bench.query("digits", queries, filter=threes),
        await bench.get("digits", digits.ids),
        await bench.count("digits", threes),
    ]
    bench = await opened()
    after = [
        await bench.query("digits", queries, include_metadata=True, include_vectors=True),
        await bench.query("digits", queries, filter=threes),
        await bench.get("digits", digits.ids),
        await bench.count("digits", threes),
    ]
    assert after == before
    assert await bench.count("empty") == 0
    with pytest.raises(AssertionError, match="ALREADY_EXISTS"):
        await bench.create("empty", 3)


async def test_a_killed_process_has_kept_every_write_that_it_answered(opened: Any, tmp_path: Path) -> None:
    program = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from conftest import Bench
from qbridge_server.backends.vector import VectorBackend

async def main():
    backend = VectorBackend("v", Path(sys.argv[1]))
    await backend.open()
    bench = Bench(backend)
    await bench.create("c", 2)
    for number in range(100000):
        await bench.upsert("c", [f"id-{number}"], [[1, number]])
        print(number, flush=True)

asyncio.run(main())
"""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, str(tmp_path / "v"), str(Path(__file__).parent)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    answered = -1
    async with asyncio.timeout(CHILD_S_MAX):
        while answered < 50:
            answered = int(await child.stdout.readline())
        os.kill(child.pid, signal.SIGKILL)
        rest = await child.stdout.read()
        await child.wait()
    answered = int(rest.split()[-1]) if rest.split() and rest.endswith(b"\n") else answered
    bench = await opened()
    wanted = [f"id-{number}" for number in range(answered + 1)]
    assert (await bench.get("c", wanted)).ids == wanted


async def test_a_folder_has_one_owner_and_the_second_is_told_so(opened: Any, tmp_path: Path) -> None:
    await opened()
    second = VectorBackend("w", tmp_path / "v")
    with pytest.raises(BridgeError, match="in use by another process") as caught:
        await second.open()
    assert caught.value.code is ErrorCode.FAILED_PRECONDITION
    await second.close()


async def test_a_file_of_another_kind_or_a_newer_program_is_refused(tmp_path: Path) -> None:
    for content, message in [(b"no database" * 100, "is no SQLite file"), (None, "has layout 99")]:
        folder = tmp_path / message
        folder.mkdir()
        path = folder / "vectors.sqlite"
        if content is None:
            with apsw.Connection(str(path)) as connection:
                connection.execute("PRAGMA user_version = 99")
            connection.close()
        else:
            path.write_bytes(content)
        backend = VectorBackend("v", folder)
        with pytest.raises(BridgeError, match=message):
            await backend.open()
        await backend.close()


async def test_a_corrupt_vector_is_reported_and_left_out(opened: Any, tmp_path: Path) -> None:
    bench = await opened()
    await bench.create("c", 2)
    await bench.upsert("c", ["a", "b", "c"], [[1, 0], [1, 1], [0, 1]])
    await opened.close()
    connection = apsw.Connection(str(tmp_path / "v" / "vectors.sqlite"))
    connection.execute("UPDATE vector SET numbers = zeroblob(8) WHERE id = 'b'")
    connection.close()
    bench = await opened()
    assert (await bench.get("c", ["a", "b", "c"])).ids == ["a", "c"]
    assert await bench.backend.probe() == (BackendState.READY, "1 collections; 1 vectors failed their checksum")
    await bench.upsert("c", ["b"], [[1, 1]])
    assert await bench.count("c") == 3


async def test_after_a_failed_disk_nothing_more_is_written_and_reads_go_on(opened: Any, kit: Any) -> None:
    bench = await opened()
    await bench.create("c", 2)
    await bench.upsert("c", ["a"], [[1, 0]])
    store = bench.backend._writer._store

    class Failing:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def write(self, *_: Any) -> Any:
            raise apsw.IOError("fsync failed")

    bench.backend._writer._store = Failing()
    for _ in range(2):
        error = await bench.error(upsert=UpsertVectors(collection="c", ids=["b"], vectors=kit.f32([[0, 1]])))
        assert error.code is ErrorCode.UNAVAILABLE
        assert "IOError" in error.message
        bench.backend._writer._store = store
    assert (await bench.backend.probe())[0] is BackendState.FAILING
    assert (await bench.query("c", [1, 0])).ids == ["a"]
    bench = await opened()
    assert await bench.count("c") == 1


async def test_a_redelivered_write_answers_as_the_first_time_and_is_not_done_again(opened: Any, kit: Any) -> None:
    async def once(key: str, **kind: Any) -> Reply | Error:
        (outcome,) = await bench.outcomes(bench.entry(effect_key=key, **kind))
        assert isinstance(outcome, (Reply, Error))
        return outcome

    bench = await opened()
    create = {"create_collection": CreateCollection(collection="c", dimension=2)}
    delete = {"delete": DeleteVectors(collection="c", ids=["a", "b"])}
    made = await once("k1", **create)
    await bench.upsert("c", ["a", "b"], [[1, 0], [0, 1]])
    gone = await once("k2", **delete)
    await bench.upsert("c", ["a"], [[1, 0]])
    bench = await opened()
    assert await once("k1", **create) == made
    assert await once("k2", **delete) == gone
    assert await bench.count("c") == 1
    other = await once("k2", delete_collection=DeleteCollection(collection="c"))
    assert isinstance(other, Reply)
    assert kit.counted(other) == 1
    assert isinstance(await once("k3", **create), Reply)


async def test_a_graph_is_kept_over_a_restart_and_a_broken_file_costs_no_answer(
    opened: Any, tmp_path: Path, digits: DataSet
) -> None:
    queries = digits.vectors[::20]
    bench = await opened(exact_elements_max=0)
    await bench.create("c", 64, Metric.L2)
    await bench.upsert("c", digits.ids, digits.vectors)
    assert await bench.backend.graphs_built(60)
    expected = (await bench.query("c", queries)).distances

    bench = await opened(exact_elements_max=0)
    collection = bench.backend._collections["c"]
    assert len(bench.backend._builder.graph(collection)) == 1797
    await bench.delete("c", digits.ids[:900])
    await bench.upsert("c", digits.ids[:900], digits.vectors[:900])
    assert np.allclose((await bench.query("c", queries)).distances, expected)

    await bench.backend.graphs_built(60)
    bench = await opened(exact_elements_max=0)
    (file,) = (tmp_path / "v" / "graphs").glob("*.usearch")
    await opened.close()
    file.write_bytes(b"broken" * 100)
    bench = await opened(exact_elements_max=0)
    assert await bench.backend.graphs_built(60)
    assert np.allclose((await bench.query("c", queries)).distances, expected)
