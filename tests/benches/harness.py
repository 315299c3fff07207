"""`make bench NAME=harness`: what the harness costs over the clients that it uses, and over Tavern doing the same.

Every comparison is measured in interleaved pairs against one local echo, which answers with the fewest instructions.
Our side is the engine or the shipped command with its defaults: every message is checked against the contract.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import harness_sides as sides  # noqa: E402
import tavern_pair  # noqa: E402
from measure import Child, Row, free_port, missing, report, row  # noqa: E402

PAIRS = 12
STEPS = 200
CASES = 1000
LOAD_RUNS = 10
START_RUNS = 12
HTTP = "overhead per HTTP step over the bare client, p50"
TAVERN_STEP = "that overhead over Tavern's per stage"
TAVERN_CASES = "1,000 one-step cases over Tavern running the same"


def step_rows(echo: sides.Echo, folder: Path) -> list[Row]:
    """HTTP and gRPC steps over their bare clients, and over Tavern's stages."""
    http, grpc, ratios = [], [], []
    for pair in range(PAIRS + 1):
        over_http = asyncio.run(sides.http_steps(echo, STEPS)) - asyncio.run(sides.bare_http(echo, STEPS))
        over_grpc = asyncio.run(sides.grpc_steps(echo, STEPS)) - asyncio.run(sides.bare_grpc(echo, STEPS))
        theirs = tavern_pair.overhead_per_stage_s(echo.rest, folder, STEPS) if not tavern_pair.unavailable() else 0.0
        if pair:  # The first pair warms everything up.
            http.append(over_http * 1000)
            grpc.append(over_grpc * 1000)
            ratios.append(over_http / theirs if theirs else 0.0)
    reason = tavern_pair.unavailable()
    return [
        row(HTTP, "ms", "<= 1", http, ratio=False),
        missing(TAVERN_STEP, "x", "<= 0.25", reason)
        if reason
        else row(TAVERN_STEP, "x", "<= 0.25", ratios, ratio=False),
        row("overhead per gRPC step over the bare client, p50", "ms", "<= 0.5", grpc, ratio=False),
    ]


def cases_row(echo: sides.Echo, folder: Path) -> Row:
    """Wall time of the two commands over 1,000 cases of one step."""
    if reason := tavern_pair.unavailable():
        return missing(TAVERN_CASES, "x", ">= 5", reason)
    ours = sides.write_cases(folder / "many.yaml", CASES)
    theirs = tavern_pair.write_cases(folder / "test_many.tavern.yaml", echo.rest, CASES)
    samples = []
    for pair in range(PAIRS + 1):
        tavern_s = tavern_pair.run(theirs)
        ours_s = sides.run_command(ours, echo)
        if pair:
            samples.append(tavern_s / ours_s)
    return row(TAVERN_CASES, "x", ">= 5", samples)


def load_rows(echo: sides.Echo) -> list[Row]:
    """Requests a second of CPU time of one generating process, with the latencies of an open loop."""
    rest = [_load(echo, "rest") for _ in range(LOAD_RUNS)]
    grpc = [_load(echo, "grpc") for _ in range(LOAD_RUNS)]
    return [
        row("open-loop load over HTTP, requests/s per core", "1/s", ">= 5000", [rate for rate, _ in rest]),
        row("of it, later than due, p50", "ms", None, [late for _, late in rest], ratio=False),
        row("open-loop load over gRPC, requests/s per core", "1/s", None, [rate for rate, _ in grpc]),
    ]


def _load(echo: sides.Echo, kind: str) -> tuple[float, float]:
    command = [sys.executable, str(HERE / "harness_sides.py"), "load", kind, echo.rest, echo.grpc]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    rate, late_ms = done.stdout.split()[-2:]
    return float(rate), float(late_ms)


def start_rows() -> list[Row]:
    """From the start of the command to its first request."""
    cases = HERE.parents[1] / "cases"
    one = [sides.first_request_s(cases / "smoke.yaml") * 1000 for _ in range(START_RUNS + 1)][1:]
    whole = [sides.first_request_s(cases) * 1000 for _ in range(START_RUNS)]
    return [
        row("start of `qbridge-harness run` to first request", "ms", "<= 400", one, ratio=False),
        row("the same with every case file", "ms", None, whole, ratio=False),
    ]


def main() -> int:
    """Runs every row of the issue, in its order."""
    started = time.perf_counter()
    rest_port, grpc_port = free_port(), free_port()
    echo = sides.Echo(f"http://127.0.0.1:{rest_port}", f"127.0.0.1:{grpc_port}")
    server = Child(
        [sys.executable, str(HERE / "baselines" / "harness_echo.py"), str(rest_port), str(grpc_port)], rest_port
    )
    try:
        with tempfile.TemporaryDirectory() as name:
            rows = step_rows(echo, Path(name))
            rows.append(cases_row(echo, Path(name)))
            rows += load_rows(echo)
    finally:
        server.stop()
    rows += start_rows()
    print(f"took {time.perf_counter() - started:.0f} s; {PAIRS} interleaved pairs where sides are compared")
    return report("harness", rows)


if __name__ == "__main__":
    raise SystemExit(main())
