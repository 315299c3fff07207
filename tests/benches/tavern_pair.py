"""Tavern's side of the harness bench: its own command in its own environment, on the same requests."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-tavern" / "bin" / "python"
STAGE = """
  - name: call {number}
    request:
      url: {url}/v1/call
      method: POST
      json: {{backend: echo, operation: {{invoke: {{name: echo, payload: {{text: hello}}}}}}}}
    response:
      status_code: 200
      strict: false
      json: {{state: REQUEST_STATE_SUCCEEDED}}
"""
BARE = """
import statistics, sys, time, requests
session, times = requests.Session(), []
session.trust_env = False
body = {"backend": "echo", "operation": {"invoke": {"name": "echo", "payload": {"text": "hello"}}}}
for _ in range(int(sys.argv[2])):
    began = time.perf_counter()
    answer = session.post(sys.argv[1] + "/v1/call", json=body)
    assert answer.json()["state"] == "REQUEST_STATE_SUCCEEDED"
    times.append(time.perf_counter() - began)
print(statistics.median(times))
"""


def unavailable() -> str:
    """Why Tavern cannot run here; empty where it can."""
    return "" if PYTHON.exists() else "no .venv-tavern: run `make bench NAME=harness`"


def write_cases(file: Path, url: str, cases: int) -> Path:
    """So many tests of one stage."""
    tests = (f"test_name: case {number}\nstages:{STAGE.format(number=number, url=url)}" for number in range(cases))
    file.write_text("---\n".join(tests))
    return file


def run(file: Path) -> float:
    """The wall time of its command on a file, which must pass."""
    began = time.perf_counter()
    done = subprocess.run(
        [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(file.parent), str(file)],
        cwd=file.parent,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stdout[-3000:] + done.stderr[-1000:])
    return time.perf_counter() - began


def overhead_per_stage_s(url: str, folder: Path, stages: int) -> float:
    """What a stage takes more than its client, requests: a test of many stages less one of one stage."""
    seconds = []
    for count in (1, stages + 1):
        text = "".join(STAGE.format(number=number, url=url) for number in range(count))
        file = folder / f"test_stages_{count}.tavern.yaml"
        file.write_text(f"test_name: stages\nstages:{text}")
        seconds.append(run(file))
    bare = subprocess.run([PYTHON, "-c", BARE, url, str(stages)], check=True, capture_output=True, text=True)
    return (seconds[1] - seconds[0]) / stages - float(bare.stdout)
