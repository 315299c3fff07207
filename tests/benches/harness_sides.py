"""Our side of the harness bench, and the bare clients that it is compared with."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

BODY = {"backend": "echo", "operation": {"invoke": {"name": "echo", "payload": {"text": "hello"}}}}
HTTP_STEP = f"""
      - rest: POST /v1/call
        body: {json.dumps(BODY)}
        expect: {{status: 200, body: {{state: REQUEST_STATE_SUCCEEDED}}}}"""
GRPC_STEP = f"""
      - call: Call
        transport: grpc
        with: {json.dumps(BODY)}
        expect: {{result: {{state: REQUEST_STATE_SUCCEEDED}}}}"""
LOAD_PER_S = 6000
LOAD_S = 2.0


@dataclass(frozen=True, slots=True)
class Echo:
    """Where the echo is."""

    rest: str
    grpc: str


async def http_steps(echo: Echo, steps: int) -> float:
    """The p50 of what an HTTP step takes from one to the next, in a case of so many."""
    return await _steps(echo, HTTP_STEP, steps)


async def grpc_steps(echo: Echo, steps: int) -> float:
    """The same for gRPC."""
    return await _steps(echo, GRPC_STEP, steps)


async def _steps(echo: Echo, step: str, steps: int) -> float:
    from qbridge_harness.clients import Target
    from qbridge_harness.contract import load_contract
    from qbridge_harness.engine import Options, run
    from qbridge_harness.language import plan_cases
    from qbridge_harness.language.load import parse_suite

    contract = load_contract()
    text = f"purpose: A bench.\ncases:\n  - name: it\n    act:{step * steps}\n"
    planned = plan_cases([parse_suite(text, "bench.yaml", "bench", contract)])
    report = await run(planned, Target(echo.rest, echo.grpc), contract, Options(jobs=1))
    case = report.cases[0]
    if case.verdict != "passed":
        raise RuntimeError(case.reason)
    starts = [each.started_ms for each in case.steps]
    return statistics.median(after - before for before, after in pairwise(starts)) / 1000


async def bare_http(echo: Echo, requests: int) -> float:
    """The p50 of the same exchange by the harness's HTTP client alone, with the answer parsed."""
    from qbridge_harness.clients.http1 import Address, Answer
    from qbridge_harness.clients.pool import Pool

    address = Address(echo.rest)
    pool = Pool(address, connections_max=1, content_max=1_000_000)
    times = []
    for _ in range(requests):
        began = time.perf_counter()
        body = json.dumps(BODY).encode()
        message = address.message("POST", "/v1/call", {"content-type": "application/json"}, body, None)
        answer = await pool.exchange(message)
        if not isinstance(answer, Answer) or json.loads(answer.content)["state"] != "REQUEST_STATE_SUCCEEDED":
            raise RuntimeError(str(answer))
        times.append(time.perf_counter() - began)
    await pool.close()
    return statistics.median(times)


async def bare_grpc(echo: Echo, requests: int) -> float:
    """The p50 of the same call by grpclib alone, on one channel, with generated messages."""
    from grpclib.client import Channel, UnaryUnaryMethod

    from qbridge_contract.v1 import bridge_pb2, request_pb2

    host, _, port = echo.grpc.rpartition(":")
    channel = Channel(host, int(port))
    method: Any = UnaryUnaryMethod(
        channel, "/qbridge.v1.BridgeService/Call", bridge_pb2.CallRequest, bridge_pb2.CallResponse
    )
    times = []
    try:
        for _ in range(requests):
            began = time.perf_counter()
            message = bridge_pb2.CallRequest()
            message.request.backend = "echo"
            message.request.operation.invoke.name = "echo"
            message.request.operation.invoke.payload.text = "hello"
            answer = await method(message)
            if answer.result.state != request_pb2.REQUEST_STATE_SUCCEEDED:
                raise RuntimeError(str(answer))
            times.append(time.perf_counter() - began)
    finally:
        channel.close()
    return statistics.median(times)


def write_cases(file: Path, cases: int) -> Path:
    """A suite of so many cases of one step."""
    one = "".join(f"\n  - name: case-{number}\n    act:{HTTP_STEP}" for number in range(cases))
    file.write_text(f"purpose: A bench.\ncases:{one}\n")
    return file


def command(cases: Path, rest: str, grpc: str) -> list[str]:
    """The shipped command over a file or folder."""
    return [sys.executable, "-m", "qbridge_harness", "run", str(cases), "--target", rest, "--grpc", grpc]


def run_command(cases: Path, echo: Echo) -> float:
    """The wall time of the command, which must pass."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [*command(cases, echo.rest, echo.grpc), "--json", str(Path(folder) / "run.json")],
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    return time.perf_counter() - began


def first_request_s(cases: Path) -> float:
    """From the start of the process to the first byte of its first request."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        port = listening.getsockname()[1]
        began = time.perf_counter()
        process = subprocess.Popen(
            command(cases, f"http://127.0.0.1:{port}", "127.0.0.1:1"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""},
        )
        try:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1)
                return time.perf_counter() - began
        finally:
            process.kill()
            process.wait()


async def load(kind: str, echo: Echo) -> tuple[float, float]:
    """Requests per second of CPU time of this process, and how late half of them were sent, in milliseconds."""
    from qbridge_checks import LatencyHistogram, generator, poisson
    from qbridge_harness.clients.http1 import Address
    from qbridge_harness.load import OpenLoop, Sender
    from qbridge_harness.load.grpc import GrpcSender
    from qbridge_harness.load.http import HttpSender

    sender: Sender
    if kind == "rest":
        headers = {"content-type": "application/json"}
        address = Address(echo.rest)
        message = address.message("POST", "/v1/call", headers, json.dumps(BODY).encode(), None)
        sender, rate = HttpSender(address, [message]), LOAD_PER_S
    else:
        path = "/qbridge.v1.BridgeService/Call"
        sender, rate = GrpcSender(echo.grpc, path, [b""], {}, lambda _details: "", secure=False), LOAD_PER_S // 4
    times = poisson(rate, LOAD_S, generator("bench")).tolist()
    before = time.process_time()
    tally = await OpenLoop(times, sender, in_flight_max=5000, answer_within_s=10.0).run()
    cpu_s = time.process_time() - before
    await sender.close()
    if tally.ok != len(times):
        raise RuntimeError(f"{tally.errors} of {len(times)}")
    return tally.ok / cpu_s, LatencyHistogram.of(tally.late_s).summary_ms()["p50"]


if __name__ == "__main__":
    _, _, wanted, rest_url, grpc_address = sys.argv
    print(*asyncio.run(load(wanted, Echo(rest_url, grpc_address))))
