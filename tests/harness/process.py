"""`qbridge-harness serve` in a process of its own, which notes every connection that it opens."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

_START_S = 60
_STOP_S = 30
_NOTES_CONNECTIONS = """
import sys
def note(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        print("connects to", arguments[1][1], file=sys.stderr, flush=True)
sys.addaudithook(note)
from qbridge_harness.cli import main
sys.exit(main(sys.argv[1:]))
"""


@asynccontextmanager
async def serving_harness(
    log: Path, *words: str, **environment: str
) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """Its address and its process, which is ended with SIGTERM; its words go to the log."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _NOTES_CONNECTIONS, "serve", "--port", "0", *words),
            stdout=asyncio.subprocess.PIPE,
            stderr=output,
            env={**os.environ, **environment},
        )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(_START_S):
            said = await process.stdout.readline() + await process.stdout.readline()
        found = re.search(r"curl -f (http://\S+)/run/smoke", said.decode())
        assert found, said.decode()
        yield found.group(1), process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), _STOP_S)
