"""The reader: answers from the log on a thread of its own, so that no read waits for the writer or holds the loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import apsw

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import ErrorCode, RequestState
from qbridge_server.buffer.database import open_for_reading
from qbridge_server.buffer.lookup import find_by_id, list_finished
from qbridge_server.buffer.record import BrokenRecord
from qbridge_server.ports import Clock, Entry

log = logging.getLogger("qbridge.server.buffer")
_T = TypeVar("_T")


class Reader:
    """One thread with one read-only connection, opened when first asked."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._db: apsw.Connection | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="qbridge-read")

    async def get(self, tenant: str, request_id: str) -> Entry | None:
        """The stored request. Raises BridgeError DATA_LOSS where its record is damaged."""
        return await self._do(lambda db: find_by_id(db, self._clock, tenant, request_id))

    async def list(self, tenant: str, backend: str, state: RequestState | None, before: str, limit: int) -> list[Entry]:
        """The tenant's settled requests, newest first."""
        return await self._do(lambda db: list_finished(db, self._clock, tenant, backend, state, before, limit))

    async def close(self) -> None:
        """Closes the connection and ends the thread."""
        if self._db is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._db.close)
        self._thread.shutdown(wait=False)

    async def _do(self, read: Callable[[apsw.Connection], _T]) -> _T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, read)
        except (BrokenRecord, apsw.CorruptError, apsw.NotADBError) as error:
            log.error("a stored request is damaged", extra={"reason": str(error)})
            message = "The stored record of the request is damaged; it is isolated, others are served."
            raise BridgeError.of(ErrorCode.DATA_LOSS, message) from error
        except UnicodeEncodeError as error:
            raise BridgeError.of(ErrorCode.INVALID_ARGUMENT, "What is looked for is no Unicode text.") from error

    def _read(self, read: Callable[[apsw.Connection], _T]) -> _T:
        if self._db is None:
            self._db = open_for_reading(self._folder)
        return read(self._db)
