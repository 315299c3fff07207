"""One part of a contract check: what came of it, and the process that runs it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import IO, Literal

State = Literal["passed", "failed", "broken", "unfinished"]
Say = Callable[[str], None]
GRACE_S = 10.0
"""How long a tool that is out of time has to write its summary."""


@dataclass(frozen=True, slots=True)
class Part:
    """What came of one part.

    failed: the deployment broke its contract. broken: the tool could not judge. unfinished: the time was up first,
    which proves nothing, so it is red too.
    """

    name: str
    state: State
    lines: list[str] = field(default_factory=list)
    """What was wrong, readable, with a reproduction for each finding."""
    figures: str = ""
    """What was tried, in a few words."""

    @property
    def ok(self) -> bool:
        """True where every check of it held."""
        return self.state == "passed"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a tool's process ended; `returncode` is None where the time was up."""

    returncode: int | None
    output: str


def run_tool(
    command: Sequence[str | Path], *, folder: Path, environment: Mapping[str, str], time_s: float, say: Say
) -> Ended:
    """Runs a tool and hands on its words line by line; at the end of its time it is interrupted, then killed."""
    process = subprocess.Popen(
        [str(word) for word in command],
        cwd=folder,
        env=os.environ | dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # Ctrl-C reaches us alone, and we end the tool in order
    )
    assert process.stdout is not None
    lines: list[str] = []
    reader = Thread(target=_read, args=(process.stdout, lines, say), daemon=True)
    reader.start()
    try:
        code: int | None = process.wait(max(0.1, time_s))
    except subprocess.TimeoutExpired:
        code = None
    finally:
        _end(process)
    reader.join(GRACE_S)
    process.stdout.close()
    return Ended(code, "".join(lines))


def _read(pipe: IO[str], lines: list[str], say: Say) -> None:
    for line in pipe:
        lines.append(line)
        say(line.rstrip("\n"))


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
