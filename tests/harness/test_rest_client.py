"""The harness's REST client on answers that a healthy deployment does not give, over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import uvicorn

from qbridge_harness.clients import pool as pools
from qbridge_harness.clients.http1 import Address, Fault
from qbridge_harness.clients.pool import KEEPALIVE_S, Pool
from qbridge_harness.clients.rest import RestClient
from qbridge_harness.clients.target import Target, TooLarge, Unreachable

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
Say = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """Speaks as a test says, and remembers the connections and the heads of the requests."""

    url: str = ""
    connections: int = 0
    heads: list[str] = field(default_factory=list)


@asynccontextmanager
async def speaking(say: bytes | Say) -> AsyncIterator[Server]:
    """A server that answers each request with these bytes, or by this function."""
    known = Server()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        known.connections += 1
        try:
            while True:
                known.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
                if isinstance(say, bytes):
                    writer.write(say)
                else:
                    await say(reader, writer)
                if writer.is_closing():
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        known.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield known


@asynccontextmanager
async def client_of(server: Server) -> AsyncIterator[RestClient]:
    client = RestClient(Target(server.url, "", ""))
    try:
        async with asyncio.timeout(20):
            yield client
    finally:
        await client.close()


def then_end(data: bytes) -> Say:
    """Says this and closes the connection."""

    async def say(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.close()

    return say


async def reset(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


FAULTS: dict[str, tuple[bytes | Say, str]] = {
    "closes": (then_end(b""), "the server closed the connection without an answer"),
    "resets": (reset, "the server closed the connection without an answer"),
    "cut in the head": (then_end(b"HTTP/1.1 200 OK\r\ncont"), "the server closed the connection without an answer"),
    "lies": (then_end(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort"), "in the middle of its answer"),
    "cut chunks": (then_end(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab"), "in the middle of its"),
    "another protocol": (b"220 mail.example ESMTP\r\n", "what came is no HTTP/1.1"),
    "two lengths": (b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", "no HTTP/1.1"),
    "upgrade": (b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", "another protocol"),
    "no gzip": (b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nab", "cannot be unpacked"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_broken_answer_is_named(fault: str) -> None:
    say, words = FAULTS[fault]
    async with speaking(say) as server, client_of(server) as client:
        with pytest.raises(Unreachable, match=f"POST {server.url}/v1/backends: .*{words}"):
            await client.send("POST", "/v1/backends")


async def test_nobody_at_the_address_is_named() -> None:
    client = RestClient(Target("http://127.0.0.1:9", "", ""))
    with pytest.raises(Unreachable, match=r"GET http://127\.0\.0\.1:9/x: .*127\.0\.0\.1"):
        await client.send("GET", "/x")
    await client.close()


async def _for_ever(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        await writer.drain()


BOMB = gzip.compress(bytes(4_000_000))
LARGE: dict[str, bytes | Say] = {
    "for ever": _for_ever,
    "a bomb": b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n%s" % (len(BOMB), BOMB),
}


@pytest.mark.parametrize("name", LARGE)
async def test_an_answer_without_end_is_left_there(name: str) -> None:
    async with speaking(LARGE[name]) as server:
        address = Address(server.url)
        pool = Pool(address, connections_max=1, content_max=1_000_000)
        async with asyncio.timeout(20):
            outcome = await pool.exchange(address.message("GET", "/", {}, None, None))
        await pool.close()
    assert isinstance(outcome, Fault)
    assert outcome.code == "TOO_LARGE"


async def test_the_client_says_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qbridge_harness.clients.rest.ANSWER_BYTES_MAX", 1000)
    async with speaking(_for_ever) as server, client_of(server) as client:
        with pytest.raises(TooLarge, match="GET http"):
            await client.send("GET", "/")


ANSWERS = {
    "by its length": b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
    "in chunks": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
    "after a word": b"HTTP/1.1 100 Continue\r\nx: 1\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
    "packed": b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(gzip.compress(b"hello"))
    + gzip.compress(b"hello"),
    "deflated": b"HTTP/1.1 200 OK\r\ncontent-encoding: deflate\r\ncontent-length: %d\r\n\r\n"
    % len(zlib.compress(b"hello"))
    + zlib.compress(b"hello"),
    "too long": b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello and more",
}


@pytest.mark.parametrize("form", ANSWERS)
async def test_an_answer_comes_in_every_form(form: str) -> None:
    async with speaking(ANSWERS[form]) as server, client_of(server) as client:
        for _ in range(2):
            answer = await client.send("GET", "/")
            assert (answer.status, answer.content) == (200, b"hello")
            assert "x" not in answer.headers


async def test_an_answer_may_end_with_its_connection() -> None:
    async with speaking(then_end(b"HTTP/1.1 200 OK\r\n\r\nhello")) as server, client_of(server) as client:
        assert (await client.send("GET", "/")).content == b"hello"


@pytest.mark.parametrize(
    ("method", "head"),
    [("HEAD", b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n"), ("DELETE", b"HTTP/1.1 204 No Content\r\n\r\n")],
)
async def test_an_answer_without_a_body_is_not_waited_for(method: str, head: bytes) -> None:
    async with speaking(head) as server, client_of(server) as client:
        assert (await client.send(method, "/")).content == b""


async def test_headers_are_lower_case_and_joined() -> None:
    say = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A: 1\r\nx-a: 2\r\n\r\n"
    async with speaking(say) as server, client_of(server) as client:
        assert (await client.send("GET", "/")).headers == {"content-length": "0", "x-a": "1, 2"}


async def test_a_connection_is_used_again_until_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    async with speaking(OK) as server, client_of(server) as client:
        for _ in range(3):
            await client.send("GET", "/")
        assert server.connections == 1
        monkeypatch.setattr(pools, "KEEPALIVE_S", 0.0)
        await client.send("GET", "/")
        assert server.connections == 2


async def test_a_connection_that_the_server_gives_up_is_not_used_again() -> None:
    say = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    async with speaking(say) as server, client_of(server) as client:
        for _ in range(2):
            await client.send("GET", "/")
        assert server.connections == 2


async def test_a_caller_who_gives_up_takes_the_connection_with_him() -> None:
    asked, over = asyncio.Event(), asyncio.Event()

    async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not asked.is_set():
            asked.set()
            await over.wait()
        writer.write(OK)

    async with speaking(hold) as server, client_of(server) as client:
        task = asyncio.create_task(client.send("GET", "/"))
        await asked.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert (await client.send("GET", "/")).content == b"{}"
        assert server.connections == 2
        over.set()


async def test_no_more_connections_than_allowed_are_open_at_once() -> None:
    here, over, most = 0, asyncio.Event(), 0

    async def count(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal here, most
        here += 1
        most = max(most, here)
        if most == 3:
            over.set()
        await over.wait()
        here -= 1
        writer.write(OK)

    async with speaking(count) as server:
        address = Address(server.url)
        pool = Pool(address, connections_max=3, content_max=1000)
        message = address.message("GET", "/", {}, None, None)
        async with asyncio.timeout(20):
            await asyncio.gather(*(pool.exchange(message) for _ in range(9)))
        await pool.close()
    assert most == 3


async def test_an_answer_that_comes_before_everything_was_sent_is_taken() -> None:
    """A server that refuses a large body answers at once, and reads no more."""
    refusal = then_end(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\n{}")
    async with speaking(refusal) as server, client_of(server) as client:
        assert (await client.send("POST", "/", content=bytes(200_000))).status == 413


async def test_what_goes_out_is_what_the_case_says() -> None:
    async with speaking(OK) as server:
        client = RestClient(Target(server.url + "/base/", "", "secret"))
        await client.send("GET", "/a b/é?x=1#part", query={"y": "2&3"}, headers={"X-A": "1", "Host": "else"})
        await client.close()
    lines = server.heads[0].split("\r\n")
    assert lines[0] == "GET /base/a%20b/%C3%A9?x=1&y=2%263 HTTP/1.1"
    assert {"host: else", "x-a: 1", "authorization: Bearer secret"} <= set(lines)
    assert not any(line.startswith("content-length") for line in lines)


async def test_a_header_cannot_break_out_of_its_line() -> None:
    client = RestClient(Target("http://127.0.0.1:9", "", ""))
    with pytest.raises(Unreachable, match="line break"):
        await client.send("GET", "/", headers={"x": "a\r\nevil: 1"})
    await client.close()


def test_an_idle_connection_is_given_up_before_a_usual_server_drops_it() -> None:
    assert uvicorn.Config("none:app").timeout_keep_alive / 2 > KEEPALIVE_S


async def test_an_end_that_the_loop_has_not_read_yet_is_seen_before_anything_is_sent() -> None:
    """The loop is held up between two requests, and the server ends the connection meanwhile."""
    over = threading.Event()

    def serve(listener: socket.socket) -> None:
        for _ in range(2):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(OK)
                over.wait(20)
            ended.set()

    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        client = RestClient(Target(f"http://127.0.0.1:{listener.getsockname()[1]}", "", ""))
        await client.send("POST", "/")
        over.set()
        assert ended.wait(20)  # Blocks the loop, as a busy one is.
        assert (await client.send("POST", "/")).content == b"{}"
        await client.close()
        thread.join(20)


async def test_the_age_of_a_connection_counts_from_its_last_request() -> None:
    """An answer that was read late says nothing about when the server began to count."""
    async with speaking(OK) as server, client_of(server) as client:
        await client.send("GET", "/")
        [connection] = client._pool._idle
        connection.asked_at -= KEEPALIVE_S
        await client.send("GET", "/")
        assert server.connections == 2


@pytest.mark.parametrize(
    "addresses", [("http://me:secret@h", ""), ("http://h", "me@h:1"), ("http://h", "grpcs://m:p@h:1")]
)
def test_an_address_with_a_password_is_refused(addresses: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="give the key in QBRIDGE_API_KEY") as told:
        Target(*addresses)
    assert "secret" not in str(told.value)
