"""The history of runs: one file, one owner, one thread that writes it, a bound on what is kept."""

from __future__ import annotations

import asyncio
import fcntl
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Concatenate, ParamSpec, TypeVar

import apsw

from qbridge_harness.server.store import NewerHistory, Store
from qbridge_harness.usage import UsageError

log = logging.getLogger("qbridge.harness")

_P = ParamSpec("_P")
_T = TypeVar("_T")


class HistoryUnusable(UsageError):
    """The history cannot be opened; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How much is kept: the newest runs, and none older than so many days."""

    keep_runs: int = 200
    keep_days: float = 30.0


class History:
    """All reads and writes go through one thread, in order: the loop, which measures latencies, waits for no disk."""

    def __init__(self, store: Store, retention: Retention, lock: IO[bytes] | None = None) -> None:
        self._store = store
        self._retention = retention
        self._lock = lock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")
        store.interrupt()
        self._forget(store)

    @classmethod
    def open(cls, path: Path | None, retention: Retention | None = None) -> History:
        """The history in a file, or in memory for None. Raises HistoryUnusable."""
        retention = retention or Retention()
        if path is None:
            return cls(Store(":memory:"), retention)
        lock = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = _own(path)
            return cls(Store(str(path)), retention, lock)
        except (OSError, apsw.Error, NewerHistory) as error:
            if lock is not None:
                lock.close()
            raise HistoryUnusable(_sentence(path, error)) from error

    async def do(self, method: Callable[Concatenate[Store, _P], _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Calls a method of the store and waits for it."""
        call = partial(method, self._store, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    def post(self, method: Callable[Concatenate[Store, _P], _T], *args: _P.args, **kwargs: _P.kwargs) -> None:
        """Calls a method of the store without waiting; what is posted and done keeps its order."""
        self._thread.submit(method, self._store, *args, **kwargs).add_done_callback(_complain)

    async def forget(self) -> None:
        """Removes what retention no longer keeps."""
        await self.do(self._forget)

    def close(self) -> None:
        """Writes what was posted and closes the file."""
        self._thread.shutdown()
        self._store.close()
        if self._lock is not None:
            self._lock.close()

    def _forget(self, store: Store) -> None:
        store.forget(self._retention.keep_runs, self._retention.keep_days)


def _own(path: Path) -> IO[bytes]:
    """Takes the file for this process: two harnesses with one history would end each other's runs."""
    lock = path.with_name(path.name + ".lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise
    return lock


def _sentence(path: Path, error: Exception) -> str:
    if isinstance(error, BlockingIOError):
        why = "another harness uses it"
    elif isinstance(error, NewerHistory):
        why = "a newer version of the harness wrote it"
    elif isinstance(error, apsw.NotADBError):
        why = "it is no history of runs"
    else:
        why = str(error)
    return f"The history {path} cannot be opened: {why}. Name another file with --history PATH, or --history none."


def _complain(done: Future[_T]) -> None:
    error = done.exception()
    if error is not None:
        log.warning("the history was not written: %s: %s", type(error).__name__, error)
