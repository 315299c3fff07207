"""The seams of the server: what each room asks of the others, and the values that pass between them.

No room imports another room. A room takes the ports it needs when it is built, and `app.py`
hands it the real ones; `qbridge_server.testing` has an in-memory twin of each.

    gateway --append--> Buffer --claim--> batcher --execute--> Backend
       ^                  ^                  |
       |                  +-----settle-------+
       +----Entry.on_done----+

Values on the hot path are msgspec Structs: a dataclass takes five times as long to make.
Times are monotonic seconds of the Clock unless a name says `wall`, which is Unix time in seconds.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import msgspec

from qbridge_contract.structs import (
    Backend as BackendSpec,
    BackendState,
    Durability,
    Error,
    ExecuteResponse,
    HealthState,
    InternalRequest,
    ItemResult,
    Operation,
    Reply,
    RequestState,
    Result,
    SessionResponse,
    UpdateBackendRequest,
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: an API key and its tenant. Without keys, on loopback, everybody is `LOCAL`."""

    tenant: str
    key_id: str
    scopes: frozenset[str]


LOCAL = Caller(tenant="local", key_id="", scopes=frozenset({"call", "backend", "admin"}))


class Entry(msgspec.Struct, eq=False, kw_only=True):
    """A request on its way through the bridge: what was asked, where it is, what came of it.

    The gateway makes it, the buffer keeps it, the batcher leases it, the backend reads it.
    Only the buffer changes `state`, `order`, `epoch`, `attempts`, `events` and `result`.
    """

    request: InternalRequest
    caller: Caller
    backend: str
    lane: str
    durability: Durability
    effect_key: str
    """The key of the effect: the idempotency key, or the request id, scoped to the tenant."""
    trace_id: str
    accepted_at: float
    accepted_wall: float
    deadline: float | None = None
    """Monotonic; None waits for ever."""
    priority: int = 5
    read_only: bool = False
    crashes_left: int = 2
    errors_left: int = 0
    sampled: bool = False

    state: RequestState = RequestState.SUBMITTED
    order: int = 0
    """Its place in the order of acceptance, which the buffer gives; a released entry goes back by it."""
    epoch: int = 0
    attempts: int = 0
    result: Result | None = None
    batch_size: int = 0
    dispatch_reason: str = ""
    transport: str = "inline"
    """How its result goes back: "frame" on a session, or "inline", as the answer to a call of its own."""
    leased_at: float = 0.0
    executed_at: float = 0.0
    finished_at: float = 0.0
    request_bytes: int = 0
    result_bytes: int = 0
    """About what the request and its result hold in payload, once they are in the buffer."""
    events: list[tuple[RequestState, float]] = []
    """(state, wall time) of each change; the index + 1 is the event's sequence."""
    on_done: Callable[[Entry], None] | None = None
    """Called once, on the loop, when the state is final and as durable as the request."""
    watchers: list[Callable[[Entry], None]] | None = None
    """Called on the loop after each change of state."""


def accepted_us(entry: Entry) -> int:
    """When the entry was accepted, Unix time in microseconds: what lists sort by, then by request id."""
    return int(entry.accepted_wall * 1e6)


def place_of(entry: Entry) -> str:
    """The entry's place in its tenant's list: the page token that goes on behind it."""
    return f"{accepted_us(entry):016x}-{entry.request.id}"


PLACE = re.compile(r"[0-9a-f]{16}-req_[0-9A-HJKMNP-TV-Z]{26}")
"""What `place_of` answers."""


class Appended(msgspec.Struct, eq=False):
    """What append made of one entry: itself, or the earlier one that it repeats."""

    entry: Entry
    replayed: bool = False
    error: Error | None = None
    """QUEUE_FULL, IDEMPOTENCY_CONFLICT, UNAVAILABLE, ...: the entry was not accepted."""


class LaneView(msgspec.Struct, frozen=True, gc=False):
    """A lane as the policy sees it, in physical units."""

    depth: int
    head_age_s: float
    """Age of the oldest waiting entry since the gateway accepted it."""
    slack_s: float
    """Time to the nearest deadline among the waiting; infinity where there is none."""
    in_flight: int
    """Batches that the backend works on."""


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What to do with a lane now: send `size` entries, or look again after `wait_s` or on a change."""

    size: int
    wait_s: float = 0.0
    reason: str = ""
    """full, timer, idle or deadline: exported as a metric and shown by Explain."""


class Policy(Protocol):
    """Decides when a lane's entries become a batch. Pure: no clock, no I/O; must answer within 500 us."""

    def decide(self, view: LaneView, size_max: int, wait_s_max: float) -> Decision:
        """The decision for this view; the guard corrects what breaks the limits."""
        ...


@runtime_checkable
class Lane(Protocol):
    """The waiting entries of one backend and compatible operation, highest priority first, then oldest."""

    key: str
    backend: str

    def view(self, now: float, in_flight: int) -> LaneView:
        """The lane as the policy sees it; O(1), entries past their deadline may still be counted."""
        ...

    async def claim(self, size: int, now: float) -> list[Entry]:
        """Leases up to `size` entries: state LEASED, a new epoch, attempts + 1.

        Entries past their deadline are expired and settled here, not returned.
        """
        ...

    async def changed(self, timeout_s: float | None = None) -> None:
        """Waits for an append or a release, or for `timeout_s`. Returns at once if one came since the last claim."""
        ...

    def wake(self) -> None:
        """Ends the wait in `changed`, or the next one, as an append does."""
        ...


class Buffer(Protocol):
    """Keeps requests from acceptance to settlement, each as durable as it asks, and forgets none.

    Bounded: each lane holds `lane_items_max` waiting entries, and `lane_bytes_max` of them, and refuses the
    next with QUEUE_FULL. Final entries stay readable for `result_ttl_s` (memory) or the retention of the store.
    """

    durabilities: tuple[Durability, ...]
    """The levels that this buffer keeps, lowest first."""
    on_waiting: Callable[[str, str], None] | None
    """Told the key and backend of a lane each time that entries came into it, by an append or a release."""

    async def open(self) -> list[Entry]:
        """Takes ownership and answers what earlier runs accepted and did not settle, back in its lanes.

        Raises BridgeError FAILED_PRECONDITION where another process owns the store.
        """
        ...

    async def append(self, entries: Sequence[Entry]) -> list[Appended]:
        """Accepts entries: returns once each is as durable as it asks, and is in its lane (QUEUED).

        Memory entries cost no suspension. The same tenant and effect key with an equal operation
        answers the earlier entry with `replayed`; with another one, IDEMPOTENCY_CONFLICT.
        """
        ...

    async def settle(self, outcomes: Sequence[tuple[Entry, int, Result]]) -> None:
        """Makes results final: (entry, epoch of the lease, result). As durable as the request, then `on_done`.

        An epoch older than the entry's is refused silently (counted), a final entry stays as it is.
        """
        ...

    def release(self, entries: Sequence[tuple[Entry, int]]) -> None:
        """Puts leased entries back into their lanes (QUEUED), in their old order; older epochs are ignored."""
        ...

    def running(self, entries: Sequence[Entry]) -> None:
        """Marks leased entries RUNNING."""
        ...

    def pausing(self, entries: Sequence[tuple[Entry, int]]) -> None:
        """Marks entries RETRY_WAIT: leased under that epoch until `release`; older epochs are ignored."""
        ...

    async def cancel(self, entry: Entry) -> bool:
        """Makes an entry that is not final CANCELLED; False where it is final already, or never was accepted."""
        ...

    def lane(self, key: str, backend: str) -> Lane:
        """The lane of that key, made when first asked for."""
        ...

    def lanes(self) -> Sequence[Lane]:
        """All lanes."""
        ...

    def retire(self, lane: Lane) -> None:
        """Nobody serves the lane any more: it is forgotten if it is empty."""
        ...

    def ahead(self, entry: Entry) -> int:
        """How many entries of its lane are before it; 0 where it does not wait."""
        ...

    async def get(self, tenant: str, request_id: str) -> Entry | None:
        """The entry of that tenant's request, waiting, leased or final; None where it is not known."""
        ...

    async def list(self, tenant: str, backend: str, state: RequestState | None, before: str, limit: int) -> list[Entry]:
        """The tenant's entries, newest first by acceptance, behind the place `before` (`place_of`) if given."""
        ...

    def health(self) -> tuple[HealthState, str]:
        """How the buffer is, and what it says to a person. NOT_SERVING is for good: its log has failed."""
        ...

    async def close(self) -> None:
        """Settles what is in the writer and gives the store back. Unsettled durable entries stay in it."""
        ...


class BackendLost(Exception):
    """The backend, or its process, went away with the batch: the effect is unknown, the crash budget pays."""


class ProcessLost(BackendLost):
    """One of the processes of a backend went away; `room` waits for another, so a first retry needs no pause."""


class NotTaken(BackendLost):
    """The process went before the batch reached it: nothing ran, and no budget pays."""


Outcomes = Sequence["Reply | Error | BackendLost"]
"""What came of a batch: one outcome an entry, in order."""


class Backend(Protocol):
    """Does the work of one kind for a lane's batches."""

    spec: BackendSpec

    def lane_of(self, operation: Operation) -> str:
        """The lane's name within the backend: requests with the same name may share a batch.

        Raises BridgeError: UNIMPLEMENTED for an operation that it does not offer,
        INVALID_ARGUMENT for one that can never succeed (it is refused before acceptance).
        """
        ...

    def execute(self, batch: Sequence[Entry]) -> Awaitable[Outcomes]:
        """Does the batch: one outcome an entry, in order. One bad entry never fails its neighbours.

        A backend with `room` takes its place at the call; all else happens when the answer is awaited.
        Raises BackendLost where the whole batch's fate is unknown; answers it for single entries.
        """
        ...

    async def room(self) -> None:
        """Waits until the backend can take a batch; a backend in this process always can."""
        return

    async def probe(self) -> tuple[BackendState, str]:
        """Whether it can work now, and what it says to a person. Bounded by the caller's timeout."""
        ...

    async def open(self) -> None:
        """Makes ready; called once before the first batch."""
        ...

    async def close(self) -> None:
        """Gives everything back; called once, when no batch is in flight."""
        ...


class Attachment(Protocol):
    """One process that serves a remote backend: its batches out, its results in."""

    refused: Error | None
    """What the process did wrong, if it did: the error that its stream ends with."""

    def responses(self) -> AsyncIterator[ExecuteResponse]:
        """The batches, and the farewell, to write, until the attachment is closed."""
        ...

    def leave(self) -> None:
        """The process takes no more batches; what it has, it finishes."""
        ...

    def results(self, results: Sequence[ItemResult]) -> None:
        """Takes results in; one with an unknown request or an older epoch is ignored and counted."""
        ...

    def lost(self) -> None:
        """The stream ended: what the process still holds is a lost attempt."""
        ...


class Registry(Protocol):
    """The backends of the deployment, by name."""

    def find(self, name: str) -> Backend | None:
        """The backend, or None."""
        ...

    def all(self) -> Sequence[Backend]:
        """All backends, by name."""
        ...

    async def register(self, spec: BackendSpec) -> tuple[BackendSpec, bool]:
        """Makes a remote backend; (spec, True where it is new). The same registration again is a success.

        Raises BridgeError ALREADY_EXISTS where the name belongs to a backend of this deployment.
        """
        ...

    async def update(self, request: UpdateBackendRequest) -> BackendSpec:
        """Changes a remote backend. Raises NOT_FOUND, FAILED_PRECONDITION, VERSION_CONFLICT."""
        ...

    async def delete(self, name: str) -> None:
        """Takes a remote backend away. Raises NOT_FOUND, FAILED_PRECONDITION."""
        ...

    def attach(self, name: str, window: int) -> Attachment:
        """A process that serves the remote backend. Raises NOT_FOUND, FAILED_PRECONDITION."""
        ...


class ResultTransport(Protocol):
    """Takes acceptances and results back to one connection, packed."""

    def accepted(self, entry: Entry, replayed: bool) -> None:
        """Queues the acceptance of an entry."""
        ...

    def result(self, result: Result, size: int) -> None:
        """Queues a result of about `size` bytes; what queues up during one loop turn leaves in one frame."""
        ...

    def frames(self) -> AsyncIterator[SessionResponse]:
        """The frames to write, until the transport is closed and drained."""
        ...

    def close(self) -> None:
        """Ends `frames` once all that is queued has left."""
        ...


class Clock(Protocol):
    """Time, so that a simulation can drive it."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def wall(self) -> float:
        """Unix time in seconds."""
        ...


class Rng(Protocol):
    """Randomness, so that a seed can drive it."""

    def random(self) -> float:
        """Uniform in [0, 1)."""
        ...

    def bits(self, n: int) -> int:
        """An integer of n random bits."""
        ...

    def token_bytes(self, n: int) -> bytes:
        """Unguessable bytes."""
        ...


Spawn = Callable[[Coroutine[Any, Any, Any], str], Any]
"""Starts a named task that is kept until it ends, and whose failure is logged and counted."""
