"""Run by test_new_rpc: the reference server with one method more, called over gRPC and over REST.

The contract on its path is the one generated from a changed copy of the protos. What is written by hand
for the new RPC is the method `greet`, and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import grpc.aio
import httpx

from qbridge_contract import convert, services, structs
from qbridge_server.config import ServerConfig
from qbridge_server.gateway.bridge import BridgeApplication
from qbridge_server.serve import Server

contract: Any = structs  # Typed loosely: the type checker reads the contract without the new RPC.
RPC: Any = getattr(services, "BRIDGE_GREET")  # noqa: B009 - likewise


async def greet(self: Any, context: Any, request: Any) -> Any:
    """The application's one new method: greets by name, as often as asked."""
    return contract.GreetResponse(greeting=f"Hello, {request.name}! " * (request.times or 1))


async def over_grpc(address: str, name: str, times: int) -> str:
    """The greeting, or the name of the status."""
    request = convert.to_pb(RPC.request(name=name, times=times))
    answer = convert.PB[RPC.response]
    async with grpc.aio.insecure_channel(address) as channel:
        call: Any = channel.unary_unary(
            RPC.path, request_serializer=type(request).SerializeToString, response_deserializer=answer.FromString
        )
        try:
            return str((await call(request, timeout=10)).greeting)
        except grpc.aio.AioRpcError as error:
            return error.code().name


async def over_rest(address: str, name: str, times: int) -> str:
    """The greeting, or the code of the problem document."""
    async with httpx.AsyncClient(base_url=address, timeout=10, trust_env=False) as client:
        response = await client.post(f"/v1/greetings/{name}:send", json={"times": times})
    members = response.json()
    return str(members if isinstance(members, str) else members.get("greeting", members.get("code")))


async def main() -> None:
    """Prints what each door answers to a good and to a bad request."""
    BridgeApplication.greet = greet  # type: ignore[attr-defined]
    server = Server(ServerConfig(grpc="127.0.0.1:0", rest="127.0.0.1:0"))
    addresses = await server.start()
    try:
        answers = {
            "grpc": [await over_grpc(addresses.grpc, "Ada", times) for times in (2, 99)],
            "rest": [await over_rest(addresses.rest, "Ada", times) for times in (2, 99)],
        }
    finally:
        await server.stop()
    sys.stdout.write(json.dumps(answers) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
