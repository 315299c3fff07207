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
_GUARD = """
import os, shutil, signal, sys, time
pid, folder = int(sys.argv[1]), sys.argv[2]
sys.stdin.read()  # Ends with the harness, however that ends.
def there():
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
for sign in (signal.SIGTERM, signal.SIGKILL):
    end = time.monotonic() + 15
    if there():
        os.kill(pid, sign)
    while there() and time.monotonic() < end:
        time.sleep(0.05)
if folder:
    shutil.rmtree(folder, ignore_errors=True)
"""
"""A process beside each child: where the harness is killed without a word, it ends the child and removes its folder."""


class StartFailed(Exception):
    """A child process did not come up; the message has the end of what it said."""


@dataclass(slots=True)
class Child:
    """A process that we started, and where its words go."""

    process: subprocess.Popen[bytes]
    log: Path
    guard: subprocess.Popen[bytes] | None = None

    def stop(self) -> int:
        """Asks it to end, and makes it; answers its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            self._dismiss()

    def _dismiss(self) -> None:
        """Ends the guard, which has nothing to do any more."""
        if self.guard is not None:
            self.guard.kill()
            self.guard.communicate()
            self.guard = None

    def words(self) -> str:
        """The end of what it said."""
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""


def start_child(
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str] | None = None,
    *,
    python: str = sys.executable,
    folder: Path | None = None,
) -> Child:
    """Starts a process of an interpreter, this one by default; its output goes to a file.

    It is in a session of its own, so that Ctrl-C ends the cases first and it afterwards. `folder` goes with it where
    the harness is killed.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            [python, *command],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    guard = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _GUARD, str(process.pid), str(folder or "")],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return Child(process, log, guard)


def end_on_sigterm() -> None:
    """Makes SIGTERM end this process in order, so that its children are stopped too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
