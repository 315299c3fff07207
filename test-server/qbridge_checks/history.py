"""Histories: what every client did and what it was told, in the order in which it happened.

An operation is two rows, Jepsen's way: `invoke`, then `ok`, `fail` or `info`. A timeout or a lost connection is `info`
(nobody knows whether it happened), never `fail`. A row without an end counts as `info`. A file is JSON Lines, one row a
line, so that a run that is killed leaves a history that can be judged.

Source: https://github.com/jepsen-io/history (operation types), Herlihy and Wing 1990 (invocation and response).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TextIO

import msgspec

Type = Literal["invoke", "ok", "fail", "info"]


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """One row: `process` did `f` on `key`, at `time_ns` of a clock that never goes back."""

    index: int
    process: int
    type: Type
    f: str
    key: str = ""
    value: Any = None
    time_ns: int = 0


class Call(msgspec.Struct, frozen=True):
    """An operation from its invocation to its end; `end` is None where none was seen."""

    invoke: Row
    end: Row | None

    @property
    def type(self) -> Type:
        """ok, fail or info."""
        return "info" if self.end is None else self.end.type

    @property
    def f(self) -> str:
        """What was asked."""
        return self.invoke.f

    @property
    def key(self) -> str:
        """Of what."""
        return self.invoke.key

    @property
    def value(self) -> Any:
        """What came of it, or what was asked where nothing is known."""
        return self.invoke.value if self.end is None or self.end.value is None else self.end.value

    @property
    def indices(self) -> tuple[int, ...]:
        """The rows, for a witness."""
        return (self.invoke.index,) if self.end is None else (self.invoke.index, self.end.index)


class BrokenHistory(ValueError):
    """A history that no run can have written; the message names the row and what to do."""


class History:
    """Rows in the order of their index. Raises BrokenHistory where an end has no beginning."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows: list[Row] = list(rows)
        self.calls: list[Call] = list(_paired(self.rows))

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, *names: str) -> Iterator[Call]:
        """The calls of these operations, in the order of their invocation."""
        return (call for call in self.calls if call.invoke.f in names)

    def part(self, keep: Callable[[Call], bool]) -> History:
        """The history of the calls that `keep` keeps; rows keep their index and time."""
        kept = {index for call in self.calls if keep(call) for index in call.indices}
        return History(row for row in self.rows if row.index in kept)

    def write(self, path: Path) -> None:
        """Writes JSON Lines."""
        path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in self.rows))

    @classmethod
    def read(cls, path: Path) -> History:
        """Reads JSON Lines; a last line that a kill cut off is left out. Raises BrokenHistory."""
        lines = path.read_bytes().split(b"\n")
        decode = msgspec.json.Decoder(Row).decode
        rows: list[Row] = []
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                rows.append(decode(line))
            except msgspec.DecodeError as error:
                if number >= len(lines) and not line.endswith(b"}"):
                    break
                raise BrokenHistory(f"{path}:{number}: {error}; a row is one JSON object a line.") from None
        return cls(rows)


def _paired(rows: Sequence[Row]) -> Iterator[Call]:
    """Calls in the order of their invocation: a process has one call open at a time."""
    ends: dict[int, Row] = {}
    open_by_process: dict[int, Row] = {}
    for row in rows:
        if row.type == "invoke":
            if row.process in open_by_process:
                raise BrokenHistory(f"Row {row.index}: process {row.process} invokes again before its last call ended.")
            open_by_process[row.process] = row
            continue
        began = open_by_process.pop(row.process, None)
        if began is None or began.f != row.f:
            raise BrokenHistory(f"Row {row.index}: the end of {row.f} by process {row.process} has no invocation.")
        ends[began.index] = row
    return (Call(row, ends.get(row.index)) for row in rows if row.type == "invoke")


class Ending:
    """How a recorded call ends. Without a word, and on every exception, it is `info`: nobody knows."""

    def __init__(self) -> None:
        self.type: Type = "info"
        self.value: Any = None

    def ok(self, value: Any = None) -> None:
        """It happened."""
        self.type, self.value = "ok", value

    def fail(self, value: Any = None) -> None:
        """It certainly did not happen."""
        self.type, self.value = "fail", value


class Recorder:
    """Writes a history as it happens, from any thread; with `file`, each row is on its way to disk at once."""

    def __init__(self, file: TextIO | None = None, clock_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self.rows: list[Row] = []
        self._file = file
        self._clock_ns = clock_ns
        self._lock = threading.Lock()
        self._processes = 0

    def process(self) -> int:
        """The number of a new process. One whose call ended as `info` is never used again."""
        with self._lock:
            self._processes += 1
            return self._processes

    @contextmanager
    def call(self, process: int, f: str, key: str = "", value: Any = None) -> Iterator[Ending]:
        """Records a call around a block that says how it ended."""
        ending = Ending()
        self.note(process, "invoke", f, key, value)
        try:
            yield ending
        finally:
            self.note(process, ending.type, f, key, ending.value)

    def event(self, process: int, f: str, key: str = "", value: Any = None) -> None:
        """Records something that just happened, as a call without duration."""
        with self._lock:
            for type_ in ("invoke", "ok"):
                self._append(process, type_, f, key, value)

    def note(self, process: int, type_: Type, f: str, key: str = "", value: Any = None) -> None:
        """Records one row."""
        with self._lock:
            self._append(process, type_, f, key, value)

    def _append(self, process: int, type_: Type, f: str, key: str, value: Any) -> None:
        row = Row(len(self.rows), process, type_, f, key, value, self._clock_ns())
        self.rows.append(row)
        if self._file is not None:
            self._file.write(msgspec.json.encode(row).decode() + "\n")
            self._file.flush()

    def history(self) -> History:
        """The history so far."""
        with self._lock:
            return History(self.rows)
