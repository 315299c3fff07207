"""What the SDK's tests run on: the twin, a bridge in this process, and a real server on real sockets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

import qbridge
from qbridge import testing

START_S = 30.0


class ServerProcess:
    """`qbridge serve` in a process of its own; killed and started again on the same ports where a test asks."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._ready = folder / "ready.json"
        self._log = folder / "server.log"
        self._arguments = arguments
        self.grpc = self.rest = ""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> ServerProcess:
        self._ready.unlink(missing_ok=True)
        doors = (
            ["--grpc", self.grpc.removeprefix("grpc://"), "--rest", self.rest.removeprefix("http://")]
            if self.grpc
            else ["--grpc", "127.0.0.1:0", "--rest", "127.0.0.1:0"]
        )
        command = [sys.executable, "-m", "qbridge", "serve", *doors, "--ready-file", str(self._ready)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([*command, *self._arguments], stdout=log, stderr=log)
        addresses = self._wait_ready()
        self.grpc, self.rest = "grpc://" + addresses["grpc"], addresses["rest"]
        return self

    def _wait_ready(self) -> dict[str, str]:
        assert self._process is not None
        end = time.monotonic() + START_S
        while time.monotonic() < end and self._process.poll() is None:
            if self._ready.exists() and (text := self._ready.read_text()):
                found: dict[str, str] = json.loads(text)
                return found
            time.sleep(0.02)
        raise AssertionError(f"the server did not start:\n{self._log.read_text()[-4000:]}")

    def kill(self) -> None:
        """Ends it at once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> int:
        """Ends it as an operator would; answers its exit status."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(timeout=30)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server for all tests that only need a bridge at an address."""
    process = ServerProcess(tmp_path_factory.mktemp("server"), "--route", "ask=librarian").start()
    yield process
    process.kill()


@pytest.fixture(scope="session")
def server_class() -> type[ServerProcess]:
    """For fixtures of a wider scope than a test."""
    return ServerProcess


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Servers of the test's own, to kill."""
    started: list[ServerProcess] = []

    def start(*arguments: str) -> ServerProcess:
        folder = tmp_path / str(len(started))
        folder.mkdir()
        started.append(ServerProcess(folder, *arguments).start())
        return started[-1]

    yield start
    for process in started:
        process.kill()


@pytest.fixture(params=["twin", "embedded", "grpc", "unary", "rest"])
def make_client(request: pytest.FixtureRequest) -> Callable[[], qbridge.AsyncClient]:
    """How to make an unopened client, over each transport in turn."""
    kind = request.param
    if kind == "twin":
        return lambda: testing.aconnect()
    if kind == "embedded":
        return lambda: qbridge.aconnect()
    process: ServerProcess = request.getfixturevalue("server")
    if kind == "rest":
        return lambda: qbridge.aconnect(process.rest)
    return lambda: qbridge.aconnect(process.grpc, coalesce=kind == "grpc")


@pytest_asyncio.fixture
async def client(make_client: Callable[[], qbridge.AsyncClient]) -> AsyncIterator[qbridge.AsyncClient]:
    """An open client over each transport in turn."""
    async with make_client() as opened:
        yield opened


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name of the test's own, for collections and keys: the server is shared."""
    return f"t{abs(hash(request.node.nodeid)) % 10**8}-{os.getpid()}-{time.monotonic_ns() % 10**6}"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QBRIDGE_TARGET", raising=False)
    monkeypatch.delenv("QBRIDGE_API_KEY", raising=False)
