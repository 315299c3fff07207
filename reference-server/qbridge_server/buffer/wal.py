"""SQLite's write-ahead log as a file: whether something that was committed lies behind damage.

SQLite takes the first frame whose checksum is wrong for the end of its log. After a crash that is right: a frame was
under way. But damage at rest cuts off commits, too, and the next write goes over them. So before the first write,
frames of the same generation behind that end are looked for; where one of them ends a commit, the log is set aside.

Source: https://sqlite.org/fileformat2.html#the_write_ahead_log
"""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path
from struct import Struct

import apsw

log = logging.getLogger("qbridge.server.buffer")

SET_ASIDE = ".damaged-"
_HEADER = Struct(">IIII8s8s")
_FRAME = Struct(">II8s8s")
_MAGIC = 0x377F0682


def set_aside_damage(db: apsw.Connection, path: Path) -> None:
    """Copies the log of the database at `path` where commits are cut off in it; before anything is written."""
    wal = path.with_name(path.name + "-wal")
    if not wal.exists() or not wal.stat().st_size:
        return
    db.execute("SELECT count(*) FROM sqlite_schema").fetchall()  # SQLite reads its log now, and finds its end.
    frames_read, _ = db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)
    cut_off = commits_behind(wal, max(0, frames_read))
    if cut_off:
        copy = _copy(wal)
        log.critical("the log is damaged: %d commits behind the damage are kept in %s", cut_off, copy)


def set_aside(path: Path) -> list[Path]:
    """The logs that were set aside and are still there."""
    return sorted(path.parent.glob(f"{path.name}-wal{SET_ASIDE}*"))


def commits_behind(wal: Path, frames_read: int) -> int:
    """How many commits of the log's generation end behind the frames that SQLite reads."""
    with wal.open("rb") as file:
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return 0
        magic, _, page_size, _, salts, _ = _HEADER.unpack(header)
        whole = magic in (_MAGIC, _MAGIC + 1) and page_size in (512 << shift for shift in range(8))
        size = _FRAME.size + (page_size if whole else 4096)
        if frames_read == 0 and (first := file.read(_FRAME.size)):
            # The header may be what is damaged: then the frames know their generation themselves.
            whole = whole and _FRAME.unpack(first)[2] == salts if len(first) == _FRAME.size else whole
            salts = salts if whole else first[8:16]
        file.seek(_HEADER.size + frames_read * size)
        commits = 0
        while len(head := file.read(_FRAME.size)) == _FRAME.size:
            _, pages_after, frame_salts, _ = _FRAME.unpack(head)
            commits += frame_salts == salts and pages_after > 0
            file.seek(size - _FRAME.size, os.SEEK_CUR)
    return commits


def _copy(wal: Path) -> Path:
    """Copies the log beside itself, and to the disk, under the next free name."""
    number = 1
    while (copy := wal.with_name(f"{wal.name}{SET_ASIDE}{number}")).exists():
        number += 1
    with wal.open("rb") as source, copy.open("xb") as target:
        shutil.copyfileobj(source, target)
        target.flush()
        os.fsync(target.fileno())
    return copy
