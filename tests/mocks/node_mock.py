"""Builds and runs the implementation in TypeScript, mocks/node, as anybody's program: by its command line."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

NODE_MOCK = Path(__file__).parents[2] / "mocks/node"
PROGRAM = NODE_MOCK / "dist/src/main.js"
BUILD_S_MAX = 100.0
START_S_MAX = 60.0
READY = re.compile(r"ready: gRPC on (?P<grpc>\S+), REST and WebSocket on (?P<rest>\S+)")


@dataclass(frozen=True)
class RunningNode:
    """Where its doors are."""

    grpc: str
    rest: str


def build() -> str:
    """Builds it where it is older than its sources; answers what is missing where that cannot be, or nothing."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "mocks/node needs Node 20 or newer, with npm"
    command = ["node", str(NODE_MOCK / "scripts/build.mjs")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_S_MAX, check=False)
    text = done.stdout + done.stderr
    if "npm error network" in text or "npm error code E" in text:
        return f"npm cannot fetch the packages of mocks/node: {text[-500:]}"
    assert done.returncode == 0, text
    return ""


@asynccontextmanager
async def node_mock(*, key: str = "", routes: Sequence[tuple[str, str]] = ()) -> AsyncIterator[RunningNode]:
    """Runs it, built, on free ports. It must end cleanly, without a word on stderr."""
    arguments = ["--grpc", "127.0.0.1:0", "--rest", "127.0.0.1:0"]
    arguments += ["--require-key", key] if key else []
    for pattern, backend in routes:
        arguments += ["--route", f"{pattern}={backend}"]
    process = await asyncio.create_subprocess_exec(
        "node", str(PROGRAM), *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_S_MAX):
            line = (await process.stdout.readline()).decode()
        ready = READY.match(line)
        assert ready is not None, line or "it ended before it was ready"
        yield RunningNode(ready["grpc"], ready["rest"])
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(START_S_MAX):
            _, errors = await process.communicate()
    assert errors.decode() == ""
    assert process.returncode == 0
