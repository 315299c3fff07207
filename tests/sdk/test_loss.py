"""A bridge that is killed and comes back: nothing that was accepted is lost or done twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import qbridge

if TYPE_CHECKING:
    from .conftest import ServerProcess

WAIT_S = 30.0


@pytest.mark.parametrize("door", ["grpc", "rest"])
async def test_calls_ride_over_a_restart(own_server: Callable[..., ServerProcess], tmp_path: Path, door: str) -> None:
    process = own_server("--data", str(tmp_path / "data"))
    async with qbridge.aconnect(getattr(process, door), connect_timeout_s=20.0) as client:
        await client.create_collection("books", 2)
        written: list[int] = []
        under_way = asyncio.Event()

        async def write(worker: int) -> None:
            for i in range(10):
                await client.upsert("books", [f"{worker}-{i}"], [[worker, i]])
                written.append(i)
                if len(written) == 16:
                    under_way.set()

        async with asyncio.timeout(WAIT_S):
            writers = asyncio.gather(*(write(worker + 1) for worker in range(8)))
            await under_way.wait()
            process.kill()
            await asyncio.to_thread(process.start)
            await writers
            assert await client.count("books") == 80


async def test_a_watch_goes_on_behind_the_last_event(own_server: Callable[..., ServerProcess], tmp_path: Path) -> None:
    process = own_server("--data", str(tmp_path / "data"))
    async with qbridge.aconnect(process.grpc, connect_timeout_s=20.0) as client:
        worker, started, go = qbridge.Worker("slow"), asyncio.Event(), asyncio.Event()

        @worker.operation()
        async def wait(task: qbridge.Task) -> str:
            started.set()
            await go.wait()
            return "done"

        stop, ready = asyncio.Event(), asyncio.Event()
        serving = asyncio.ensure_future(client.serve(worker, stop=stop, ready=lambda backend: ready.set()))
        async with asyncio.timeout(WAIT_S):
            await ready.wait()
            accepted = await client.submit("slow", "any", durability="disk")
            await started.wait()
            states: list[str] = []
            async for event in client.watch(accepted.request_id):
                states.append(event.state.name)
                if event.state.name == "RUNNING" and not go.is_set():
                    process.kill()
                    await asyncio.to_thread(process.start)
                    go.set()
            assert states[-1] == "SUCCEEDED"
            assert await client.result(accepted.request_id) == "done"
            stop.set()
            await serving


async def test_a_drained_bridge_answers_what_it_has(own_server: Callable[..., ServerProcess]) -> None:
    process = own_server()
    async with qbridge.aconnect(process.grpc, connect_timeout_s=20.0) as client:
        assert await client.call("echo", "echo", b"x") == b"x"
        assert await asyncio.to_thread(process.stop) == 0
        await asyncio.to_thread(process.start)
        assert await asyncio.wait_for(client.call("echo", "echo", b"y"), WAIT_S) == b"y"
