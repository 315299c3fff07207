"""`qbridge-harness contract`: what it runs, its exit codes, and that a target which is not there or hangs ends it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qbridge_harness.clients import Target as Deployment
from qbridge_harness.contract_checks import fuzz, pacts
from qbridge_harness.contract_checks.part import run_tool
from qbridge_harness.contract_checks.places import pacts_folder
from tests.checks.conftest import Target
from tests.checks.proxy import Exchange, damaged

PASSED, FAILED, USAGE, UNREACHABLE = 0, 1, 2, 3


def command(folder: Path, *words: str, key: str = "") -> subprocess.CompletedProcess[str]:
    """The command, from a folder without a checkout."""
    environment = {name: value for name, value in os.environ.items() if name != "QBRIDGE_API_KEY"}
    return subprocess.run(
        [sys.executable, "-m", "qbridge_harness", "contract", *words],
        env=environment | ({"QBRIDGE_API_KEY": key} if key else {}),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def addresses(target: Target) -> list[str]:
    return ["--target", target.address, "--grpc", target.grpc]


def test_a_right_deployment_passes_every_part(keyed_server: Target, tmp_path: Path) -> None:
    narrow = ["--seed", "20", "--examples-max", "3", "--phases", "fuzzing", "--operation", "PlatformService_GetQuota"]
    run = command(tmp_path, *addresses(keyed_server), *narrow, key=keyed_server.key)
    assert run.returncode == PASSED, run.stdout + run.stderr
    assert run.stdout.startswith("seed 20\n")
    for part in ("pact", "message pact over grpc", "message pact over websocket", "message pact over sse", "fuzz"):
        assert f"passed      {part}  " in run.stdout
    assert keyed_server.key not in run.stdout


def test_a_broken_deployment_is_1_and_shows_the_curl_command(open_server: Target, tmp_path: Path) -> None:
    def forgets_its_code(exchange: Exchange) -> None:
        exchange.body = exchange.body.replace(b'"code":"NOT_FOUND"', b'"code":"GONE"')

    with damaged(open_server.address, forgets_its_code) as address:
        run = command(tmp_path, "pact", "--target", address)
    assert run.returncode == FAILED
    assert "FAIL  a look at a request that is not there" in run.stdout
    assert f"again: curl -i -X GET {address}/v1/requests/req_" in run.stdout


def test_without_a_grpc_address_its_part_is_left_out_and_said_so(open_server: Target, tmp_path: Path) -> None:
    run = command(tmp_path, "messages", "--target", open_server.address)
    assert run.returncode == PASSED, run.stdout
    assert "no message pact over grpc: no --grpc names its address" in run.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fuz"], "No part is called fuz: write fuzz, pact, messages"),
        (["--target", "127.0.0.1:7401"], "is no address of REST: write http://HOST:PORT"),
        (["--grpc", "127.0.0.1"], "is no gRPC address: write HOST:PORT"),
    ],
)
def test_a_mistake_in_the_call_is_2(tmp_path: Path, words: list[str], said: str) -> None:
    run = command(tmp_path, "--target", "http://127.0.0.1:9", *words)
    assert run.returncode == USAGE
    assert said in run.stderr


def test_a_key_that_is_not_enough_is_2(keyed_server: Target, tmp_path: Path) -> None:
    run = command(tmp_path, "--target", keyed_server.address)
    assert run.returncode == USAGE
    assert "refuses the run's API key" in run.stderr


def test_nobody_at_the_address_is_3(tmp_path: Path) -> None:
    run = command(tmp_path, "--target", "http://127.0.0.1:9")
    assert run.returncode == UNREACHABLE
    assert "The target does not answer" in run.stderr


@contextmanager
def silent() -> Iterator[str]:
    """A target that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_target_that_hangs_is_3_within_its_time(tmp_path: Path) -> None:
    with silent() as address:
        began = time.monotonic()
        run = command(tmp_path, "--target", address)
    assert run.returncode == UNREACHABLE
    assert time.monotonic() - began < 40


@pytest.mark.parametrize("name", ["pact", "fuzz"])
def test_a_part_whose_time_is_up_is_unfinished_and_red(name: str, tmp_path: Path) -> None:
    said: list[str] = []
    with silent() as address:
        target = Deployment(address, "")
        if name == "pact":
            part = pacts.verify_pact(target, pacts.HTTP, pacts_folder(), 1.0, said.append)
        else:
            part = fuzz.fuzz(target, fuzz.Fuzz(1), 1.0, said.append)
    assert part.state == "unfinished"
    assert "Give more by --max-time-s" in part.lines[0]


def test_a_tool_that_breaks_down_is_no_verdict(tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_text("{")
    with silent() as address:
        part = fuzz.fuzz(Deployment(address, ""), fuzz.Fuzz(1, document=document), 30.0, lambda _: None)
    assert part.state == "broken"


def test_a_tool_that_ignores_its_interrupt_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qbridge_harness.contract_checks.part.GRACE_S", 0.2)
    program = (
        "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('here', flush=True)\ntime.sleep(60)"
    )
    said: list[str] = []
    ended = run_tool([sys.executable, "-c", program], folder=tmp_path, environment={}, time_s=2.0, say=said.append)
    assert ended.returncode is None
    assert said == ["here"]
