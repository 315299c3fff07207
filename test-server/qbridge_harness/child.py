"""Processes that we start: their words go to a file, and they end with us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_STOP_S = 15.0


class StartFailed(Exception):
    """A child process did not come up; the message has the end of what it said."""


@dataclass(slots=True)
class Child:
    """A process that we started, and where its words go."""

    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> int:
        """Asks it to end, and makes it; answers its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def words(self) -> str:
        """The end of what it said."""
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""


def start_child(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None, *, python: str = sys.executable
) -> Child:
    """Starts a process of an interpreter, this one by default; its output goes to a file."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [python, *command], stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}
        )
    return Child(process, log)


def end_on_sigterm() -> None:
    """Makes SIGTERM end this process in order, so that its children are stopped too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
