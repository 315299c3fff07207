"""What the bridge in memory knows of its requests."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import UTC, datetime

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import (
    Accepted,
    Durability,
    Error,
    ErrorCode,
    InternalRequest,
    Reply,
    RequestEvent,
    RequestRecord,
    RequestState,
    Result,
)

FINAL_STATES = {
    ErrorCode.CANCELLED: RequestState.CANCELLED,
    ErrorCode.DEADLINE_EXCEEDED: RequestState.EXPIRED,
    ErrorCode.BACKEND_LOST: RequestState.DEAD,
}
_RECORDS_MAX = 10_000


class Record:
    """One request, from acceptance to its result."""

    def __init__(self, request: InternalRequest, backend: str) -> None:
        self.request = request
        self.backend = backend
        self.trace_id = request.traceparent[3:35] if request.traceparent else ""
        self.attempts = 0
        self.result: Result | None = None
        self.events: list[RequestEvent] = []
        self.task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self.move(RequestState.QUEUED)

    @property
    def state(self) -> RequestState:
        """Where it is in its life."""
        return self.events[-1].state

    def move(self, state: RequestState) -> None:
        """A new state, and an event that says so."""
        self.events.append(
            RequestEvent(
                request_id=self.request.id,
                sequence=len(self.events) + 1,
                state=state,
                at=datetime.now(UTC),
                result=self.result,
            )
        )
        self._changed.set()
        self._changed = asyncio.Event()

    def settle(self, outcome: Reply | Error) -> None:
        """The first outcome is final; later ones change nothing."""
        if self.result is not None:
            return
        self.result = Result(request_id=self.request.id, attempts=self.attempts, trace_id=self.trace_id)
        if isinstance(outcome, Error):
            self.result.error = outcome
            self.result.state = FINAL_STATES.get(outcome.code, RequestState.FAILED)
        else:
            self.result.reply = outcome
            self.result.state = RequestState.SUCCEEDED
        self.move(self.result.state)

    async def wait_final(self) -> Result:
        """The result, once there is one."""
        while self.result is None:
            await self._changed.wait()
        return self.result

    async def wait_event(self, after: int) -> RequestEvent:
        """The event behind `after`, once there is one."""
        while len(self.events) <= after:
            await self._changed.wait()
        return self.events[after]

    def view(self, with_reply: bool = True) -> RequestRecord:
        """As the contract shows it."""
        return RequestRecord(
            request=self.request,
            state=self.state,
            result=self.result if with_reply else None,
            lane=self.backend,
            attempts=self.attempts,
            durability=Durability.MEMORY,
            created_at=self.events[0].at,
            updated_at=self.events[-1].at,
        )

    def accepted(self, replayed: bool) -> Accepted:
        """The word that it is accepted."""
        return Accepted(
            request_id=self.request.id,
            durability=Durability.MEMORY,
            replayed=replayed,
            trace_id=self.trace_id,
        )


class Records:
    """All requests, by id and by idempotency key; the oldest final ones are forgotten beyond 10,000."""

    def __init__(self) -> None:
        self._by_id: OrderedDict[str, Record] = OrderedDict()
        self._by_key: dict[str, Record] = {}

    def find_repeat(self, request: InternalRequest) -> Record | None:
        """The earlier request that this one repeats. Raises IDEMPOTENCY_CONFLICT where it differs."""
        earlier = self._by_key.get(request.idempotency_key or request.id)
        if earlier is not None and earlier.request.operation != request.operation:
            raise BridgeError.of(
                ErrorCode.IDEMPOTENCY_CONFLICT,
                f"the key {request.idempotency_key or request.id!r} was used before with another body",
            )
        return earlier

    def add(self, record: Record) -> None:
        """Keeps a new request."""
        self._by_id[record.request.id] = record
        self._by_key[record.request.idempotency_key or record.request.id] = record
        while len(self._by_id) > _RECORDS_MAX:
            _, oldest = self._by_id.popitem(last=False)
            self._by_key.pop(oldest.request.idempotency_key or oldest.request.id, None)

    def get(self, request_id: str) -> Record:
        """One request. Raises NOT_FOUND."""
        record = self._by_id.get(request_id)
        if record is None:
            raise BridgeError.of(ErrorCode.NOT_FOUND, f"request {request_id!r} is not known")
        return record

    def newest_first(self) -> list[Record]:
        """All of them."""
        return list(reversed(self._by_id.values()))
