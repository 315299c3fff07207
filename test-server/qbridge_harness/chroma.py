"""A Chroma server as a child process, for the cases that compare two vector backends.

It runs on an interpreter of its own that has the chromadb wheel: `.venv-chroma`, or $QBRIDGE_CHROMA_PYTHON.
"""

from __future__ import annotations

import os
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

from qbridge_harness.child import Child, StartFailed, start_child

_PROGRAM = "import sys, chromadb_rust_bindings; chromadb_rust_bindings.cli(['chroma', 'run', *sys.argv[1:]])"
_START_S = 30.0


def chroma_python() -> Path | None:
    """The interpreter that has Chroma; None where there is none."""
    place = Path(os.environ.get("QBRIDGE_CHROMA_PYTHON") or Path(".venv-chroma") / "bin" / "python")
    return place if place.exists() else None


def start_chroma(python: Path, folder: Path) -> tuple[Child, str]:
    """Starts Chroma with its data under `folder`; answers the process and its URL. Raises StartFailed."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
    url = f"http://127.0.0.1:{port}"
    options = ["--path", str(folder / "chroma"), "--host", "127.0.0.1", "--port", port]
    environment = {"ANONYMIZED_TELEMETRY": "False"}
    child = start_child(["-c", _PROGRAM, *options], folder / "chroma.log", environment, python=str(python))
    end = time.monotonic() + _START_S
    while time.monotonic() < end and child.process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/api/v2/heartbeat", timeout=1):  # noqa: S310 - our own child
                return child, url
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    child.stop()
    raise StartFailed(f"Chroma did not serve:\n{child.words()}")
