"""The collections on disk: SQLite, one owner, one thread, one transaction a batch, synced before it is answered.

Only the store's thread calls it. Each vector has a checksum; one that fails is reported and left out, not served.
Row numbers ascend and are never given out twice, not even after a deletion and a restart.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw
import numpy as np

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import ErrorCode, Metric
from qbridge_server.backends.checks import Matrix
from qbridge_server.backends.vector.collection import Collection
from qbridge_server.backends.vector.columns import Slots

log = logging.getLogger("qbridge.server.backends.vector")

VERSION = 1
LOADED_AT_ONCE = 2048
"""Vectors that go from the store into memory in one step."""
EFFECTS_MAX = 100_000
"""Effects that are remembered; the oldest go first."""

SCHEMA = """
CREATE TABLE collection (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  dimension INTEGER NOT NULL,
  metric TEXT NOT NULL
) STRICT;
CREATE TABLE vector (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  collection INTEGER NOT NULL,
  id TEXT NOT NULL,
  numbers BLOB NOT NULL,
  metadata BLOB NOT NULL,
  checksum INTEGER NOT NULL,
  UNIQUE (collection, id)
) STRICT;
CREATE TABLE effect (
  number INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  operation BLOB NOT NULL,
  reply BLOB NOT NULL
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """Vectors of one collection as read from the store; rows ascend."""

    rows: list[int]
    ids: list[str]
    matrix: Matrix
    metadata: list[bytes]


def checksum_of(collection: int, id_: str, numbers: bytes, metadata: bytes) -> int:
    """The checksum of a stored vector."""
    return zlib.crc32(metadata, zlib.crc32(numbers, zlib.crc32(f"{collection}/{id_}/".encode())))


class Store:
    """A SQLite file, or memory where `path` is None.

    Raises BridgeError FAILED_PRECONDITION where another process owns the file or a newer program wrote it.
    """

    def __init__(self, path: Path | None) -> None:
        self.corrupt = 0
        """Vectors whose checksum failed."""
        self._path = path
        self._connection = apsw.Connection(str(path) if path else ":memory:")
        try:
            self._prepare()
        except apsw.BusyError:
            self._connection.close()
            raise self._refused("is in use by another process; stop that one or take another folder") from None
        except apsw.NotADBError:
            self._connection.close()
            raise self._refused("is no SQLite file; move it away or take another folder") from None
        self._next_row = self._value("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name='vector'") + 1

    def _refused(self, reason: str) -> BridgeError:
        return BridgeError.of(ErrorCode.FAILED_PRECONDITION, f"The vector store {self._path} {reason}.")

    def _prepare(self) -> None:
        run = self._connection.execute
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("BEGIN EXCLUSIVE")
        version = self._value("PRAGMA user_version")
        if version == 0:
            run(SCHEMA)
            run(f"PRAGMA user_version = {VERSION}")
        run("COMMIT")
        if version > VERSION:
            self._connection.close()
            raise self._refused(f"has layout {version}; this program knows {VERSION}: update it")

    def _value(self, sql: str, bindings: Sequence[apsw.SQLiteValue] = ()) -> int:
        return int(self._connection.execute(sql, bindings).get or 0)

    def transaction(self) -> apsw.Connection:
        """A context: what is written in it is committed and synced together, or not at all."""
        return self._connection

    def collections(self) -> list[Collection]:
        """The collections, empty of vectors."""
        sql = "SELECT number, name, dimension, metric FROM collection ORDER BY number"
        return [
            Collection(int(number), str(name), int(dimension), Metric[str(metric)])
            for number, name, dimension, metric in self._connection.execute(sql)
        ]

    def vectors(self, collection: Collection) -> Iterator[Stored]:
        """The vectors of a collection, by row."""
        sql = "SELECT row, id, numbers, metadata, checksum FROM vector WHERE collection = ? ORDER BY row"
        found: list[tuple[int, str, bytes, bytes]] = []
        for row, id_, numbers, metadata, checksum in self._connection.execute(sql, (collection.number,)):
            good = checksum == checksum_of(collection.number, id_, numbers, metadata)
            if not good or len(numbers) != 4 * collection.dimension:
                self.corrupt += 1
                log.error("stored vector is corrupt", extra={"collection": collection.name, "row": row})
                continue
            found.append((row, id_, numbers, metadata))
            if len(found) == LOADED_AT_ONCE:
                yield _stored(found, collection.dimension)
                found = []
        if found:
            yield _stored(found, collection.dimension)

    def create(self, name: str, dimension: int, metric: Metric) -> Collection:
        """Makes a collection."""
        sql = "INSERT INTO collection (name, dimension, metric) VALUES (?, ?, ?)"
        self._connection.execute(sql, (name, dimension, metric.name))
        return Collection(self._connection.last_insert_rowid(), name, dimension, metric)

    def drop(self, collection: Collection) -> None:
        """Deletes a collection with its vectors."""
        self._connection.execute("DELETE FROM vector WHERE collection = ?", (collection.number,))
        self._connection.execute("DELETE FROM collection WHERE number = ?", (collection.number,))

    def write(self, collection: int, ids: Sequence[str], matrix: Matrix, metadata: Sequence[bytes]) -> Slots:
        """Writes vectors, replacing those of the same id; answers their rows."""
        first = self._next_row
        self._next_row += len(ids)
        width = 4 * matrix.shape[1]
        numbers = matrix.astype("<f4", copy=False).tobytes()

        def rows() -> Iterator[tuple[int, int, str, bytes, bytes, int]]:
            for place, id_ in enumerate(ids):
                data = numbers[place * width : (place + 1) * width]
                meta = metadata[place] if metadata else b"{}"
                yield first + place, collection, id_, data, meta, checksum_of(collection, id_, data, meta)

        self._connection.executemany("INSERT OR REPLACE INTO vector VALUES (?, ?, ?, ?, ?, ?)", rows())
        return np.arange(first, self._next_row)

    def delete(self, collection: int, ids: Iterable[str]) -> int:
        """Deletes vectors by id; answers how many there were."""
        before = self._connection.total_changes()
        sql = "DELETE FROM vector WHERE collection = ? AND id = ?"
        self._connection.executemany(sql, ((collection, id_) for id_ in ids))
        return self._connection.total_changes() - before

    def effect(self, key: str, operation: bytes) -> bytes | None:
        """The reply of an effect that took place already: the same key and the same operation."""
        found = self._connection.execute("SELECT operation, reply FROM effect WHERE key = ?", (key,)).fetchone()
        return bytes(found[1]) if found and found[0] == operation else None

    def record(self, key: str, operation: bytes, reply: bytes) -> None:
        """Remembers an effect, in the transaction that makes it."""
        sql = "INSERT OR REPLACE INTO effect (key, operation, reply) VALUES (?, ?, ?)"
        self._connection.execute(sql, (key, operation, reply))
        newest = self._connection.last_insert_rowid()
        self._connection.execute("DELETE FROM effect WHERE number <= ?", (newest - EFFECTS_MAX,))

    def close(self) -> None:
        """Gives the file back."""
        self._connection.close()


def _stored(found: list[tuple[int, str, bytes, bytes]], dimension: int) -> Stored:
    numbers = np.frombuffer(b"".join(item[2] for item in found), dtype="<f4")
    return Stored(
        rows=[item[0] for item in found],
        ids=[item[1] for item in found],
        matrix=numbers.reshape(len(found), dimension),
        metadata=[item[3] for item in found],
    )
