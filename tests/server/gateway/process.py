"""A backend process, over gRPC, that a test drives by hand."""

from __future__ import annotations

import asyncio

import grpc.aio

from qbridge_contract.v1 import backend_pb2, backend_pb2_grpc, errors_pb2, request_pb2

from .conftest import Doors


class Process:
    """One Execute stream."""

    def __init__(self, doors: Doors, name: str, window: int = 4) -> None:
        self._stream = backend_pb2_grpc.BackendServiceStub(doors.channel).Execute()
        self._attach = backend_pb2.Attach(backend=name, window=window)
        self._name = name

    async def attach(self) -> None:
        await self._stream.write(backend_pb2.ExecuteRequest(attach=self._attach))
        assert (await self._stream.read()).attached.backend.name == self._name

    async def batch(self) -> list[backend_pb2.ExecuteItem]:
        async with asyncio.timeout(10):
            return list((await self._stream.read()).batch.items)

    async def answer(self, item: backend_pb2.ExecuteItem, text: str, epoch: int | None = None) -> None:
        reply = request_pb2.Reply(payload=request_pb2.Payload(text=text))
        result = backend_pb2.ItemResult(
            request_id=item.request_id, epoch=item.epoch if epoch is None else epoch, reply=reply
        )
        await self._stream.write(backend_pb2.ExecuteRequest(results=[result]))

    async def fail(self, item: backend_pb2.ExecuteItem) -> None:
        """Answers with an error after which the request may be tried again."""
        error = errors_pb2.Error(code=errors_pb2.ERROR_CODE_UNAVAILABLE, message="busy")
        result = backend_pb2.ItemResult(request_id=item.request_id, epoch=item.epoch, error=error)
        await self._stream.write(backend_pb2.ExecuteRequest(results=[result]))

    async def leave(self) -> backend_pb2.ExecuteResponse:
        await self._stream.write(backend_pb2.ExecuteRequest(leaving=True))
        async with asyncio.timeout(10):
            response: backend_pb2.ExecuteResponse = await self._stream.read()
            return response

    async def farewell(self) -> bool:
        """Whether the server says farewell, and then ends the stream."""
        said = await self._stream.read()
        return said.HasField("go_away") and await self._stream.read() is grpc.aio.EOF

    def vanish(self) -> None:
        self._stream.cancel()
