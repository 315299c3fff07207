"""A file system under SQLite whose syncs wait, and whose writes and syncs fail, when a test says so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import apsw

from .making import WAIT_S


class Disk:
    """The switches of the faulty disk. All are off at first."""

    def __init__(self) -> None:
        self.full = False
        self.sync_fails = False
        self.syncs = 0
        self.syncing = threading.Event()
        """Set when a sync has begun."""
        self._go_on = threading.Event()
        self._go_on.set()

    def hold_syncs(self) -> None:
        """Makes the next sync wait for `let_sync`."""
        self.syncing.clear()
        self._go_on.clear()

    def let_sync(self) -> None:
        self._go_on.set()

    def sync(self) -> None:
        self.syncs += 1
        self.syncing.set()
        assert self._go_on.wait(WAIT_S), "nobody let the sync go on"
        if self.sync_fails:
            raise apsw.IOError("the disk did not take it")

    def write(self) -> None:
        if self.full:
            raise apsw.FullError("no space")


@contextmanager
def faulty_disk() -> Iterator[Disk]:
    """Puts a Disk under every database opened meanwhile."""
    disk = Disk()
    vfs = _Files(disk)
    try:
        yield disk
    finally:
        disk.full = disk.sync_fails = False
        disk.let_sync()
        vfs.unregister()


class _Files(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._real = apsw.vfs_names()[0]
        super().__init__("faulty", self._real, makedefault=True)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        return _File(self._real, name, flags, self._disk)


class _File(apsw.VFSFile):
    def __init__(self, real: str, name: str | apsw.URIFilename | None, flags: list[int], disk: Disk) -> None:
        self._disk = disk
        super().__init__(real, name, flags)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.sync()
        super().xSync(flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.write()
        super().xWrite(data, offset)
