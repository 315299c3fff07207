"""The states of an entry by short names, and what an entry goes through as they change."""

from __future__ import annotations

import logging

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import ErrorCode, RequestState, Result
from qbridge_server.ports import Entry

log = logging.getLogger("qbridge.server.buffer")

SUBMITTED = RequestState.SUBMITTED
REJECTED = RequestState.REJECTED
QUEUED = RequestState.QUEUED
LEASED = RequestState.LEASED
RUNNING = RequestState.RUNNING
RETRY_WAIT = RequestState.RETRY_WAIT
HELD = frozenset({LEASED, RUNNING, RETRY_WAIT})
"""The states of an entry that is leased."""

_ENDINGS = {
    RequestState.CANCELLED: (ErrorCode.CANCELLED, "The request was cancelled."),
    RequestState.EXPIRED: (ErrorCode.DEADLINE_EXCEEDED, "The deadline passed before the request finished."),
    RequestState.DEAD: (ErrorCode.BACKEND_LOST, "The server stopped too often while it worked on it."),
}


def advance(entry: Entry, event: tuple[RequestState, float]) -> None:
    """Moves an entry to the state of `event` (state, wall time) and tells its watchers."""
    entry.state = event[0]
    entry.events.append(event)
    if entry.watchers:
        tell(entry)


def tell(entry: Entry) -> None:
    """Calls the watchers; one that fails is logged and hurts nobody else."""
    for watcher in list(entry.watchers or ()):
        try:
            watcher(entry)
        except Exception:
            log.exception("a watcher of a request failed", extra={"request_id": entry.request.id})


def done(entry: Entry) -> None:
    """Calls `on_done`, once; one that fails is logged and hurts nobody else."""
    on_done, entry.on_done = entry.on_done, None
    try:
        if on_done is not None:
            on_done(entry)
    except Exception:
        log.exception("the caller of a finished request failed", extra={"request_id": entry.request.id})


def ended(entry: Entry, state: RequestState) -> Result:
    """The result that the buffer itself gives: of a cancelled, an expired, or a dead entry."""
    code, message = _ENDINGS[state]
    error = BridgeError.of(code, message, trace_id=entry.trace_id).error
    return Result(
        request_id=entry.request.id,
        state=state,
        error=error,
        attempts=entry.attempts,
        trace_id=entry.trace_id,
    )
