"""Explain: why a request waits, or where its time went, in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Protocol

from qbridge_contract.structs import (
    BackendState,
    Durability,
    ExplainResponse,
    RequestState,
    StageTime,
    WaitReason,
)
from qbridge_server.ports import Buffer, Clock, Entry, Registry

LOST_BY = {
    Durability.MEMORY: "any crash of the process",
    Durability.PROCESS: "a power cut",
    Durability.DISK: "the loss of the disk",
    Durability.REPLICATED: "the loss of as many nodes as hold it",
}
RUNNING = frozenset({RequestState.LEASED, RequestState.RUNNING})


class Serving(Protocol):
    """What Explain asks of a lane's worker."""

    @property
    def in_flight(self) -> int:
        """Batches that are out."""
        ...

    @property
    def waiting(self) -> Collection[Entry]:
        """Entries that wait for their next attempt."""
        ...


class Explainer:
    """Explains entries from the lanes, the registry and the workers (`serving`, by lane)."""

    def __init__(self, buffer: Buffer, registry: Registry, serving: Mapping[str, Serving], *, clock: Clock) -> None:
        self._buffer = buffer
        self._registry = registry
        self._serving = serving
        self._clock = clock

    def explain(self, entry: Entry) -> ExplainResponse:
        """Why it is where it is."""
        ahead = self._buffer.ahead(entry)
        reason, sentence = self._why(entry, ahead)
        return ExplainResponse(
            request_id=entry.request.id,
            state=entry.state,
            reason=reason,
            sentence=sentence,
            lane=entry.lane,
            ahead=ahead,
            depth=self._depth(entry),
            durability=entry.durability,
            lost_by=LOST_BY.get(entry.durability, ""),
            batch_size=entry.batch_size,
            dispatch_reason=entry.dispatch_reason,
            transport=entry.transport,
            stages=stages(entry),
        )

    def _depth(self, entry: Entry) -> int:
        """How many wait in the entry's lane; a lane that is forgotten has nobody, and is not made anew for this."""
        for lane in self._buffer.lanes():
            if lane.key == entry.lane and lane.backend == entry.backend:
                return lane.view(self._clock.monotonic(), 0).depth
        return 0

    def _why(self, entry: Entry, ahead: int) -> tuple[WaitReason, str]:
        worker = self._serving.get(entry.lane)
        if entry.state is RequestState.RETRY_WAIT:
            tried = entry.attempts
            return WaitReason.RETRY, f"Attempt {tried} failed; it waits a moment for attempt {tried + 1}."
        if entry.state in RUNNING:
            return WaitReason.RUNNING, f"The backend {entry.backend} has it, attempt {entry.attempts}."
        if entry.state is not RequestState.QUEUED:
            return WaitReason.UNSPECIFIED, f"It does not wait: it is {entry.state.name}."
        backend = self._registry.find(entry.backend)
        if backend is None or backend.spec.state is BackendState.DISCONNECTED:
            sentence = f"No process serves the backend {entry.backend}; start one that opens Execute."
            return WaitReason.NO_BACKEND, sentence
        if ahead:
            return WaitReason.BEHIND_OTHERS, f"{ahead} of its lane are ahead of it."
        if worker is not None and worker.in_flight:
            sentence = f"The backend {entry.backend} works on {worker.in_flight} batches; it goes with the next."
            return WaitReason.BACKEND_BUSY, sentence
        return WaitReason.BATCHING, "The batcher waits for more requests to share its batch."


def stages(entry: Entry) -> list[StageTime]:
    """The stages that an entry has been through: queue, execute, settle. A stage under way is left out."""
    marks = [
        ("queue", entry.accepted_at, entry.leased_at),
        ("execute", entry.leased_at, entry.executed_at),
        ("settle", entry.executed_at, entry.finished_at),
    ]
    skew = entry.accepted_wall - entry.accepted_at
    return [
        StageTime(
            stage=name,
            started_at=datetime.fromtimestamp(start + skew, UTC),
            duration_us=round((end - start) * 1e6, 1),
        )
        for name, start, end in marks
        if start and end
    ]
