"""Serving as a backend: on the twin, embedded, and over real gRPC."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import pydantic
import pytest
import pytest_asyncio

import qbridge
from qbridge import testing
from qbridge_contract.structs import Backend, BackendState, QueryVectors, RetryPolicy, VectorMatches

if TYPE_CHECKING:
    from .conftest import ServerProcess

WAIT_S = 20.0
NO_CRASH = RetryPolicy(crashes_max=0)


@pytest_asyncio.fixture(params=["twin", "embedded", "grpc"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[qbridge.AsyncClient]:
    if request.param == "twin":
        made = testing.aconnect()
    elif request.param == "embedded":
        made = qbridge.aconnect()
    else:
        made = qbridge.aconnect(request.getfixturevalue("server").grpc)
    async with made as opened:
        yield opened


@contextlib.asynccontextmanager
async def serving(client: qbridge.AsyncClient, worker: qbridge.Worker) -> AsyncIterator[asyncio.Event]:
    """The worker at work, attached; `stop` ends it, and it must have ended well."""
    stop, ready = asyncio.Event(), asyncio.Event()
    task = asyncio.ensure_future(client.serve(worker, stop=stop, ready=lambda backend: ready.set()))
    waiting = asyncio.ensure_future(ready.wait())
    await asyncio.wait([task, waiting], timeout=WAIT_S, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        await task
    yield stop
    stop.set()
    await asyncio.wait_for(task, WAIT_S)
    await client.unregister(worker.name)


@pytest.fixture
def backend(name: str) -> str:
    return name.lower()


async def test_a_handler_answers_requests(client: qbridge.AsyncClient, backend: str) -> None:
    worker = qbridge.Worker(backend, description="shouts")

    @worker.operation("shout", description="upper case")
    async def shout(task: qbridge.Task) -> str:
        return str(task.payload).upper() + f" {task.attempt} {task.labels['who']}"

    async with serving(client, worker):
        assert await client.call(backend, "shout", "hello", labels={"who": "me"}) == "HELLO 1 me"
        found = await client.backend(backend)
        assert (found.kind, found.state, found.connections) == ("remote", BackendState.READY, 1)
        assert [spec.name for spec in found.operations] == ["invoke:shout"]


async def test_models_go_in_and_out(client: qbridge.AsyncClient, backend: str) -> None:
    class Sum(pydantic.BaseModel):
        terms: list[int]

    class Total(pydantic.BaseModel):
        total: int

    worker = qbridge.Worker(backend)

    @worker.operation("add")
    def add(task: qbridge.Task) -> Total:
        return Total(total=sum(task.model(Sum).terms))

    async with serving(client, worker):
        assert await client.call(backend, "add", Sum(terms=[1, 2, 3]), model=Total) == Total(total=6)
        with pytest.raises(qbridge.InvalidRequest, match="terms"):
            await client.call(backend, "add", {"terms": "many"})


async def test_one_failing_item_never_fails_its_neighbours(client: qbridge.AsyncClient, backend: str) -> None:
    worker = qbridge.Worker(backend)

    @worker.operation()
    async def odd(task: qbridge.Task) -> int:
        if task.payload % 2 == 0:
            raise ValueError(f"{task.payload} is even")
        return int(task.payload)

    async with serving(client, worker):
        calls = [client.call(backend, "any", i) for i in range(10)]
        answers = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), WAIT_S)
    assert answers[1::2] == [1, 3, 5, 7, 9]
    for i, answer in enumerate(answers[0::2]):
        assert isinstance(answer, qbridge.BackendFailed)
        assert f"ValueError: {2 * i} is even" in str(answer)


async def test_a_batch_handler_gets_batches_and_fails_items_alone(client: qbridge.AsyncClient, backend: str) -> None:
    sizes: list[int] = []
    worker = qbridge.Worker(backend, batch_size_max=32, batch_wait_s_max=0.05)

    @worker.operation("double", batch=True)
    async def double(tasks: list[qbridge.Task]) -> list[Any]:
        sizes.append(len(tasks))
        return [ValueError("seven") if task.payload == 7 else task.payload * 2 for task in tasks]

    async with serving(client, worker):
        calls = [client.call(backend, "double", i) for i in range(64)]
        answers = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), WAIT_S)
    assert isinstance(answers.pop(7), qbridge.BackendFailed)
    assert answers == [i * 2 for i in range(64) if i != 7]
    assert sum(sizes) == 64
    assert len(sizes) < 32


async def test_an_error_of_the_contract_goes_back_as_it_is(client: qbridge.AsyncClient, backend: str) -> None:
    worker = qbridge.Worker(backend)

    @worker.operation()
    async def refuse(task: qbridge.Task) -> None:
        raise qbridge.exceptions.invalid("no such page", "page")

    async with serving(client, worker):
        with pytest.raises(qbridge.InvalidRequest, match="no such page"):
            await client.call(backend, "any")


async def test_the_handlers_own_calls_join_the_trace(client: qbridge.AsyncClient, backend: str) -> None:
    worker = qbridge.Worker(backend)

    @worker.operation()
    async def relay(task: qbridge.Task) -> dict[str, str]:
        inner = await client.submit("echo", "echo", "x")
        return {"outer": task.traceparent[3:35], "inner": inner.trace_id, "id": inner.request_id}

    async with serving(client, worker):
        answer = await client.call(backend, "any")
    assert answer["inner"] == answer["outer"]
    assert answer["outer"].strip("0")


async def test_a_typed_operation_is_answered_with_its_struct(client: qbridge.AsyncClient, backend: str) -> None:
    worker = qbridge.Worker(backend)

    @worker.operation("query")
    async def query(task: qbridge.Task) -> VectorMatches:
        assert isinstance(task.payload, QueryVectors)
        return VectorMatches(ids=[task.payload.collection], distances=[0.5], counts=[1])

    async with serving(client, worker):
        assert (await client.query("books", [1.0], backend=backend)).ids == ["books"]


async def test_a_stopped_worker_finishes_what_it_has(client: qbridge.AsyncClient, backend: str) -> None:
    started, go = asyncio.Event(), asyncio.Event()
    worker = qbridge.Worker(backend)

    @worker.operation()
    async def slow(task: qbridge.Task) -> str:
        started.set()
        await go.wait()
        return "done"

    async with serving(client, worker) as stop:
        calling = asyncio.ensure_future(client.call(backend, "any"))
        await asyncio.wait_for(started.wait(), WAIT_S)
        stop.set()
        go.set()
        assert await asyncio.wait_for(calling, WAIT_S) == "done"


async def test_each_process_that_serves_a_name_adds_its_window(client: qbridge.AsyncClient, backend: str) -> None:
    both = asyncio.Barrier(2)

    def worker() -> qbridge.Worker:
        made = qbridge.Worker(backend, batch_size_max=1)

        @made.operation()
        async def meet(task: qbridge.Task) -> str:
            await both.wait()
            return "met"

        return made

    async with serving(client, worker()):
        stop, ready = asyncio.Event(), asyncio.Event()
        second = asyncio.ensure_future(client.serve(worker(), stop=stop, ready=lambda backend: ready.set()))
        async with asyncio.timeout(WAIT_S):
            await ready.wait()
            assert await asyncio.gather(*(client.call(backend, "any") for _ in range(2))) == ["met", "met"]
            stop.set()
            await second


async def test_stopping_under_load_costs_no_attempt(server: ServerProcess, backend: str) -> None:
    """Workers come and go; requests that may not be lost even once are all answered, each handled once."""
    handled: list[str] = []
    async with qbridge.aconnect(server.grpc) as caller, asyncio.timeout(WAIT_S):
        calls: list[asyncio.Task[Any]] = []
        for generation in range(6):
            async with qbridge.aconnect(server.grpc) as process:
                served, worker = Countdown(30), qbridge.Worker(backend, batch_size_max=4, window=3)

                @worker.operation()
                async def relay(task: qbridge.Task, served: Countdown = served) -> str:
                    handled.append(task.request_id)
                    await caller.call("echo", "echo", "x")
                    served.one()
                    return task.request_id

                stop, attached = asyncio.Event(), asyncio.Queue[Backend]()
                at_work = asyncio.ensure_future(process.serve(worker, stop=stop, ready=attached.put_nowait))
                await attached.get()
                if not generation:
                    calls = [asyncio.create_task(caller.call(backend, "any", retry=NO_CRASH)) for _ in range(600)]
                await served.out.wait()
                stop.set()
                await at_work
            assert not any(each.done() and each.exception() for each in calls)
        async with serving(caller, worker):
            assert sorted(await asyncio.gather(*calls)) == sorted(handled)
    assert len(set(handled)) == 600


class Countdown:
    """`out` is set when `one` has been called so many times."""

    def __init__(self, count: int) -> None:
        self.out = asyncio.Event()
        self._left = count

    def one(self) -> None:
        self._left -= 1
        if self._left <= 0:
            self.out.set()


async def test_a_worker_without_operations_says_what_to_mark(client: qbridge.AsyncClient) -> None:
    with pytest.raises(qbridge.InvalidRequest, match=r"@worker\.operation"):
        await client.serve(qbridge.Worker("empty"))


async def test_serving_over_rest_says_to_use_grpc(server: ServerProcess) -> None:
    async with qbridge.aconnect(server.rest) as client:
        with pytest.raises(qbridge.Unsupported, match="grpc://"):
            await client.serve("over-rest", lambda task: None)


async def test_a_name_and_a_handler_are_enough(client: qbridge.AsyncClient, backend: str) -> None:
    attached: asyncio.Queue[Backend] = asyncio.Queue()
    stop = asyncio.Event()
    task = asyncio.ensure_future(
        client.serve(backend, lambda task: task.payload[::-1], stop=stop, ready=attached.put_nowait)
    )
    await asyncio.wait_for(attached.get(), WAIT_S)
    assert await client.call(backend, "reverse", "abc") == "cba"
    stop.set()
    await asyncio.wait_for(task, WAIT_S)


async def test_a_worker_comes_back_after_its_bridge_was_killed(own_server: Callable[..., ServerProcess]) -> None:
    process = own_server()
    attached: asyncio.Queue[Backend] = asyncio.Queue()
    stop = asyncio.Event()
    async with qbridge.aconnect(process.grpc) as client:
        task = asyncio.ensure_future(
            client.serve("phoenix", lambda task: os.getpid(), stop=stop, ready=attached.put_nowait)
        )
        await asyncio.wait_for(attached.get(), WAIT_S)
        assert await client.call("phoenix", "any") == os.getpid()
        process.kill()
        process.start()
        await asyncio.wait_for(attached.get(), WAIT_S)
        assert await client.call("phoenix", "any") == os.getpid()
        stop.set()
        await asyncio.wait_for(task, WAIT_S)
