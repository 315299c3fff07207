"""What the harness is measured against: the fewest instructions that answer like a deployment, over REST and gRPC.

HTTP/1.1 by hand on uvloop, with answers that were made before; grpc.aio with the bytes of one answer.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import grpc
import grpc.aio
import httptools
import uvloop

from qbridge_contract.v1 import bridge_pb2, platform_pb2, request_pb2

REQUEST = "req_01ARZ3NDEKTSV4RRFFQ69G5FAV"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CAPABILITIES = {"contractVersion": "v1", "product": "echo/1", "profiles": ["core"], "transports": ["rest", "grpc"]}
RESULT = {
    "requestId": REQUEST,
    "state": "REQUEST_STATE_SUCCEEDED",
    "reply": {"payload": {"text": "hello"}},
    "traceId": TRACE,
    "attempts": 1,
}
PAGES = {b"/v1/capabilities": CAPABILITIES, b"/v1/backends": {"backends": []}, b"/v1/call": RESULT}


def _answer(status: bytes, document: Any) -> bytes:
    body = json.dumps(document).encode()
    head = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (status, len(body))
    return head + body


ANSWERS = {path: _answer(b"200 OK", document) for path, document in PAGES.items()}
MISSING = _answer(b"404 Not Found", {})


class Rest(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._url = url.partition(b"?")[0]

    def on_message_complete(self) -> None:
        self._transport.write(ANSWERS.get(self._url, MISSING))


async def main() -> None:
    result = request_pb2.Result(
        request_id=REQUEST, state=request_pb2.REQUEST_STATE_SUCCEEDED, trace_id=TRACE, attempts=1
    )
    result.reply.payload.text = "hello"
    called = bridge_pb2.CallResponse(result=result).SerializeToString()
    capable = platform_pb2.GetCapabilitiesResponse().SerializeToString()

    def answering(data: bytes) -> Any:
        async def answer(_request: bytes, _context: Any) -> bytes:
            return data

        return grpc.unary_unary_rpc_method_handler(answer)

    server = grpc.aio.server()
    services = {"BridgeService": {"Call": called}, "PlatformService": {"GetCapabilities": capable}}
    for service, methods in services.items():
        handlers = {method: answering(data) for method, data in methods.items()}
        handler = grpc.method_handlers_generic_handler(f"qbridge.v1.{service}", handlers)
        server.add_generic_rpc_handlers((handler,))
    server.add_insecure_port(f"127.0.0.1:{sys.argv[2]}")
    await server.start()
    rest = await asyncio.get_running_loop().create_server(Rest, "127.0.0.1", int(sys.argv[1]))
    await rest.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
