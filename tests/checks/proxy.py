"""A proxy that damages answers: what stands between a right server and a check that must go red."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOP_BY_HOP = {"connection", "content-length", "host", "keep-alive", "transfer-encoding"}


@dataclass
class Exchange:
    """A request and, once it has been answered, its answer; a damage changes either."""

    method: str
    path: str
    sent: dict[str, str]
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


Damage = Callable[[Exchange], None]


def intact(_exchange: Exchange) -> None:
    """No damage."""


@contextlib.contextmanager
def damaged(target: str, answers: Damage, requests: Damage = intact) -> Iterator[str]:
    """Serves `target` on a free port; `requests` runs before each request goes on, `answers` before its answer does."""
    host = urlsplit(target).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each answer waits 40 ms for the caller's acknowledgement

        def forward(self) -> None:
            sent = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            exchange = Exchange(self.command, self.path, sent)
            requests(exchange)
            upstream = http.client.HTTPConnection(host, timeout=20)
            with contextlib.closing(upstream):
                upstream.request(exchange.method, exchange.path, body, exchange.sent)
                answer = upstream.getresponse()
                exchange.status, exchange.body = answer.status, answer.read()
                exchange.headers = {k.lower(): v for k, v in answer.getheaders() if k.lower() not in HOP_BY_HOP}
            answers(exchange)
            self.send_response(exchange.status)
            for name, value in exchange.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(exchange.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(exchange.body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = do_TRACE = do_QUERY = forward  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing: the tool's report has every exchange."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
