"""The reference server as users run it: a process of its own, with or without keys."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

START_S_MAX = 30


@contextlib.contextmanager
def served(folder: Path, *arguments: str) -> Iterator[tuple[str, str]]:
    """Runs `qbridge serve` on free ports; gives its addresses of REST and gRPC. Raises RuntimeError where it cannot."""
    folder.mkdir(parents=True, exist_ok=True)
    ready, log = folder / "ready.json", folder / "server.log"
    command = [sys.executable, "-m", "qbridge", "serve", "--grpc", "127.0.0.1:0", "--rest", "127.0.0.1:0"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--ready-file", str(ready), *arguments], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield _addresses(process, ready, log)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _addresses(process: subprocess.Popen[bytes], ready: Path, log: Path) -> tuple[str, str]:
    end = time.monotonic() + START_S_MAX
    while not (ready.exists() and ready.stat().st_size):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"the server did not start:\n{log.read_text()}")
        time.sleep(0.05)
    addresses = json.loads(ready.read_text())
    return addresses["rest"], addresses["grpc"]


def new_key(file: Path) -> str:
    """Makes a key that may do everything; answers its secret."""
    command = [sys.executable, "-m", "qbridge", "keys", "create", "--file", str(file), "--name", "checks"]
    scopes = ["--scopes", "call,backend,admin"]
    made = subprocess.run([*command, "--tenant", "checks", *scopes], capture_output=True, text=True, check=True)
    return next(word for word in made.stdout.split() if word.startswith("qb_"))
