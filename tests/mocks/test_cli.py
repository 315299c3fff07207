"""The command `qbridge-mocks`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from qbridge_mocks.broken import BROKEN
from qbridge_mocks.cli import main

START_S_MAX = 20


def test_list_names_every_implementation_and_its_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    assert {f"broken/{name}" for name in BROKEN} | {"conforming"} <= set(shown.split())
    assert "GW-IDEM-001" in shown


def test_list_finds_the_mocks_of_a_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--rule", "GW-IDEM-003"]) == 0
    shown = capsys.readouterr().out
    assert "broken/id_conflict_accepted" in shown
    assert "conforming" not in shown
    assert main(["list", "--rule", "GW-NONE-001"]) == 2
    assert "no implementation breaks 'GW-NONE-001'" in capsys.readouterr().err


def test_the_help_of_serve_names_what_can_be_served(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    shown = capsys.readouterr().out
    assert all(f"broken/{name}" in shown for name in BROKEN)
    assert "GW-IDEM-001" in shown


def test_an_unknown_name_says_where_the_names_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "broken/nothing", "--grpc", "127.0.0.1:0", "--rest", "127.0.0.1:0"]) == 2
    assert "qbridge-mocks list" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_writes_its_addresses_and_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "qbridge_mocks", "serve", "conforming", "--grpc", "127.0.0.1:0"]
    with subprocess.Popen(
        [*command, "--rest", "127.0.0.1:0", "--ready-file", str(ready)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert "serves" in process.stdout.readline()
        addresses = json.loads(ready.read_text())
        assert httpx.get(f"{addresses['rest']}/v1/health").status_code == 200
        assert addresses["grpc"].startswith("127.0.0.1:")
        started = time.monotonic()
        process.send_signal(number)
        _, errors = process.communicate(timeout=START_S_MAX)
        assert (process.returncode, errors) == (0, "")
        assert time.monotonic() - started < START_S_MAX
