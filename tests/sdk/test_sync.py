"""The sync face: from threads, from a loop's thread, interrupted, forked; and the default connection."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

import qbridge
from qbridge import testing

if TYPE_CHECKING:
    from .conftest import ServerProcess

WAIT_S = 20.0


@pytest.fixture(params=["twin", "embedded", "grpc", "rest"])
def client(request: pytest.FixtureRequest) -> Iterator[qbridge.Client]:
    if request.param == "twin":
        made = testing.connect()
    elif request.param == "embedded":
        made = qbridge.connect()
    else:
        server: ServerProcess = request.getfixturevalue("server")
        made = qbridge.connect(getattr(server, request.param))
    with made:
        yield made


def test_a_script_needs_no_asyncio(client: qbridge.Client, name: str) -> None:
    client.create_collection(name, 2)
    assert client.upsert(name, ["a", "b"], [[1, 0], [0, 1]]) == 2
    assert client.query(name, [1, 0], top_k=1).ids == ["a"]
    accepted = client.submit("echo", "echo", "later")
    assert client.result(accepted.request_id) == "later"
    assert [event.sequence for event in client.watch(accepted.request_id)][:2] == [1, 2]
    assert accepted.request_id in [r.request.id for r, _ in zip(client.requests(), range(3), strict=False) if r.request]


def test_threads_share_one_client(client: qbridge.Client) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = pool.map(lambda i: [client.call("echo", "echo", f"{i}-{j}") for j in range(20)], range(16))
        assert list(answers) == [[f"{i}-{j}" for j in range(20)] for i in range(16)]


def test_an_error_comes_up_in_the_callers_thread(client: qbridge.Client) -> None:
    with pytest.raises(qbridge.NotFound):
        client.call("nowhere", "echo")
    assert client.call("echo", "echo", b"still well") == b"still well"


def test_an_iterator_that_is_left_early_ends_its_call(client: qbridge.Client) -> None:
    accepted = client.submit("echo", "echo", "x")
    for event in client.watch(accepted.request_id):
        assert event.sequence == 1
        break
    assert client.call("echo", "echo", b"x") == b"x"


async def test_it_works_where_a_loop_is_running_as_in_a_notebook() -> None:
    with testing.connect() as client:
        assert client.call("echo", "echo", "x") == "x"


def test_using_it_on_its_own_loop_is_an_error_and_not_a_deadlock() -> None:
    def handler(task: qbridge.Task) -> Any:
        return bridge.call("echo", "echo", "inner")

    with (
        testing.connect(backends={"nested": handler}) as bridge,
        pytest.raises(qbridge.BackendFailed, match="aconnect"),
    ):
        bridge.call("nested", "any", timeout_s=5.0)


def test_an_interrupt_cancels_the_call() -> None:
    started, ended = threading.Event(), threading.Event()

    async def slow(task: qbridge.Task) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    def interrupt() -> None:
        started.wait(WAIT_S)
        os.kill(os.getpid(), signal.SIGINT)

    with testing.connect(backends={"slow": slow}) as client:
        threading.Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            client.call("slow", "any", timeout_s=0)
        assert ended.wait(WAIT_S)


def test_a_forked_child_is_told_to_connect_again() -> None:
    code = """
import os, sys, qbridge
from qbridge import testing
client = testing.connect()
assert client.call("echo", "echo", "x") == "x"
pid = os.fork()
if pid == 0:
    try:
        client.call("echo", "echo", "x")
    except qbridge.ConnectionLost as error:
        with testing.connect() as again:
            os._exit(0 if "fork" in str(error) and again.call("echo", "echo", "y") == "y" else 1)
    os._exit(2)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-c", code], timeout=WAIT_S, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_module_has_a_connection_of_its_own() -> None:
    try:
        qbridge.create_collection("books", 3)
        qbridge.upsert("books", ["a", "b"], [[1, 0, 0], [0, 1, 0]])
        assert qbridge.query("books", [1, 0.1, 0], top_k=1).ids == ["a"]
        assert qbridge.default_client() is qbridge.default_client()
    finally:
        qbridge.close_default()


def test_the_default_connection_follows_the_environment(monkeypatch: pytest.MonkeyPatch, server: ServerProcess) -> None:
    monkeypatch.setenv("QBRIDGE_TARGET", server.grpc)
    try:
        assert qbridge.call("echo", "echo", "x") == "x"
        assert str(qbridge.default_client().options.target) == server.grpc
    finally:
        qbridge.close_default()


def test_a_program_ends_cleanly_without_closing_anything() -> None:
    code = (
        "import qbridge; print(qbridge.call('echo', 'echo', 'x')); c = qbridge.connect(); c.call('echo', 'echo', b'y')"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], timeout=WAIT_S, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"x\n", b"")


def test_a_folder_keeps_what_was_written(tmp_path: Any) -> None:
    with qbridge.connect(tmp_path / "bridge") as client:
        client.create_collection("books", 2)
        client.upsert("books", ["a"], [[1, 0]])
        key = client.submit("echo", "echo", "kept", durability="disk").request_id
        assert client.result(key) == "kept"
    with qbridge.connect(tmp_path / "bridge") as client:
        assert client.count("books") == 1
        assert client.result(key) == "kept"
