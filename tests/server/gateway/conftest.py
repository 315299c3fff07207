"""A server on free ports, and a caller for each of its doors."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest
from google.protobuf import json_format
from google.rpc import status_pb2
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from qbridge_contract.v1 import bridge_pb2, bridge_pb2_grpc, errors_pb2, request_pb2
from qbridge_server.config import ServerConfig
from qbridge_server.serve import Server


@dataclass
class Answer:
    """What a door answered: a result, or an error by its code."""

    result: Any
    code: str = ""
    detail: str = ""
    status: int | str = 0


class Doors:
    """One server and its three ways to call."""

    def __init__(self, server: Server, key: str = "") -> None:
        self.server = server
        self.key = key
        self._others: list[Doors] = []
        self.http = httpx.AsyncClient(base_url=server.addresses.rest, headers=self.headers, timeout=20)
        self.channel = grpc.aio.insecure_channel(server.addresses.grpc)
        self.bridge = bridge_pb2_grpc.BridgeServiceStub(self.channel)

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"} if self.key else {}

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        return tuple(self.headers.items())

    async def call(self, door: str, request: dict[str, Any]) -> Answer:
        """Calls at the named door: rest, grpc or websocket."""
        return await {"rest": self.rest, "grpc": self.grpc, "websocket": self.websocket}[door](request)

    async def rest(self, request: dict[str, Any]) -> Answer:
        return self._http_answer(await self.http.post("/v1/call", json=request))

    @staticmethod
    def _http_answer(response: httpx.Response) -> Answer:
        body = response.json()
        if response.is_success:
            return Answer(body, status=response.status_code)
        assert response.headers["content-type"] == "application/problem+json"
        return Answer(None, body["code"], body["detail"], response.status_code)

    async def grpc(self, request: dict[str, Any]) -> Answer:
        message = json_format.ParseDict({"request": request}, bridge_pb2.CallRequest())
        try:
            response = await self.bridge.Call(message, metadata=self.metadata, timeout=20)
        except grpc.aio.AioRpcError as error:
            return grpc_answer(error)
        return Answer(json_format.MessageToDict(response.result), status="OK")

    async def websocket(self, request: dict[str, Any]) -> Answer:
        request = {"id": new_request_id(), **request}
        async with self.session() as socket:
            with contextlib.suppress(ConnectionClosed):
                await socket.send(json.dumps({"submits": [request]}))
            async for text in socket:
                frame = json.loads(text)
                if "error" in frame:
                    return Answer(None, frame["error"]["code"], frame["error"]["detail"])
                for result in frame.get("results", ()):
                    if "error" in result:
                        code = result["error"]["code"].removeprefix("ERROR_CODE_")
                        return Answer(None, code, result["error"].get("message", ""))
                    return Answer(result)
        raise AssertionError("the session ended without a result")

    @contextlib.asynccontextmanager
    async def session(self, path: str = "/v1/session") -> AsyncIterator[Any]:
        address = self.server.addresses.rest.replace("http", "ws", 1)
        async with connect(address + path, additional_headers=self.headers) as socket:
            yield socket

    def as_caller(self, key: str) -> Doors:
        """The same doors for another caller; closed with these."""
        self._others.append(Doors(self.server, key))
        return self._others[-1]

    async def close(self) -> None:
        for other in self._others:
            await other.close()
        await self.http.aclose()
        await self.channel.close()


def grpc_answer(error: grpc.aio.AioRpcError) -> Answer:
    """The error in the details of a gRPC status, which must be there."""
    details = next(value for key, value in error.trailing_metadata() if key == "grpc-status-details-bin")
    status = status_pb2.Status.FromString(details)
    ours = errors_pb2.Error()
    assert any(each.Unpack(ours) for each in status.details if each.Is(errors_pb2.Error.DESCRIPTOR))
    code = errors_pb2.ErrorCode.Name(ours.code).removeprefix("ERROR_CODE_")
    return Answer(None, code, ours.message, error.code().name)


_counter = iter(range(1, 10**9))


def new_request_id() -> str:
    """A request id that no other test uses."""
    return f"req_{next(_counter):026}"


def echo(payload: Any = "hello", **more: Any) -> dict[str, Any]:
    """A call of the echo backend."""
    operation = {"invoke": {"name": "echo", "payload": {"json": payload}}}
    return {"backend": "echo", "durability": "DURABILITY_MEMORY", "operation": operation, **more}


def invoke(name: str, backend: str = "", **more: Any) -> dict[str, Any]:
    """A call of a generic operation."""
    request: dict[str, Any] = {"operation": {"invoke": {"name": name, "payload": {"text": "go"}}}, **more}
    if backend:
        request["backend"] = backend
    return request


def submitted(request: dict[str, Any]) -> Any:
    """A request as a protobuf message."""
    return json_format.ParseDict(request, request_pb2.InternalRequest())


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Starts servers; `await serve(**settings)` answers its Doors."""
    open_doors: list[Doors] = []

    async def start(key: str = "", **settings: Any) -> Doors:
        config = ServerConfig.model_validate({"grpc": "127.0.0.1:0", "rest": "127.0.0.1:0", **settings})
        server = Server(config)
        await server.start()
        open_doors.append(Doors(server, key))
        return open_doors[-1]

    yield start
    for doors in open_doors:
        await doors.close()
        await doors.server.stop()


@pytest.fixture
async def doors(serve: Callable[..., Any]) -> Doors:
    """A server in memory."""
    doors: Doors = await serve()
    return doors
