"""`make crash`: kill -9, again and again, on one folder, each time with at least 50 requests in flight.

Ends `kills N, acknowledged N, lost N, unexpected N, integrity ok`; exits 1 where something is lost or unexpected.
`--store` takes a broken store instead: the same command must then report loss.
"""

from __future__ import annotations

import argparse
import asyncio
import faulthandler
import itertools
import multiprocessing
import os
import random
import sys
import tempfile
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path

from qbridge_contract.structs import Durability, RequestState
from qbridge_server.buffer import SqliteBuffer
from qbridge_server.ports import Buffer, Entry

from .broken_stores import STORES
from .making import CLOCK, bounded, make_entry, request_id, succeeded
from .script import answer_of, integrity, shipped

IN_FLIGHT_MIN = 50
WAITING_MAX = 4 * IN_FLIGHT_MIN
STALL_S = 20.0
"""A process works for about a fifth of a second before it is killed."""
CALLERS = 64
LEVELS = (Durability.DISK, Durability.DISK, Durability.PROCESS)


# ---- the process that is killed


def child(folder: str, first: int, store: str, said: Connection) -> None:
    """Works with a store until it is killed, and says what it was promised, at once: s(ent), a(ccepted), f(inal).

    One that is not killed in time has stood still: it writes down where, and ends by itself.
    """
    with Path(f"{folder}.stalls").open("a") as stalls:
        faulthandler.dump_traceback_later(STALL_S, exit=True, file=stalls)
        asyncio.run(_work(Path(folder), first, store, said.fileno()))


async def _work(folder: Path, first: int, store: str, said: int) -> None:
    buffer = STORES[store](folder)
    await buffer.open()
    numbers, room = itertools.count(first), asyncio.Event()
    await asyncio.gather(_settle(buffer, room, said), *(_call(buffer, numbers, room, said) for _ in range(CALLERS)))


async def _call(buffer: Buffer, numbers: itertools.count[int], room: asyncio.Event, said: int) -> None:
    """Sends while there is room: a loop that never rests would keep the log's thread from the interpreter."""
    lane = buffer.lane("echo/x", "echo")
    while True:
        number = next(numbers)
        entry = make_entry(number, LEVELS[number % len(LEVELS)], crashes_left=1_000_000)
        os.write(said, b"s %d\n" % number)
        (answer,) = await buffer.append([entry])
        assert answer.error is None
        os.write(said, b"a %d\n" % number)
        if lane.view(0.0, 0).depth > WAITING_MAX:
            room.clear()
            await room.wait()


async def _settle(buffer: Buffer, room: asyncio.Event, said: int) -> None:
    """Settles what waits, and leaves enough that a kill always finds work."""
    lane = buffer.lane("echo/x", "echo")

    def final(entry: Entry) -> None:
        os.write(said, b"f %d\n" % int(entry.request.id[4:]))

    while True:
        spare = lane.view(0.0, 0).depth - IN_FLIGHT_MIN
        entries = await lane.claim(min(32, spare), CLOCK.monotonic()) if spare > 0 else []
        if lane.view(0.0, 0).depth <= WAITING_MAX:
            room.set()
        if not entries:
            await lane.changed()
            continue
        for entry in entries:
            entry.on_done = final
        outcomes = [(entry, entry.epoch, succeeded(entry, answer_of(entry.request.id))) for entry in entries]
        await buffer.settle(outcomes)


# ---- the one that kills


@dataclass
class Told:
    """What killed processes had been told, by the numbers of the requests."""

    sent: set[int] = field(default_factory=set)
    accepted: set[int] = field(default_factory=set)
    final: set[int] = field(default_factory=set)
    _own_final: int = 0

    def take(self, line: bytes) -> None:
        kind, number = line[:1], int(line[1:])
        {b"s": self.sent, b"a": self.accepted, b"f": self.final}[kind].add(number)
        # What an earlier process left becomes final here, too.
        self._own_final += kind == b"f" and number in self.sent

    @property
    def in_flight(self) -> int:
        """Sent by this process, and not final."""
        return len(self.sent) - self._own_final


@dataclass
class Outcome:
    """What came of all kills."""

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    unexpected: int = 0
    in_flight_min: int = 10**9
    stalls: int = 0
    """Processes that stood still and ended by themselves, as hard as by a kill; the audit is the same."""


def kill_one(context: ForkServerContext, folder: Path, first: int, store: str, facts: int) -> tuple[Told, int]:
    """Runs a child and kills it after that many facts, once enough is in flight; (all that it said, how much was).

    How much is -1 where the child ended by itself.
    """
    reads, writes = context.Pipe(duplex=False)
    process = context.Process(target=child, args=(str(folder), first, store, writes), daemon=True)
    process.start()
    writes.close()
    told, in_flight = Told(), -1
    with os.fdopen(os.dup(reads.fileno()), "rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                told.take(line)
            facts -= 1
            if facts <= 0 and told.in_flight >= IN_FLIGHT_MIN:
                in_flight = told.in_flight
                break
        process.kill()
        for line in lines:
            if line.endswith(b"\n"):
                told.take(line)
    process.join()
    reads.close()
    return told, in_flight


async def audit(folder: Path, told: Told, open_before: set[int], sent: set[int]) -> tuple[int, int, set[int]]:
    """Opens the folder; (lost, unexpected, what is open now). `open_before` was accepted and unfinished earlier."""
    buffer: SqliteBuffer = shipped(folder)
    recovered = {int(entry.request.id[4:]) for entry in await bounded(buffer.open())}
    lost = 0
    try:
        for number in (told.accepted | open_before) - recovered:
            entry = await bounded(buffer.get("local", request_id(number)))
            lost += entry is None or entry.state is not RequestState.SUCCEEDED or not _right(entry, number)
        lost += len(told.final & recovered)
    finally:
        await buffer.close()
    return lost, len(recovered - sent), recovered


def _right(entry: Entry, number: int) -> bool:
    reply = entry.result.reply if entry.result is not None else None
    return reply is not None and reply.payload is not None and reply.payload.data == answer_of(request_id(number))


def run(folder: Path, kills: int, seed: int, store: str = "shipped") -> Outcome:
    """That many kills, with an audit after each."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    rng = random.Random(seed)
    outcome, open_now, sent = Outcome(), set[int](), set[int]()
    for kill in range(kills):
        told, in_flight = kill_one(context, folder, 1 + kill * 1_000_000, store, rng.randint(60, 900))
        sent |= told.sent
        lost, unexpected, open_now = asyncio.run(audit(folder, told, open_now, sent))
        outcome.kills += 1
        outcome.acknowledged += len(told.accepted)
        outcome.lost += lost
        outcome.unexpected += unexpected
        if in_flight < 0:
            outcome.stalls += 1
        else:
            outcome.in_flight_min = min(outcome.in_flight_min, in_flight)
        if kill % 100 == 99:
            print(f"  {kill + 1} kills, acknowledged {outcome.acknowledged}, lost {outcome.lost}", file=sys.stderr)
    return outcome


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--store", choices=sorted(STORES), default="shipped", help="whose log it is")
    parser.add_argument("--seed", type=int, default=20261)
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}, store {arguments.store}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "store"
        outcome = run(folder, arguments.kills, arguments.seed, arguments.store)
        whole = integrity(folder)
        sys.stderr.write(Path(f"{folder}.stalls").read_text())
    print(
        f"kills {outcome.kills}, acknowledged {outcome.acknowledged}, lost {outcome.lost}, "
        f"unexpected {outcome.unexpected}, integrity {whole}"
    )
    if outcome.stalls:
        print(f"stalls {outcome.stalls}: processes that stood still for {STALL_S:g} s and ended by themselves")
    return 1 if outcome.lost or outcome.unexpected or whole != "ok" else 0


if __name__ == "__main__":
    raise SystemExit(main())
