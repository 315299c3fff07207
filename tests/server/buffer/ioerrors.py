"""`make ioerrors`: the disk fails at the Nth call, for every N: EIO, a full disk, a write that is cut short.

Nothing is acknowledged by a sync that failed, nothing acknowledged is lost at the next start, and the store either goes
on or stops for good, and says which. SQLite's own tests do it this way (https://sqlite.org/testing.html, 3.2).
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from unittest import mock

import apsw

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import HealthState
from qbridge_server.buffer import writer

from .script import Promises, audit, integrity, run_script, shipped

Fault = Literal["eio", "full", "short"]
STEPS = 24
FULL_CALLS = 3
RETRY_S = 0.005
"""Instead of the quarter of a second after which the store tries a full disk again."""


class FailingDisk:
    """Counts writes and syncs, and fails at one of them; a full disk has room again after `FULL_CALLS`."""

    def __init__(self, fault: Fault, at: int) -> None:
        self.fault = fault
        self.at = at
        self.calls = 0
        self.bitten = False

    def turn(self) -> bool:
        """Whether this call fails."""
        self.calls += 1
        failing = self.at <= self.calls < self.at + (FULL_CALLS if self.fault == "full" else 1)
        self.bitten = self.bitten or failing
        return failing


@contextmanager
def failing(disk: FailingDisk) -> Iterator[None]:
    """Puts the disk under every database that is opened meanwhile."""
    files = _Files(disk)
    try:
        yield
    finally:
        files.unregister()


class _Files(apsw.VFS):
    def __init__(self, disk: FailingDisk) -> None:
        self._disk = disk
        self._real = apsw.vfs_names()[0]
        super().__init__("failing", self._real, makedefault=True)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        return _File(self._real, name, flags, self._disk)


class _File(apsw.VFSFile):
    def __init__(self, real: str, name: str | apsw.URIFilename | None, flags: list[int], disk: FailingDisk) -> None:
        self._disk = disk
        super().__init__(real, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        if self._disk.turn():
            if self._disk.fault == "short":
                super().xWrite(bytes(data)[: len(data) // 2], offset)
                raise apsw.IOError("the write was cut short")
            raise apsw.FullError("no space") if self._disk.fault == "full" else apsw.IOError("the disk is ill")
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802
        if self._disk.turn() and self._disk.fault != "full":
            raise apsw.IOError("the sync failed")
        super().xSync(flags)


async def fail_at(fault: Fault, at: int, folder: Path) -> tuple[Counter[str], bool]:
    """One run of the script with the fault at one call; (what came of its promises, whether the fault bit)."""
    promises, disk = Promises(), FailingDisk(fault, at)
    with failing(disk), mock.patch.object(writer, "RETRY_S", RETRY_S):
        buffer = shipped(folder)
        try:
            await buffer.open()
            await run_script(buffer, promises, STEPS)
        except (BridgeError, apsw.Error):
            pass  # It could not be opened on such a disk, and said so.
        stopped = buffer.health()[0] is HealthState.NOT_SERVING
        await buffer.close()
    found = await audit(folder, set(promises.accepted), set(promises.final))
    found["stopped"] = stopped
    found["broken files"] = integrity(folder) != "ok"
    return found, disk.bitten


async def run(fault: Fault, every: int) -> Counter[str]:
    """The fault at every `every`th call, until no call is left to fail."""
    found: Counter[str] = Counter()
    at = 1
    while True:
        with tempfile.TemporaryDirectory() as name:
            outcome, bitten = await fail_at(fault, at, Path(name) / "store")
            found += outcome
        if not bitten:
            return found
        found["faults"] += 1
        at += every


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="fail at every Nth call (default: each)")
    every = parser.parse_args().every
    logging.disable(logging.CRITICAL)
    bad = 0
    for fault in ("eio", "full", "short"):
        found = asyncio.run(run(fault, every))
        wrong = found["lost"] + found["wrong"] + found["reported"]
        bad += wrong + found["broken files"]
        whole = "broken" if found["broken files"] else "ok"
        print(
            f"{fault}: faults {found['faults']}, stops {found['stopped']}, acknowledged {found['served'] + wrong}, "
            f"lost {found['lost']}, wrong {found['wrong'] + found['reported']}, integrity {whole}"
        )
        sys.stdout.flush()
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
