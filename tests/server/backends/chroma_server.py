"""A real Chroma server for tests: started on a free port with a fresh folder, stopped and removed afterwards.

It runs from the environment that `make .venv-chroma/.set-up` makes, or from $QBRIDGE_CHROMA_PYTHON. The server is a
library inside the chromadb wheel; it needs none of the wheel's Python dependencies.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[3]
START_S_MAX = 30.0
STOP_S_MAX = 10.0
PROGRAM = "import sys, chromadb_rust_bindings; chromadb_rust_bindings.cli(['chroma', 'run', *sys.argv[1:]])"


def python() -> Path:
    """The interpreter that has chromadb."""
    return Path(os.environ.get("QBRIDGE_CHROMA_PYTHON") or ROOT / ".venv-chroma" / "bin" / "python")


def unavailable() -> str:
    """Why there is no Chroma to start; empty where there is one."""
    if python().exists():
        return ""
    return f"no Chroma at {python()}: run `make .venv-chroma/.set-up`, or set QBRIDGE_CHROMA_PYTHON"


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class ChromaServer:
    """`with ChromaServer() as chroma: ...`: `chroma.url` is where it listens."""

    def __init__(self, folder: Path | None = None) -> None:
        self.port = 0
        self.url = ""
        self._folder = folder or Path(tempfile.mkdtemp(prefix="qbridge-chroma-"))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> ChromaServer:
        self._folder.mkdir(parents=True, exist_ok=True)
        self.start()
        return self

    def start(self) -> None:
        """Starts it, on the same port and folder if it ran before; returns once it answers."""
        self.port = self.port or _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        options = ["--path", str(self._folder / "data"), "--host", "127.0.0.1", "--port", str(self.port)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(python()), "-c", PROGRAM, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "ANONYMIZED_TELEMETRY": "False"},
            )
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + START_S_MAX
        while time.monotonic() < end:
            assert self._process is not None
            if self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/api/v2/heartbeat", timeout=1):
                    return
            except (urllib.error.URLError, OSError):
                # Chroma announces readiness nowhere else than at its port.
                time.sleep(0.02)
        log = (self._folder / "log").read_text(errors="replace")[-2000:]
        self.stop()
        raise RuntimeError(f"Chroma did not start on {self.url}:\n{log}")

    def kill(self) -> None:
        """Ends it as a crash would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(STOP_S_MAX)

    def stop(self) -> None:
        """Ends it, gently if it can be."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
