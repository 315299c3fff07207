"""A server's life: it starts, says where it is, drains, and finds again what it accepted."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from .conftest import echo, invoke


class Command:
    """`qbridge serve` as a user starts it."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self.ready = folder / "ready.json"
        self.ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "qbridge", "serve", "--grpc", "127.0.0.1:0", "--rest", "127.0.0.1:0"]
        self.process = subprocess.Popen(
            [*command, "--ready-file", str(self.ready), *flags], stderr=subprocess.PIPE, text=True
        )
        until = time.monotonic() + 20
        while not self.ready.exists():
            assert self.process.poll() is None, self.process.communicate()[1]
            assert time.monotonic() < until, "the server did not become ready"
            os.sched_yield()
        self.rest = json.loads(self.ready.read_text())["rest"]

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """(exit status, what it said on stderr)."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=20)
        return self.process.returncode, said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_until_a_signal_and_ends_well(tmp_path: Path, number: int) -> None:
    command = Command(tmp_path)
    assert httpx.post(f"{command.rest}/v1/call", json=echo()).status_code == 200
    status, said = command.stop(number)
    assert status == 0
    assert "drains" in said
    assert "Traceback" not in said


def test_an_address_that_is_taken_is_named_with_what_to_do(tmp_path: Path) -> None:
    first = Command(tmp_path)
    address = first.rest.removeprefix("http://")
    command = [sys.executable, "-m", "qbridge", "serve", "--grpc", "127.0.0.1:0", "--rest", address]
    second = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    first.stop()
    assert second.returncode == 2
    assert address in second.stderr
    assert "Traceback" not in second.stderr


def test_what_was_accepted_on_disk_survives_kill_9(tmp_path: Path) -> None:
    data = tmp_path / "bridge"
    first = Command(tmp_path, "--data", str(data))
    with httpx.Client(base_url=first.rest) as client:
        client.post("/v1/backends", json={"name": "far"}).raise_for_status()
        accepted = client.post("/v1/requests", json=invoke("plan", "far")).json()
        assert accepted["durability"] == "DURABILITY_DISK"
        done = client.post(
            "/v1/call", json={**echo("kept", idempotencyKey="k"), "durability": "DURABILITY_DISK"}
        ).json()
    first.process.kill()
    first.process.communicate(timeout=10)
    second = Command(tmp_path, "--data", str(data))
    with httpx.Client(base_url=second.rest) as client:
        waiting = client.get(f"/v1/requests/{accepted['requestId']}").json()
        assert waiting["state"] == "REQUEST_STATE_QUEUED"
        again = client.post(
            "/v1/call", json={**echo("kept", idempotencyKey="k"), "durability": "DURABILITY_DISK"}
        ).json()
        assert (again["requestId"], again["replayed"]) == (done["requestId"], True)
        assert [backend["name"] for backend in client.get("/v1/backends").json()["backends"]] == [
            "echo",
            "far",
            "vectors",
        ]
    second.stop()


def test_a_second_server_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "bridge"
    first = Command(tmp_path, "--data", str(data))
    command = [sys.executable, "-m", "qbridge", "serve", "--grpc", "127.0.0.1:0", "--rest", "127.0.0.1:0"]
    second = subprocess.run([*command, "--data", str(data)], capture_output=True, text=True, timeout=20, check=False)
    first.stop()
    assert second.returncode == 2
    assert str(data) in second.stderr
    assert "Traceback" not in second.stderr


async def test_a_draining_server_finishes_what_it_has_and_takes_nothing_new(serve: Any) -> None:
    doors = await serve()
    doors.server.deployment.bridge.draining = True
    refused = await doors.rest(echo())
    assert (refused.code, refused.status) == ("UNAVAILABLE", 503)
    assert (await doors.http.get("/readyz")).status_code == 503
    assert (await doors.http.get("/healthz")).status_code == 200
    doors.server.deployment.bridge.draining = False


async def test_spans_of_a_sampled_request_reach_the_collector_with_the_callers_trace(serve: Any) -> None:
    arrived: asyncio.Queue[bytes] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            loop.call_soon_threadsafe(arrived.put_nowait, body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Says nothing."""

    collector = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    Thread(target=collector.serve_forever, daemon=True).start()
    doors = await serve(otlp=f"http://127.0.0.1:{collector.server_port}", sample_ratio=0.5)
    await doors.rest(echo(traceparent=f"00-{'a' * 32}-{'b' * 16}-01"))
    async with asyncio.timeout(10):
        message = ExportTraceServiceRequest.FromString(await arrived.get())
    spans = message.resource_spans[0].scope_spans[0].spans
    names = {span.name: span for span in spans}
    assert set(names) == {"qbridge echo", "qbridge queue", "qbridge execute", "qbridge settle"}
    root = names["qbridge echo"]
    assert root.trace_id.hex() == "a" * 32
    assert root.parent_span_id.hex() == "b" * 16
    assert names["qbridge execute"].parent_span_id == root.span_id
    assert all(span.start_time_unix_nano <= span.end_time_unix_nano for span in spans)
    collector.shutdown()
    collector.server_close()
