"""A request and its life, from acceptance to the state that nothing changes any more."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.refusal import make_error

State = v1.RequestState


@dataclass(eq=False)
class Job:
    """One accepted request. Its events are the truth: the state is that of the last one."""

    request: v1.InternalRequest
    asked_backend: str
    """The backend as the caller named it; `request.backend` is the one chosen."""
    tenant: str
    order: int
    """Its place in the order of acceptance."""
    durability: v1.Durability
    trace_id: str
    crashes_left: int
    errors_left: int
    deadline: datetime | None = None
    """The earlier of the request's deadline and its timeout; None waits for ever."""
    epoch: int = 0
    attempts: int = 0
    batch_size: int = 0
    result: v1.Result | None = None
    events: list[v1.RequestEvent] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at the next event, and then replaced."""
    done: asyncio.Event = field(default_factory=asyncio.Event)
    timer: asyncio.TimerHandle | None = None

    @property
    def id(self) -> str:
        """The request's id."""
        return self.request.id

    @property
    def state(self) -> State:
        """Where it is in its life."""
        return State(self.events[-1].state) if self.events else State.UNSPECIFIED

    @property
    def final(self) -> bool:
        """Whether nothing can change it any more."""
        return self.result is not None

    @property
    def priority(self) -> int:
        """0 to 9; 5 where the caller named none."""
        return 5 if self.request.priority is None else self.request.priority

    def move(self, state: State, result: v1.Result | None = None) -> None:
        """Enters a state and tells everybody who watches."""
        self.events.append(
            v1.RequestEvent(
                request_id=self.id,
                sequence=len(self.events) + 1,
                state=state,
                at=datetime.now(UTC),
                result=result,
            )
        )
        told, self.changed = self.changed, asyncio.Event()
        told.set()

    def finish(self, state: State, *, reply: v1.Reply | None = None, error: v1.Error | None = None) -> bool:
        """Makes it final; False, and nothing else, where it is final already."""
        if self.final:
            return False
        if error is not None:
            error.trace_id = self.trace_id
        self.result = v1.Result(
            request_id=self.id,
            state=state,
            reply=reply,
            error=error,
            attempts=self.attempts,
            trace_id=self.trace_id,
        )
        if self.timer:
            self.timer.cancel()
        self.move(state, self.result)
        self.done.set()
        return True

    def succeed(self, reply: v1.Reply) -> bool:
        """SUCCEEDED with the reply."""
        return self.finish(State.SUCCEEDED, reply=reply)

    def fail(self, state: State, name: str, message: str) -> bool:
        """A final state with an error of the table."""
        return self.finish(state, error=make_error(name, message))

    def record(self, *, with_reply: bool = True) -> v1.RequestRecord:
        """All that is known of it."""
        result = self.result
        if result and not with_reply:
            result = v1.Result(
                request_id=result.request_id,
                state=result.state,
                error=result.error,
                attempts=result.attempts,
                trace_id=result.trace_id,
            )
        return v1.RequestRecord(
            request=self.request,
            state=self.state,
            result=result,
            lane=self.request.backend,
            attempts=self.attempts,
            durability=self.durability,
            created_at=self.events[0].at,
            updated_at=self.events[-1].at,
        )
