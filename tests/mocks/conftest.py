"""A wire to a mock: plain httpx, grpc.aio and websockets, so that neither side knows the other's code."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import httpx
import pytest

import qbridge_mocks
from qbridge_contract.v1 import backend_pb2, backend_pb2_grpc, bridge_pb2_grpc, platform_pb2_grpc

WAIT_S = 5.0


class Worker:
    """A backend process of the test's own, on Execute over gRPC."""

    def __init__(self, call: Any) -> None:
        self.call = call

    async def batch(self, timeout_s: float = WAIT_S) -> list[backend_pb2.ExecuteItem]:
        """The items of the next batch; none within the time is a failure."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    response = await self.call.read()
                    assert response is not grpc.aio.EOF, "the stream ended"
                    if response.WhichOneof("kind") == "batch":
                        return list(response.batch.items)
        except TimeoutError:
            raise AssertionError(f"no batch came within {timeout_s} s") from None

    async def answer(self, item: backend_pb2.ExecuteItem, text: str, *, epoch: int | None = None) -> None:
        """A reply to an item."""
        result = backend_pb2.ItemResult(request_id=item.request_id, epoch=item.epoch if epoch is None else epoch)
        result.reply.payload.text = text
        await self.call.write(backend_pb2.ExecuteRequest(results=[result]))

    async def fail(self, item: backend_pb2.ExecuteItem, message: str, *, retryable: bool = False) -> None:
        """An error for an item."""
        result = backend_pb2.ItemResult(request_id=item.request_id, epoch=item.epoch)
        result.error.message = message
        result.error.retryable = retryable
        await self.call.write(backend_pb2.ExecuteRequest(results=[result]))

    def leave(self) -> None:
        """Goes away without a word."""
        self.call.cancel()


@dataclass
class Wire:
    """One client of one mock."""

    http: httpx.AsyncClient
    channel: grpc.aio.Channel
    websocket_url: str

    @property
    def bridge(self) -> bridge_pb2_grpc.BridgeServiceStub:
        return bridge_pb2_grpc.BridgeServiceStub(self.channel)

    @property
    def backends(self) -> backend_pb2_grpc.BackendServiceStub:
        return backend_pb2_grpc.BackendServiceStub(self.channel)

    @property
    def platform(self) -> platform_pb2_grpc.PlatformServiceStub:
        return platform_pb2_grpc.PlatformServiceStub(self.channel)

    async def call(self, operation: dict[str, Any], **more: Any) -> httpx.Response:
        """POST /v1/call."""
        headers = more.pop("headers", None)
        return await self.http.post("/v1/call", json={"operation": operation, **more}, headers=headers)

    async def submit(self, operation: dict[str, Any], **more: Any) -> str:
        """POST /v1/requests; the request's id."""
        answer = await self.http.post("/v1/requests", json={"operation": operation, **more})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["requestId"])

    async def record(self, request_id: str, wait_s: float = 0) -> dict[str, Any]:
        """GET /v1/requests/ID."""
        answer = await self.http.get(f"/v1/requests/{request_id}", params={"waitS": wait_s})
        assert answer.status_code == 200, answer.text
        record: dict[str, Any] = answer.json()
        return record

    async def events(self, request_id: str, last_event_id: str = "") -> list[dict[str, Any]]:
        """The server-sent events of a request, each with its "id", "event" and "data"."""
        headers = {"last-event-id": last_event_id} if last_event_id else {}
        answer = await self.http.get(f"/v1/requests/{request_id}/events", headers=headers)
        assert answer.status_code == 200, answer.text
        found = []
        for block in answer.text.strip().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if line)
            if fields:
                found.append({**fields, "data": json.loads(fields["data"])})
        return found

    async def register(self, name: str) -> None:
        """Registers a remote backend."""
        answer = await self.http.post("/v1/backends", json={"name": name, "kind": "remote"})
        assert answer.status_code == 201, answer.text

    @asynccontextmanager
    async def worker(self, backend: str, window: int = 1) -> AsyncIterator[Worker]:
        """A process that serves the backend."""
        call = self.backends.Execute()
        try:
            await call.write(backend_pb2.ExecuteRequest(attach=backend_pb2.Attach(backend=backend, window=window)))
            async with asyncio.timeout(WAIT_S):
                first = await call.read()
            assert first.WhichOneof("kind") == "attached"
            yield Worker(call)
        finally:
            call.cancel()


KEEPALIVE = httpx.Limits(keepalive_expiry=1)
"""Well below the mock's own 5 s: a request never meets the end of an idle connection."""


@asynccontextmanager
async def open_wire(name: str, **options: Any) -> AsyncIterator[Wire]:
    """Starts a mock and connects to it."""
    async with await qbridge_mocks.start(name, **options) as running:
        key = options.get("key", "")
        headers = {"authorization": f"Bearer {key}"} if key else {}
        async with (
            httpx.AsyncClient(base_url=running.rest, headers=headers, timeout=4 * WAIT_S, limits=KEEPALIVE) as http,
            grpc.aio.insecure_channel(running.grpc) as channel,
        ):
            yield Wire(http, channel, running.rest.replace("http://", "ws://"))


OpenWire = Callable[..., AbstractAsyncContextManager[Wire]]


@pytest.fixture(name="open_wire")
def _open_wire() -> OpenWire:
    """Opens wires to mocks by name."""
    return open_wire


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """A wire to the conforming mock."""
    async with open_wire("conforming") as opened:
        yield opened


def echo(text: str = "hello") -> dict[str, Any]:
    """A generic operation that the echo backend answers."""
    return {"invoke": {"name": "echo", "payload": {"text": text}}}
