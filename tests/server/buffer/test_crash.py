"""kill -9, again and again, on one folder: what was accepted is there, what was final is what was shown."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import pytest

from qbridge_contract.structs import RequestState
from qbridge_server.buffer import BufferLimits, SqliteBuffer
from qbridge_server.buffer.database import FILE

from .making import CLOCK, bounded

CYCLES = 24
SEED = 20_261
CHILD = Path(__file__).with_name("crash_child.py")


@dataclass
class Said:
    """What killed processes had been promised."""

    accepted: set[str] = field(default_factory=set)
    final: set[str] = field(default_factory=set)


def run_and_kill(folder: Path, first: int, facts: int, said: Said) -> None:
    """Runs a child, kills it after that many facts, and adds all that it said, to its last whole line."""
    command = [sys.executable, str(CHILD), str(folder), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(facts)]
        child.kill()
        lines += child.stdout.readlines()
    assert lines[0] == b"run\n", "the child did not come to its work"
    for line in lines[1:]:
        if line.endswith(b"\n"):
            kind, request_id = line.decode().split()
            (said.accepted if kind == "a" else said.final).add(request_id)


async def audit(folder: Path, said: Said) -> int:
    """Opens the folder and holds it to what was said; answers how many requests are unfinished."""
    buffer = SqliteBuffer(folder, CLOCK, BufferLimits())
    unfinished = {entry.request.id: entry for entry in await bounded(buffer.open())}
    try:
        for request_id in said.accepted | said.final:
            entry = await bounded(buffer.get("local", request_id))
            assert entry is not None, f"{request_id} was accepted and is lost"
            assert (entry.result is None) == (request_id in unfinished)
            assert request_id not in said.final or entry.state is RequestState.SUCCEEDED, f"{request_id} was final"
            if entry.result is not None:
                assert entry.result.reply is not None
                assert entry.result.reply.payload is not None
                assert entry.result.reply.payload.text == f"result of {request_id}"
        return len(unfinished)
    finally:
        await buffer.close()


@pytest.mark.slow
async def test_nothing_accepted_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    print(f"seed {SEED}, cycles {CYCLES}")  # noqa: T201
    rng = random.Random(SEED)
    said = Said()
    left = 0
    for cycle in range(CYCLES):
        await asyncio.to_thread(run_and_kill, tmp_path, 1 + cycle * 1_000_000, rng.randint(2, 400), said)
        left += await audit(tmp_path, said)
    assert len(said.accepted) > CYCLES * 20, "the load was too low to prove anything"
    assert left > 0, "no kill came while a request was unfinished"
    db = apsw.Connection(str(tmp_path / FILE))
    assert db.pragma("integrity_check") == "ok"
    db.close()
