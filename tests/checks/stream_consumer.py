"""What the SDK relies on in the messages of streams, written down as a message pact by the SDK itself.

Each message is played to the public client by a bridge that says nothing else, over gRPC; the client must make of it
what the interaction says. `python -m tests.checks.stream_consumer` writes the pact; a test holds the file to the SDK.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import json_format
from pact import Pact, match

import qbridge
from qbridge.worker import Task, Worker
from qbridge_contract.v1 import backend_pb2, backend_pb2_grpc, bridge_pb2, bridge_pb2_grpc
from qbridge_harness.contract_checks.places import MESSAGE_PACT, pacts_folder
from tests.checks.consumer import ABSENT, DONE, ECHOES, HAS_SUCCEEDED, MISSING, State, request_id, text_of

BOUND_S = 10.0
NEW, ANSWERED, REFUSED = (f"req_000000000000000000000002{number:02}" for number in (1, 2, 3))
"""Each interaction has its own: what came before must not answer it."""
TIME = match.regex("2026-01-01T00:00:00Z", regex=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
CREDIT = bridge_pb2.SessionResponse(credit=bridge_pb2.Credit(items=16))

Use = Callable[[qbridge.AsyncClient], Awaitable[None]]


class Bridge(bridge_pb2_grpc.BridgeServiceServicer, backend_pb2_grpc.BackendServiceServicer):
    """Plays one message where the conversation has its place; the rest is the least that a bridge must say."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.results: list[backend_pb2.ItemResult] = []

    def message(self, kind: Any, request_id: str = "") -> Any:
        """The message, of a type; the client's own request id stands where the pact has its example."""
        text = json.dumps(self.document)
        for example in (NEW, ANSWERED, REFUSED) if request_id else ():
            text = text.replace(example, request_id)
        return json_format.Parse(text, kind())

    async def Session(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:  # noqa: N802
        first = "credit" in self.document
        yield self.message(bridge_pb2.SessionResponse) if first else CREDIT
        async for frame in requests:
            for submit in frame.submits:
                if not first:
                    yield self.message(bridge_pb2.SessionResponse, submit.id)
                    continue
                accepted = {"requestId": submit.id, "durability": "DURABILITY_MEMORY"}
                yield json_format.ParseDict({"accepted": [accepted]}, bridge_pb2.SessionResponse())

    async def Watch(self, request: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802
        yield self.message(bridge_pb2.WatchResponse)

    async def Register(self, request: Any, context: Any) -> Any:  # noqa: N802
        return backend_pb2.RegisterResponse(backend=request.backend)

    async def Execute(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:  # noqa: N802
        async for message in requests:
            if message.HasField("attach"):
                held = "attached" in self.document
                attached = {"attached": {"backend": {"name": message.attach.backend}}}
                yield json_format.ParseDict(self.document if held else attached, backend_pb2.ExecuteResponse())
                if "batch" in self.document:
                    yield self.message(backend_pb2.ExecuteResponse)
            self.results += message.results
            if message.leaving:
                let_go = self.document if "goAway" in self.document else {"goAway": {}}
                yield json_format.ParseDict(let_go, backend_pb2.ExecuteResponse())


class Book:
    """The messages of the pact, each with what the SDK makes of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, text: str, state: State | None, message: dict[str, Any], use: Callable[[Bridge], Use]) -> None:
        """Plays a message to the SDK; where the SDK takes it, it is written into the pact."""
        pact = Pact("qbridge-sdk-streams", "qbridge").with_specification("V4")
        interaction = pact.upon_receiving(text, "Async")
        if state is not None:
            interaction = interaction.given(*state)
        interaction.with_body(message, "application/json")

        def handler(body: str | bytes | None, _: dict[str, Any]) -> None:
            bridge = Bridge(json.loads(body or "{}"))
            asyncio.run(played(bridge, use(bridge)))

        pact.verify(handler, "Async")
        pact.write_file(self._folder)


async def played(bridge: Bridge, use: Use) -> None:
    """Serves the bridge to a client on a free port of loopback. Raises where the client made something else of it."""
    server = grpc.aio.server()
    bridge_pb2_grpc.add_BridgeServiceServicer_to_server(bridge, server)
    backend_pb2_grpc.add_BackendServiceServicer_to_server(bridge, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with asyncio.timeout(BOUND_S), qbridge.aconnect(f"grpc://127.0.0.1:{port}") as client:
            await use(client)
    finally:
        await server.stop(None)


def write(book: Book) -> None:
    """Every message."""
    credit = {"credit": {"items": match.integer(16)}}
    book.add("the first frame of a session", None, credit, lambda _: submits)
    accepted = {"requestId": request_id(NEW), "durability": match.regex("DURABILITY_DISK", regex="^DURABILITY_[A-Z]+$")}
    new: State = (ECHOES[0], {"id": NEW, "backend": "echo"})
    answered: State = (ECHOES[0], {"id": ANSWERED, "backend": "echo"})
    book.add("a session accepts a request", new, {"accepted": [accepted]}, lambda _: submits)
    result = {
        "requestId": request_id(ANSWERED),
        "state": "REQUEST_STATE_SUCCEEDED",
        "reply": {"payload": {"text": "hello"}},
    }
    book.add("a session answers a request", answered, {"results": [result]}, lambda _: is_answered)
    error = {"code": "ERROR_CODE_NOT_FOUND", "message": match.like("There is no such backend.")}
    refused = {"requestId": request_id(REFUSED), "state": "REQUEST_STATE_REJECTED", "error": error}
    nobody: State = ("no backend has the name", {"id": REFUSED, "backend": "nobody"})
    book.add("a session refuses a request", nobody, {"results": [refused]}, lambda _: is_refused)
    begins = {"requestId": request_id(), "state": match.regex("REQUEST_STATE_QUEUED", regex="^REQUEST_STATE_[A-Z_]+$")}
    event = begins | {"sequence": 1, "at": TIME}
    book.add("a watch begins", HAS_SUCCEEDED, {"event": event}, lambda _: sees("sequence", 1))
    ends = {"requestId": request_id(), "sequence": match.integer(4), "state": "REQUEST_STATE_SUCCEEDED", "at": TIME}
    final = {"requestId": request_id(), "state": "REQUEST_STATE_SUCCEEDED", "reply": {"payload": {"text": "hello"}}}
    book.add("a watch ends with the result", HAS_SUCCEEDED, {"event": ends | {"result": final}}, lambda _: sees_the_end)
    own: State = ("a backend is registered", {"backend": ABSENT, "id": MISSING})
    attached = {"attached": {"backend": {"name": match.regex(ABSENT, regex="^[a-z0-9._-]+$")}}}
    book.add("an attachment holds", own, attached, lambda _: serves)
    item = {
        "requestId": request_id(MISSING),
        "epoch": match.regex("7", regex="^[1-9][0-9]*$"),
        "operation": {"invoke": {"name": "echo", "payload": {"text": "hello"}}},
        "attempt": match.integer(1),
        "effectKey": match.regex("key", regex="^.+$"),
    }
    book.add("a batch comes", own, {"batch": {"items": [item]}}, works_off)
    book.add("a worker that leaves is let go", own, {"goAway": match.like({})}, lambda _: serves)


# ---------------------------------------------------------------- what the SDK makes of each


async def submits(client: qbridge.AsyncClient) -> None:
    """Nothing is sent before the credit, and the call ends with Accepted."""
    assert (await client.submit("echo", "echo", "hello")).request_id.startswith("req_")


async def is_answered(client: qbridge.AsyncClient) -> None:
    assert await client.call("echo", "echo", "hello") == "hello"


async def is_refused(client: qbridge.AsyncClient) -> None:
    try:
        await client.call("nobody", "echo", "hello")
    except qbridge.NotFound:
        return
    raise AssertionError("the SDK did not raise NotFound")


def sees(name: str, value: object) -> Use:
    """The first event has a value."""

    async def use(client: qbridge.AsyncClient) -> None:
        async for event in client.watch(DONE):
            assert getattr(event, name) == value
            return
        raise AssertionError("the SDK saw no event")

    return use


async def sees_the_end(client: qbridge.AsyncClient) -> None:
    """The watch ends by itself behind the final event."""
    events = [event async for event in client.watch(DONE)]
    assert events[-1].result is not None
    assert events[-1].result.reply is not None


async def serves(client: qbridge.AsyncClient) -> None:
    """A worker is ready once it is attached, and ends in order once it is stopped and let go."""
    await _working(client, lambda _: True)


def works_off(bridge: Bridge) -> Use:
    """The worker answers the item, under its id and epoch."""

    async def use(client: qbridge.AsyncClient) -> None:
        await _working(client, lambda done: bool(done))
        assert [(each.request_id, each.epoch) for each in bridge.results] == [(MISSING, 7)]
        assert bridge.results[0].reply.payload.text == "hello"

    return use


async def _working(client: qbridge.AsyncClient, enough: Callable[[list[str]], bool]) -> None:
    worker, stop, done = Worker(ABSENT), asyncio.Event(), list[str]()
    ready = asyncio.Event()

    @worker.operation("echo")
    async def echo(task: Task) -> Any:
        done.append(task.request_id)
        ready.set()
        return task.payload

    def attached(_: object) -> None:
        if enough(done):
            ready.set()

    serving = asyncio.create_task(worker.serve(client, stop=stop, ready=attached))
    await ready.wait()
    stop.set()
    await serving


def exercise() -> dict[str, Any]:
    """Plays every message to the SDK; answers the pact. Raises where the SDK made something else of one."""
    with tempfile.TemporaryDirectory() as folder:
        write(Book(Path(folder)))
        pact: dict[str, Any] = json.loads(next(Path(folder).iterdir()).read_text())
    pact["metadata"] = {"pactSpecification": pact["metadata"]["pactSpecification"]}
    pact["interactions"].sort(key=lambda each: str(each["description"]))
    return pact


if __name__ == "__main__":
    (pacts_folder() / MESSAGE_PACT).write_text(text_of(exercise()))
