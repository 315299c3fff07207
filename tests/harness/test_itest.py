"""The two commands as people run them: `itest`, and the server with a reference server beside it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest

ROOT = Path(__file__).parents[2]


def test_itest_starts_the_server_and_leaves_three_reports(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "qbridge_harness", "itest", "--only", "smoke", "--only", "agent"]
    done = subprocess.run(
        [*command, "--reports", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    summary = re.fullmatch(r"(\d+) passed, 0 failed", done.stdout.splitlines()[-1])
    assert summary, done.stdout
    passed = int(summary.group(1))
    assert passed >= 2  # Both prefixes have cases; how many is theirs to say.
    root = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert root.get("tests") == str(passed)
    assert (tmp_path / "report.json").stat().st_size > 0
    assert (tmp_path / "report.html").stat().st_size > 0


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "serve.log"


def test_the_server_runs_smoke_for_curl_and_takes_its_children_with_it(log: Path) -> None:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "test-server/main.py", "--port", "0"], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        url = _announced(log, process)
        answer = httpx.get(f"{url}/run/smoke", timeout=60)
        assert answer.status_code == 200, answer.text
        assert re.fullmatch(r"[1-9]\d* passed, 0 failed", answer.text.splitlines()[-1])
        target = httpx.get(f"{url}/health", timeout=60).json()["target"]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{target}/v1/health", timeout=60)


def _announced(log: Path, process: subprocess.Popen[bytes]) -> str:
    """The address that the server prints once it listens."""
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        found = re.search(r"curl -f (http://\S+)/run/smoke", log.read_text())
        if found:
            return found.group(1)
        time.sleep(0.05)
    raise AssertionError(log.read_text())
