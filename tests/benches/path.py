"""`make bench NAME=path`: what the path costs, over the fastest plain programs that do the same on the same machine.

Every ratio is measured in interleaved pairs: baseline, ours, baseline, ours ... Our side is the shipped command with
its defaults, with authentication and tracing on.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "server")]

import chroma_pair  # noqa: E402
import loads  # noqa: E402
from measure import Child, Row, free_port, qbridge, report, row  # noqa: E402
from otlp_sink import OtlpSink  # noqa: E402

PAIRS = 12
COLD_RUNS = 12


def serve(folder: Path, sink: OtlpSink) -> tuple[Child, int, int, str]:
    """Our server: (child, gRPC port, REST port, API key)."""
    keys = folder / "keys.json"
    made = subprocess.run(
        qbridge("keys", "create", "--file", str(keys), "--name", "bench", "--scopes", "call"),
        check=True,
        capture_output=True,
        text=True,
    )
    grpc_port, rest_port = free_port(), free_port()
    command = qbridge(
        *("serve", "--grpc", f"127.0.0.1:{grpc_port}", "--rest", f"127.0.0.1:{rest_port}"),
        *("--keys", str(keys), "--otlp", sink.url, "--log-level", "error"),
    )
    child = Child(command, rest_port)
    return child, grpc_port, rest_port, made.stdout.split()[-1]


def rest_ratio(ours: Child, rest_port: int, key: str) -> Row:
    """Server CPU per REST Call over the bare echo's."""
    port = free_port()
    bare = Child([sys.executable, str(HERE / "baselines" / "rest_echo.py"), str(port)], port)
    try:
        samples = []
        for pair in range(PAIRS + 1):
            costs = []
            for child, target in ((bare, port), (ours, rest_port)):
                before = child.cpu_s()
                asyncio.run(loads.rest(target, key, 3000, 10))
                costs.append(child.cpu_s() - before)
            if pair:  # The first pair warms both up.
                samples.append(costs[1] / costs[0])
        return row("server CPU per REST Call over a bare Starlette + msgspec echo", "x", "<= 1.6", samples)
    finally:
        bare.stop()


def grpc_ratio(ours: Child, grpc_port: int, key: str) -> Row:
    """Server CPU per unary gRPC Call over the bare echo's."""
    port = free_port()
    bare = Child([sys.executable, str(HERE / "baselines" / "grpc_echo.py"), str(port)], port)
    try:
        samples = []
        for pair in range(PAIRS + 1):
            costs = []
            for child, target in ((bare, port), (ours, grpc_port)):
                before = child.cpu_s()
                asyncio.run(loads.unary(target, key, 1600, 16))
                costs.append(child.cpu_s() - before)
            if pair:
                samples.append(costs[1] / costs[0])
        return row("server CPU per unary gRPC Call over a bare grpc.aio echo", "x", "<= 1.3", samples)
    finally:
        bare.stop()


def frames_ratio(grpc_port: int, key: str) -> Row:
    """Requests a second of 64 coroutines through the SDK over the same 64 as unary Calls."""

    async def through_sdk(requests: int) -> float:
        import qbridge as sdk

        async with sdk.aconnect(f"grpc://127.0.0.1:{grpc_port}", api_key=key) as client:
            payload = b"quick brown fox" * 6
            await client.call("echo", "noop", payload, durability="memory")
            seconds, _ = await loads.in_flight(
                lambda: client.call("echo", "noop", payload, durability="memory"), requests, 64
            )
            return seconds

    samples = []
    for pair in range(PAIRS + 1):
        unary_s = asyncio.run(loads.unary(grpc_port, key, 1920, 64)) / 1920
        frames_s = asyncio.run(through_sdk(12800)) / 12800
        if pair:
            samples.append(unary_s / frames_s)
    return row("requests/s of 64 coroutines through the SDK over 64 as unary Calls", "x", ">= 8", samples)


def embedded_rows() -> list[Row]:
    """The p50 of an embedded call, on both faces, each over `COLD_RUNS` fresh processes."""
    rows = []
    for face, bar in (("async", "<= 150"), ("sync", "<= 250")):
        samples = [_child_figure("embedded_call.py", face) for _ in range(COLD_RUNS)]
        rows.append(row(f"embedded call p50, {face} face", "us", bar, samples, ratio=False))
    return rows


def cold_rows() -> list[Row]:
    """Import, connect() to the first result, and memory, each in fresh processes."""
    rows = []
    for what, unit, bar in (("import", "ms", "<= 150"), ("first", "s", "<= 1"), ("rss", "MiB", "<= 150")):
        samples = [_child_figure("cold_start.py", what) for _ in range(COLD_RUNS)]
        names = {
            "import": "import qbridge",
            "first": "connect() to first result, with the import",
            "rss": "embedded RSS after 1,000 calls",
        }
        rows.append(row(names[what], unit, bar, samples, ratio=False))
    return rows


def _child_figure(script: str, *arguments: str) -> float:
    done = subprocess.run([sys.executable, str(HERE / script), *arguments], check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def main() -> int:
    """Runs every row of the path issue, in its order."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as name, OtlpSink() as sink:
        ours, grpc_port, rest_port, key = serve(Path(name), sink)
        try:
            rows = [rest_ratio(ours, rest_port, key), grpc_ratio(ours, grpc_port, key), frames_ratio(grpc_port, key)]
        finally:
            ours.stop()
        rows += chroma_pair.rows(Path(name))
    rows += embedded_rows()
    rows += cold_rows()
    rows += [_budget_row()]
    print(f"took {time.perf_counter() - started:.0f} s; {PAIRS} interleaved pairs where a ratio is given")
    return report("path", rows)


def _budget_row() -> Row:
    """How many hops are over their written budget."""
    done = subprocess.run([sys.executable, str(HERE / "budget.py"), "--count"], capture_output=True, text=True)
    return row(
        "hops over the written budget of Python calls and blocks", "hops", "<= 0", [float(done.stdout.split()[-1])]
    )


if __name__ == "__main__":
    raise SystemExit(main())
