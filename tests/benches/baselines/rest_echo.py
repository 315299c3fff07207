"""The fastest plain REST echo: Starlette and msgspec on uvicorn with uvloop and httptools, and nothing else."""

from __future__ import annotations

import sys

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

HEADERS = [(b"content-type", b"application/json")]
decode, encode = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode


class Echo:
    """Reads a JSON body and writes it back, as a bare ASGI application."""

    async def __call__(self, _scope, receive, send):  # type: ignore[no-untyped-def]
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        answer = encode(decode(body))
        headers = [*HEADERS, (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


if __name__ == "__main__":
    app = Starlette(routes=[Route("/v1/call", Echo(), methods=["POST"])])
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        date_header=False,
        proxy_headers=False,
    )
