"""Workers that attach to the bridge in memory over Execute."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from qbridge.testing._records import Record
from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import (
    AttachedBackend,
    Backend,
    BackendState,
    Error,
    ErrorCode,
    ExecuteBatch,
    ExecuteGoAway,
    ExecuteItem,
    ExecuteRequest,
    ExecuteResponse,
    Reply,
)

_BATCH_SIZE = 64
_CRASHES_MAX = 2


class RemoteBackend:
    """A registered name: requests wait here until a worker takes them."""

    def __init__(self, spec: Backend) -> None:
        self.spec = spec
        self.waiting: asyncio.Queue[Record] = asyncio.Queue(maxsize=10_000)
        self._epoch = 0

    def view(self) -> Backend:
        """As the contract shows it."""
        self.spec.state = BackendState.READY if self.spec.connections else BackendState.DISCONNECTED
        return self.spec

    async def execute(self, requests: AsyncIterator[ExecuteRequest]) -> AsyncIterator[ExecuteResponse]:
        """One attached worker: batches out, results in. What it holds when it goes is offered again."""
        leased: dict[int, Record] = {}
        leaving = asyncio.Event()
        reader = asyncio.ensure_future(self._read(requests, leased, leaving))
        farewell = asyncio.ensure_future(leaving.wait())
        self.spec.connections += 1
        try:
            yield ExecuteResponse(attached=AttachedBackend(backend=self.view()))
            while not reader.done():
                first = asyncio.ensure_future(self.waiting.get())
                await asyncio.wait([first, reader, farewell], return_when=asyncio.FIRST_COMPLETED)
                if not first.done():
                    first.cancel()
                    break
                items = [self._lease(record, leased) for record in self._bunch(first.result())]
                yield ExecuteResponse(batch=ExecuteBatch(items=items))
            if leaving.is_set():
                yield ExecuteResponse(go_away=ExecuteGoAway())
                await reader
        finally:
            self.spec.connections -= 1
            reader.cancel()
            farewell.cancel()
            await asyncio.gather(reader, farewell, return_exceptions=True)
            for record in leased.values():
                self._lost(record)

    def _bunch(self, first: Record) -> list[Record]:
        records = [first]
        while len(records) < _BATCH_SIZE and not self.waiting.empty():
            records.append(self.waiting.get_nowait())
        return records

    def _lease(self, record: Record, leased: dict[int, Record]) -> ExecuteItem:
        self._epoch += 1
        leased[self._epoch] = record
        record.attempts += 1
        request = record.request
        return ExecuteItem(
            request_id=request.id,
            epoch=self._epoch,
            operation=request.operation,
            traceparent=request.traceparent,
            deadline=request.deadline,
            attempt=record.attempts,
            effect_key=request.idempotency_key or request.id,
            labels=request.labels,
        )

    async def _read(
        self, requests: AsyncIterator[ExecuteRequest], leased: dict[int, Record], leaving: asyncio.Event
    ) -> None:
        async for request in requests:
            if request.leaving:
                leaving.set()
            for result in request.results:
                record = leased.pop(result.epoch, None)
                if record is not None:
                    outcome: Any = result.reply if result.error is None else result.error
                    record.settle(outcome if isinstance(outcome, (Reply, Error)) else Reply())

    def _lost(self, record: Record) -> None:
        if record.attempts > _CRASHES_MAX:
            record.settle(BridgeError.of(ErrorCode.BACKEND_LOST, "its worker went away too often").error)
        else:
            self.waiting.put_nowait(record)
