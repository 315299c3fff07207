"""`make budget`: Python calls and kept blocks per request, room by room, against `budget.toml`.

Both are properties of the code and of the Python version (the budget is 3.11's), not of the machine.
The calls are counted by a profiler hook (Python functions and
built-ins), the blocks are those that a request leaves behind (its record, until it is forgotten). A request alone is
one embedded call; a group is 64 at once. Exits 1 where a room is over its budget.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import sys
import tomllib
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import FrameType
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import loads  # noqa: E402

import qbridge  # noqa: E402
from qbridge_contract.routes import ROUTES  # noqa: E402
from qbridge_server.app import Deployment  # noqa: E402
from qbridge_server.config import ServerConfig  # noqa: E402
from qbridge_server.gateway.rest_door import RestDoor  # noqa: E402

ROOMS = ("qbridge/", "qbridge_contract", "gateway", "buffer", "batcher", "backends", "transport", "asyncio")
ROUNDS = 50
RUNS = 3
KINDS = ("alone", "group", "rest")
Turn = Callable[[], Awaitable[None]]


def room_of(file: str) -> str:
    """The room that a source file belongs to."""
    if "qbridge_server" in file:
        part = file.split("qbridge_server/")[1].split("/")[0]
        return part if part in ROOMS else "wiring"
    if "qbridge_contract" in file:
        return "contract"
    if "/sdk/qbridge/" in file or "/site-packages/qbridge/" in file:
        return "sdk"
    if "asyncio" in file:
        return "asyncio"
    return "libraries"


class CallCounter:
    """Counts calls by the room that makes them (built-ins) or holds them (functions)."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self._rooms: dict[str, str] = {}

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call" or event == "c_call":
            file = frame.f_code.co_filename
            room = self._rooms.get(file)
            if room is None:
                room = self._rooms[file] = room_of(file)
            self.calls[room] += 1


async def measure(kind: str) -> tuple[dict[str, float], dict[str, float]]:
    """(calls by room, kept blocks by room), per request: `alone`, `group` (64 at once), or alone at the `rest` door."""
    if kind == "rest":
        async with rest_turn() as turn:
            return await _count(turn, 1)
    group = 64 if kind == "group" else 1
    async with qbridge.aconnect() as client:

        async def turn() -> None:
            call = client.call
            await asyncio.gather(*(call("echo", "echo", b"quick brown fox", durability="memory") for _ in range(group)))

        return await _count(turn, group)


@contextlib.asynccontextmanager
async def rest_turn() -> AsyncIterator[Turn]:
    """One Call at the REST door of a deployment with keys, without a wire: the door is called as ASGI calls it."""
    deployment = Deployment(ServerConfig(), open_to_all=False, transports=[])
    await deployment.start()
    _, secret = deployment.keyring.create("budget", "budget", ["call"])
    door = RestDoor(
        ROUTES, deployment.applications, deployment.keyring, message_bytes_max=1 << 22, guard=deployment.guard
    )
    endpoint = next(route.app for route in door.routes() if route.path == "/v1/call")
    headers = [
        (b"content-type", b"application/json"),
        (b"authorization", b"Bearer " + secret.encode()),
        (b"traceparent", loads.TRACEPARENT.encode()),
        (b"content-length", b"%d" % len(loads.BODY)),
    ]
    scope = {"type": "http", "method": "POST", "path": "/v1/call", "headers": headers, "query_string": b""}
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": loads.BODY, "more_body": False}

    async def send(message: Any) -> None:
        sent[:] = [message]

    async def turn() -> None:
        await endpoint(scope, receive, send)

    try:
        yield turn
        assert b"SUCCEEDED" in sent[0]["body"]
    finally:
        await deployment.close()


async def _count(turn: Turn, group: int) -> tuple[dict[str, float], dict[str, float]]:
    for _ in range(ROUNDS):
        await turn()
    counter = CallCounter()
    gc.disable()
    sys.setprofile(counter)
    for _ in range(ROUNDS):
        await turn()
    sys.setprofile(None)
    requests = ROUNDS * group
    calls = {room: count / requests for room, count in counter.calls.items()}
    tracemalloc.start()
    before = tracemalloc.take_snapshot()
    for _ in range(ROUNDS):
        await turn()
    after = tracemalloc.take_snapshot()
    tracemalloc.stop()
    gc.enable()
    blocks: Counter[str] = Counter()
    for change in after.compare_to(before, "filename"):
        blocks[room_of(change.traceback[0].filename)] += change.count_diff
    return calls, {room: count / requests for room, count in blocks.items()}


def least(kind: str) -> tuple[dict[str, float], dict[str, float]]:
    """The least of several measurements, room by room: what a timer or a growing table adds now and then is no cost."""
    runs = [asyncio.run(measure(kind)) for _ in range(RUNS)]
    calls, blocks = ([each[place] for each in runs] for place in (0, 1))
    return _least(calls), _least(blocks)


def _least(runs: list[dict[str, float]]) -> dict[str, float]:
    return {room: min(run.get(room, 0.0) for run in runs) for room in set().union(*runs)}


def main() -> int:
    """Prints the table; 1 where a room is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", action="store_true", help="print only how many rooms are over")
    parser.add_argument("--file", type=Path, default=HERE / "budget.toml", help="the budget (budget.toml)")
    arguments = parser.parse_args()
    budget = tomllib.loads(arguments.file.read_text())
    over = 0
    lines = []
    for name in KINDS:
        calls, blocks = least(name)
        for kind, measured in (("calls", calls), ("blocks", blocks)):
            for room, bound in budget[name][kind].items():
                value = measured.get(room, 0.0)
                word = "" if value <= bound else "OVER"
                over += value > bound
                lines.append(f"  {name:<6} {kind:<7} {room:<10} {value:8.1f}  <= {bound:6.1f}  {word}")
            for room in sorted(room for room in measured if room not in budget[name][kind] and measured[room] >= 0.5):
                over += 1
                lines.append(f"  {name:<6} {kind:<7} {room:<10} {measured[room]:8.1f}  no budget is written")
    if arguments.count:
        print(over)
        return 0
    print("Python calls and kept blocks per request, by room")
    print("\n".join(lines))
    print(f"{over} over budget")
    return 1 if over else 0


if __name__ == "__main__":
    raise SystemExit(main())
