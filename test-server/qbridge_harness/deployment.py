"""The reference server as a child process: a deployment of our own, reached by its addresses and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from qbridge_harness.child import Child, StartFailed, start_child
from qbridge_harness.chroma import start_chroma
from qbridge_harness.clients import Target

_START_S = 30.0
_POLL_S = 0.02


class ReferenceServer:
    """`qbridge serve` on free ports of loopback, with keys and a folder of its own, until the block ends."""

    def __init__(
        self,
        *,
        keys: bool = True,
        routes: Mapping[str, str] | None = None,
        chroma: Path | None = None,
        otlp: str = "",
    ) -> None:
        self._keys = keys
        self._otlp = otlp
        self._chroma = chroma
        self._helpers: list[Child] = []
        self._routes = dict(routes or {})
        self._folder = tempfile.TemporaryDirectory(prefix="qbridge-harness-")
        self._child: Child | None = None
        self.target = Target("", "")

    def __enter__(self) -> ReferenceServer:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def folder(self) -> Path:
        """A folder for logs and data that goes with the server."""
        return Path(self._folder.name)

    def stop(self) -> int:
        """Stops the server and removes its folder; answers its exit code."""
        code = self._child.stop() if self._child else 0
        for helper in self._helpers:
            helper.stop()
        self._folder.cleanup()
        return code

    def _start(self) -> None:
        key = self._make_key() if self._keys else ""
        ready = self.folder / "ready.json"
        command = ["-m", "qbridge", "serve", "--grpc", "127.0.0.1:0", "--rest", "127.0.0.1:0"]
        command += ["--ready-file", str(ready), "--data", str(self.folder / "data")]
        if self._keys:
            command += ["--keys", str(self.folder / "keys.json")]
        for pattern, backend in self._routes.items():
            command += ["--route", f"{pattern}={backend}"]
        if self._otlp:
            command += ["--otlp", self._otlp]
        if self._chroma is not None:
            helper, url = start_chroma(self._chroma, self.folder)
            self._helpers.append(helper)
            command += ["--chroma", url]
        self._child = start_child(command, self.folder / "server.log", folder=self.folder)
        addresses = _wait_for(ready, self._child)
        self.target = Target(addresses["rest"], addresses["grpc"], key)

    def _make_key(self) -> str:
        """The first key, which may make others."""
        command = [sys.executable, "-m", "qbridge", "keys", "create", "--file", str(self.folder / "keys.json")]
        command += ["--name", "harness", "--tenant", "harness", "--scopes", "call,backend,admin"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_START_S, check=False)
        if done.returncode != 0:
            raise StartFailed(f"The first key could not be made: {done.stderr.strip()[-1000:]}")
        return done.stdout.strip().splitlines()[-1]


def _wait_for(file: Path, child: Child) -> dict[str, str]:
    """The addresses that the server writes once it serves."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if child.process.poll() is not None:
            raise StartFailed(f"The server ended with {child.process.returncode} before it served:\n{child.words()}")
        try:
            found: dict[str, str] = json.loads(file.read_text())
        except (FileNotFoundError, ValueError):
            time.sleep(_POLL_S)
            continue
        return found
    child.stop()
    raise StartFailed(f"The server did not serve within {_START_S:g} s:\n{child.words()}")


def start_agent(program: Path, target: Target, folder: Path) -> Child:
    """Starts an agent's program against the target; its key goes through the environment."""
    return start_child(
        [str(program), "--target", f"grpc://{target.grpc}"], folder / "agent.log", {"QBRIDGE_API_KEY": target.key}
    )
