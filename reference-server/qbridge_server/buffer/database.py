"""The log's file: who may open it, how it is opened, and what its tables are.

Times in the tables are Unix time in seconds, or in microseconds where the name says `us`. `request` is
written at acceptance, `settlement` at the end: a request without a settlement is unfinished. The
settlement is result, effect record and acknowledgement in one row. `lease` notes the attempts of
unfinished requests; a missing row means none.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import ErrorCode
from qbridge_server.buffer.wal import set_aside_damage

FILE = "requests.db"
LOCK = "requests.lock"

SQLITE_MIN = (3, 51, 3)
"""3.7.0 to 3.51.2 can corrupt a WAL that is reset while it is written."""

TABLES_1 = """
CREATE TABLE request (
  row INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  request_id TEXT NOT NULL,
  key TEXT,
  backend TEXT NOT NULL,
  accepted_us INTEGER NOT NULL,
  record BLOB NOT NULL
);
CREATE UNIQUE INDEX request_by_id ON request (tenant, request_id);
CREATE UNIQUE INDEX request_by_key ON request (tenant, key) WHERE key IS NOT NULL;
CREATE INDEX request_by_age ON request (tenant, accepted_us, request_id);
CREATE TABLE settlement (
  row INTEGER PRIMARY KEY,
  state INTEGER NOT NULL,
  settled_at REAL NOT NULL,
  record BLOB NOT NULL
);
CREATE INDEX settlement_by_age ON settlement (settled_at);
CREATE TABLE lease (
  row INTEGER PRIMARY KEY,
  attempts INTEGER NOT NULL,
  held INTEGER NOT NULL,
  crashes_left INTEGER NOT NULL,
  errors_left INTEGER NOT NULL
);
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counter VALUES ('run', 0);
"""


def _make_tables(db: apsw.Connection) -> None:
    db.execute(TABLES_1)


MIGRATIONS: tuple[Callable[[apsw.Connection], None], ...] = (_make_tables,)
"""Step n brings a file from version n to n + 1 (`PRAGMA user_version`), in one transaction."""


class FolderLock:
    """The folder's owner: one process, one buffer. The kernel frees it when the process ends, in any way."""

    def __init__(self, folder: Path) -> None:
        """Raises BridgeError FAILED_PRECONDITION where somebody else holds the folder."""
        self._file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            message = f"Another process or connection uses {folder}: close it, or name another folder."
            raise BridgeError.of(ErrorCode.FAILED_PRECONDITION, message) from error

    def close(self) -> None:
        """Gives the folder back."""
        os.close(self._file)


def open_for_writing(folder: Path) -> apsw.Connection:
    """The writer's connection, on tables of this version. Raises BridgeError, apsw.Error.

    WAL, so that readers and the writer do not wait for each other. No mmap: a write error through a
    map is a signal, not an error code. Checkpoints are the writer's own, so that their errors are seen.
    """
    if tuple(map(int, apsw.sqlite_lib_version().split("."))) < SQLITE_MIN:
        message = f"SQLite {apsw.sqlite_lib_version()} can corrupt its log: install apsw 3.51.3 or newer."
        raise BridgeError.of(ErrorCode.FAILED_PRECONDITION, message)
    db = apsw.Connection(str(folder / FILE))
    db.set_busy_timeout(5_000)
    if db.pragma("journal_mode", "WAL") != "wal":
        message = f"{folder} does not allow a write-ahead log: use a local file system."
        raise BridgeError.of(ErrorCode.FAILED_PRECONDITION, message)
    db.pragma("synchronous", "FULL")
    db.pragma("mmap_size", 0)
    db.wal_autocheckpoint(0)
    set_aside_damage(db, folder / FILE)
    _migrate(db, folder)
    return db


def open_for_reading(folder: Path) -> apsw.Connection:
    """A connection that sees what is committed, and cannot write."""
    db = apsw.Connection(str(folder / FILE), flags=apsw.SQLITE_OPEN_READONLY)
    db.set_busy_timeout(5_000)
    db.pragma("mmap_size", 0)
    return db


@contextmanager
def transaction(db: apsw.Connection) -> Iterator[None]:
    """A whole write transaction: it takes the write lock at its start, and all of it holds or none."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def begin_run(db: apsw.Connection) -> int:
    """The number of this run: 1, 2, 3, ... each time that the file is opened for writing."""
    with transaction(db):
        db.execute("UPDATE counter SET value = value + 1 WHERE name = 'run'")
        run = db.execute("SELECT value FROM counter WHERE name = 'run'").get
    if run is None:
        raise apsw.CorruptError("the number of the last run is missing")
    return int(run)


def _migrate(db: apsw.Connection, folder: Path) -> None:
    version = int(db.pragma("user_version"))
    if version > len(MIGRATIONS):
        message = f"{folder} was written by a newer version (form {version}): use that version or a newer one."
        raise BridgeError.of(ErrorCode.FAILED_PRECONDITION, message)
    for step in range(version, len(MIGRATIONS)):
        with transaction(db):
            MIGRATIONS[step](db)
            db.pragma("user_version", step + 1)
