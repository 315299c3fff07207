"""The fastest plain gRPC echo: grpc.aio on uvloop with the same messages, the payload handed back, and nothing else."""

from __future__ import annotations

import asyncio
import sys

import grpc.aio
import uvloop

from qbridge_contract.v1 import bridge_pb2, bridge_pb2_grpc, request_pb2


class Echo(bridge_pb2_grpc.BridgeServiceServicer):
    """Answers Call with its own payload."""

    async def Call(self, request, context):  # type: ignore[no-untyped-def]  # noqa: N802 - the RPC's name
        asked = request.request
        return bridge_pb2.CallResponse(
            result=request_pb2.Result(
                request_id=asked.id,
                state=request_pb2.REQUEST_STATE_SUCCEEDED,
                reply=request_pb2.Reply(payload=asked.operation.invoke.payload),
            )
        )


async def main() -> None:
    server = grpc.aio.server()
    bridge_pb2_grpc.add_BridgeServiceServicer_to_server(Echo(), server)
    server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
