"""Data sets that cases load by name: real vectors with labels and metadata, the same on every run.

`digits`: 1,797 handwritten digits of the UCI repository, 64 numbers each, from `cases/data/digits.csv.gz`.
`topics`: the reference topics of the standard library's `pydoc_data`, each as the hashed counts of its words.
"""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import io
import math
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

TOPICS_DIMENSION = 256
_WORD = re.compile(r"[a-z]{2,}")


@dataclass(frozen=True, slots=True)
class DataSet:
    """Rows of equal length, each with an id, a label and metadata."""

    ids: tuple[str, ...]
    vectors: tuple[tuple[float, ...], ...]
    labels: tuple[str, ...]
    metadata: tuple[dict[str, Any], ...]

    def document(self, start: int, count: int | None, prefix: str) -> dict[str, Any]:
        """The rows from `start` on, as cases use them; `f32le` is base64 of all numbers, row by row."""
        rows = slice(start, None if count is None else start + count)
        vectors = self.vectors[rows]
        dimension = len(self.vectors[0])
        packed = b"".join(struct.pack(f"<{dimension}f", *vector) for vector in vectors)
        return {
            "ids": [prefix + row for row in self.ids[rows]],
            "labels": list(self.labels[rows]),
            "metadata": [dict(row) for row in self.metadata[rows]],
            "values": [list(vector) for vector in vectors],
            "f32le": base64.b64encode(packed).decode(),
            "dimension": dimension,
            "count": len(vectors),
            "shape": [len(vectors), dimension],
        }


def load_data(name: str, folder: Path) -> DataSet:
    """A data set by its name. Raises LookupError for an unknown one, FileNotFoundError for a missing file."""
    if name == "topics":
        return _topics()
    file = folder / f"{name}.csv.gz"
    if not file.is_file():
        raise FileNotFoundError(f"The data set {name!r} needs {file}, which is not there.")
    return _table(name, file)


@lru_cache(maxsize=4)
def _table(name: str, file: Path) -> DataSet:
    """A table whose last column is the label."""
    text = gzip.decompress(file.read_bytes()).decode()
    rows = [[float(cell) for cell in row] for row in csv.reader(io.StringIO(text)) if row]
    labels = tuple(str(int(row[-1])) for row in rows)
    return DataSet(
        ids=tuple(f"{name[:-1]}-{number:04}" for number in range(len(rows))),
        vectors=tuple(tuple(row[:-1]) for row in rows),
        labels=labels,
        metadata=tuple(
            {"label": int(label), "even": int(label) % 2 == 0, "row": number} for number, label in enumerate(labels)
        ),
    )


@lru_cache(maxsize=1)
def _topics() -> DataSet:
    from pydoc_data.topics import topics

    names = sorted(topics)
    return DataSet(
        ids=tuple(names),
        vectors=tuple(hashed(topics[name]) for name in names),
        labels=tuple(names),
        metadata=tuple(
            {"topic": name, "initial": name[0].lower(), "length": len(topics[name]), "long": len(topics[name]) > 5000}
            for name in names
        ),
    )


def hashed(text: str, dimension: int = TOPICS_DIMENSION) -> tuple[float, ...]:
    """The words of a text as a unit vector: each word adds its sign at the place that its hash says."""
    counts = [0.0] * dimension
    for word in _WORD.findall(text.lower()):
        digest = hashlib.blake2b(word.encode(), digest_size=8).digest()
        place = int.from_bytes(digest[:4], "little") % dimension
        counts[place] += 1.0 if digest[4] & 1 else -1.0
    length = math.sqrt(sum(count * count for count in counts)) or 1.0
    return tuple(struct.unpack("<f", struct.pack("<f", count / length))[0] for count in counts)


def rows_of(matches: dict[str, Any]) -> list[list[str]]:
    """The ids that each query found, from the columns of VectorMatches."""
    rows: list[list[str]] = []
    at = 0
    ids: Sequence[str] = matches.get("ids", [])
    for count in matches.get("counts", []):
        rows.append(list(ids[at : at + count]))
        at += count
    return rows
