"""Load for the benches: clients as cheap as we can make them, so that the server is what is measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import grpc.aio

from qbridge_contract.v1 import bridge_pb2, bridge_pb2_grpc, request_pb2

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
BODY = (
    b'{"backend":"echo","durability":"DURABILITY_MEMORY","operation":{"invoke":{"name":"noop","payload":{"data":"'
    + (b"cXVpY2sgYnJvd24gZm94" * 6)
    + b'"}}}}'
)


def call_request() -> bridge_pb2.CallRequest:
    """A memory request for the no-op, with a payload of 90 bytes."""
    return bridge_pb2.CallRequest(
        request=request_pb2.InternalRequest(
            backend="echo",
            durability=request_pb2.DURABILITY_MEMORY,
            operation=request_pb2.Operation(
                invoke=request_pb2.Invoke(name="noop", payload=request_pb2.Payload(data=b"quick brown fox" * 6))
            ),
        )
    )


async def rest(port: int, key: str, requests: int, connections: int) -> None:
    """`requests` POSTs of BODY to /v1/call over keep-alive connections."""
    head = (
        f"POST /v1/call HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {key}\r\ntraceparent: {TRACEPARENT}\r\ncontent-length: {len(BODY)}\r\n\r\n"
    ).encode()
    message = head + BODY

    async def one(count: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(count):
            writer.write(message)
            answer = await reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(answer.decode())
            length = answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
            await reader.readexactly(int(length))
        writer.close()

    await asyncio.gather(*(one(requests // connections) for _ in range(connections)))


async def unary(port: int, key: str, requests: int, coroutines: int) -> float:
    """`requests` unary Calls from `coroutines`; answers the seconds that they took."""
    metadata = (("authorization", f"Bearer {key}"), ("traceparent", TRACEPARENT))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = bridge_pb2_grpc.BridgeServiceStub(channel).Call

        async def one(count: int) -> None:
            for _ in range(count):
                await call(call_request(), metadata=metadata)

        await one(1)
        started = time.perf_counter()
        await asyncio.gather(*(one(requests // coroutines) for _ in range(coroutines)))
        return time.perf_counter() - started


async def in_flight(work: Callable[[], Awaitable[object]], requests: int, coroutines: int) -> tuple[float, list[float]]:
    """`requests` of `work` from `coroutines`; (seconds in all, seconds of each)."""
    times: list[float] = []

    async def one(count: int) -> None:
        for _ in range(count):
            began = time.perf_counter()
            await work()
            times.append(time.perf_counter() - began)

    started = time.perf_counter()
    await asyncio.gather(*(one(requests // coroutines) for _ in range(coroutines)))
    return time.perf_counter() - started, times
