"""A scripted run of a durable buffer, what it was promised meanwhile, and the audit of what is left of its folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import apsw

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import Durability, ErrorCode, HealthState, RequestState
from qbridge_server.buffer import BufferLimits, SqliteBuffer
from qbridge_server.buffer.database import FILE
from qbridge_server.ports import Entry

from .making import CLOCK, bounded, make_entry, succeeded

LIMITS = BufferLimits()
Store = Callable[[Path], SqliteBuffer]


def shipped(folder: Path) -> SqliteBuffer:
    """The store that people run."""
    return SqliteBuffer(folder, CLOCK, LIMITS)


@dataclass
class Promises:
    """What callers were told, and when: request id -> the place of `now` at that moment."""

    now: Callable[[], int] = lambda: 0
    accepted: dict[str, int] = field(default_factory=dict)
    final: dict[str, int] = field(default_factory=dict)

    def upto(self, place: int) -> tuple[set[str], set[str]]:
        """(accepted, final) as told by then."""
        told = [{request_id for request_id, at in each.items() if at <= place} for each in (self.accepted, self.final)]
        return told[0], told[1]


def answer_of(request_id: str) -> bytes:
    """The result that the script gives to a request."""
    return f"result of {request_id}".encode()


async def run_script(buffer: SqliteBuffer, promises: Promises, steps: int = 200) -> None:
    """Appends in groups of one to five, settles what waits now and then; stops at the first refusal."""
    number = 0
    for step in range(steps):
        if step % 3 == 2:
            if not await _settle(buffer, promises):
                return
            continue
        entries = [make_entry(number + each, Durability.DISK, data=bytes(300)) for each in range(1 + step % 5)]
        number += len(entries)
        for appended in await bounded(buffer.append(entries)):
            if appended.error is not None:
                return
            promises.accepted[appended.entry.request.id] = promises.now()


async def _settle(buffer: SqliteBuffer, promises: Promises) -> bool:
    """Settles half of what waits; False where the store takes no more."""
    lane = buffer.lane("echo/x", "echo")
    claimed = await bounded(lane.claim(6, CLOCK.monotonic()))

    def told(entry: Entry) -> None:
        if entry.state is RequestState.SUCCEEDED:
            promises.final[entry.request.id] = promises.now()

    for entry in claimed:
        entry.on_done = told
    outcomes = [(entry, entry.epoch, succeeded(entry, answer_of(entry.request.id))) for entry in claimed]
    try:
        await bounded(buffer.settle(outcomes))
    except BridgeError:
        return False
    return not buffer.health()[1]


async def audit(folder: Path, accepted: set[str], final: set[str], store: Store = shipped) -> Counter[str]:
    """Opens the folder as a restart does, and holds it to the promises.

    Counts: served, lost (promised and not there), wrong (a result that was never given), reported (DATA_LOSS by name),
    announced (not there, and the health says that the log was damaged).
    """
    found: Counter[str] = Counter()
    buffer = store(folder)
    try:
        recovered = await bounded(buffer.open())
    except BridgeError as error:
        if error.code is not ErrorCode.DATA_LOSS:
            raise
        return Counter(reported=len(accepted))
    try:
        unfinished = {entry.request.id for entry in recovered}
        for request_id in sorted(accepted):
            found[await _look(buffer, request_id, request_id in final, request_id in unfinished)] += 1
        if buffer.health()[0] is HealthState.DEGRADED:
            found["announced"], found["lost"] = found["lost"], 0
    finally:
        await buffer.close()
    return found


async def _look(buffer: SqliteBuffer, request_id: str, was_final: bool, is_unfinished: bool) -> str:
    try:
        entry = await bounded(buffer.get("local", request_id))
    except BridgeError as error:
        if error.code is not ErrorCode.DATA_LOSS:
            raise
        return "reported"
    if entry is None:
        return "lost"
    if entry.result is None:
        return "lost" if was_final or not is_unfinished else "served"
    payload = entry.result.reply.payload if entry.result.reply is not None else None
    given = payload is not None and payload.data == answer_of(request_id)
    return "served" if given else "wrong"


def integrity(folder: Path) -> str:
    """What SQLite says of the file."""
    db = apsw.Connection(str(folder / FILE))
    try:
        return str(db.pragma("integrity_check"))
    except apsw.Error as error:
        return str(error)
    finally:
        db.close()


def write_images(folder: Path, images: dict[str, bytes]) -> None:
    """Makes a folder that holds these files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, image in images.items():
        (folder / name).write_bytes(image)
