"""A file system that writes down everything SQLite does to it, so that any power cut can be played afterwards.

One run gives a tape of writes, truncations and syncs, file by file. A cut at any place of the tape leaves what was
synced by then, and of the rest whatever the disk had a mind to keep: nothing, everything, some of it, a part of a
write. That is what a power cut may leave (Zheng et al. 2013, "Understanding the robustness of SSDs under power fault").
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import apsw

SECTOR = 512
"""A disk writes whole sectors: a torn write ends at one."""

Kept = Literal["nothing", "everything", "some"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that was done to a file; `data` is what was written, `size` what it was cut to."""

    kind: Literal["write", "truncate", "sync", "delete"]
    file: str
    offset: int = 0
    data: bytes = b""


@dataclass
class Tape:
    """All events of a run, in order. `folder` is the one that counts; other files pass unseen."""

    folder: Path
    events: list[Event] = field(default_factory=list)

    def note(
        self, kind: Literal["write", "truncate", "sync", "delete"], path: str, offset: int = 0, data: bytes = b""
    ) -> None:
        if Path(path).parent == self.folder and not path.endswith("-shm"):
            self.events.append(Event(kind, Path(path).name, offset, data))

    @property
    def place(self) -> int:
        """How many events there are: a promise made now must hold for a cut at this place or later."""
        return len(self.events)

    def cut(self, place: int, kept: Kept, rng: random.Random) -> dict[str, bytes]:
        """File -> what it holds after a power cut behind the first `place` events."""
        files: dict[str, _File] = {}
        for event in self.events[:place]:
            files.setdefault(event.file, _File()).take(event)
        return {name: file.after(kept, rng) for name, file in files.items() if file.there}


class _File:
    """What of a file is on the disk for sure, and what is on its way."""

    def __init__(self) -> None:
        self.synced = bytearray()
        self.waiting: list[Event] = []
        self.there = True

    def take(self, event: Event) -> None:
        self.there = event.kind != "delete"
        if event.kind == "delete":
            self.synced, self.waiting = bytearray(), []
        elif event.kind == "sync":
            for waiting in self.waiting:
                _apply(self.synced, waiting)
            self.waiting.clear()
        else:
            self.waiting.append(event)

    def after(self, kept: Kept, rng: random.Random) -> bytes:
        image = bytearray(self.synced)
        for event in self.waiting:
            if kept == "everything" or (kept == "some" and rng.random() < 0.5):
                torn = kept == "some" and event.kind == "write" and rng.random() < 0.2
                _apply(image, event, rng.randrange(0, len(event.data) + 1, SECTOR) if torn else None)
        return bytes(image)


def _apply(image: bytearray, event: Event, size: int | None = None) -> None:
    if event.kind == "truncate":
        del image[event.offset :]
        return
    data = event.data[:size]
    if len(image) < event.offset:
        image.extend(bytes(event.offset - len(image)))
    image[event.offset : event.offset + len(data)] = data


@contextmanager
def recording(folder: Path) -> Iterator[Tape]:
    """Puts a tape under every database that is opened meanwhile."""
    tape = Tape(folder)
    files = _Recorder(tape)
    try:
        yield tape
    finally:
        files.unregister()


class _Recorder(apsw.VFS):
    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._real = apsw.vfs_names()[0]
        super().__init__("recorder", self._real, makedefault=True)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        return _Recorded(self._real, name, flags, self._tape)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        self._tape.note("delete", filename)


class _Recorded(apsw.VFSFile):
    def __init__(self, real: str, name: str | apsw.URIFilename | None, flags: list[int], tape: Tape) -> None:
        self._tape = tape
        self._path = name.filename() if isinstance(name, apsw.URIFilename) else (name or "")
        super().__init__(real, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        super().xWrite(data, offset)
        self._tape.note("write", self._path, offset, bytes(data))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        super().xTruncate(newsize)
        self._tape.note("truncate", self._path, newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        self._tape.note("sync", self._path)
