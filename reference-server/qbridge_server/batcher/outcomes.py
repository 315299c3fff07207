"""What an outcome of a backend means for its request: a result, or another attempt."""

from __future__ import annotations

from qbridge_contract.errors import TABLE
from qbridge_contract.structs import Error, ErrorCode, Reply, RequestState, Result
from qbridge_server.ports import BackendLost, Entry, NotTaken, ProcessLost, Rng

BACKOFF_S_BASE = 0.05
BACKOFF_S_MAX = 2.0
LOST_BACKOFF_S_BASE = 0.5
"""Two retries of a lost batch outlive an outage of 0.75 s for certain, of 1.5 s at best."""


def succeeded(entry: Entry, reply: Reply) -> Result:
    """The result of a request that has its reply."""
    return Result(
        request_id=entry.request.id,
        state=RequestState.SUCCEEDED,
        reply=reply,
        attempts=entry.attempts,
        trace_id=entry.trace_id,
    )


def failed(entry: Entry, error: Error, state: RequestState) -> Result:
    """The result of a request that ends with an error; whether to retry, the table or the backend may say."""
    row = TABLE.get(error.code) or TABLE[ErrorCode.BACKEND_FAILED]
    return Result(
        request_id=entry.request.id,
        state=state,
        error=Error(
            code=row.code,
            message=error.message,
            retryable=row.retryable or error.retryable,
            retry_after_s=error.retry_after_s,
            violations=error.violations,
            trace_id=entry.trace_id,
        ),
        attempts=entry.attempts,
        trace_id=entry.trace_id,
    )


def lost(entry: Entry, detail: str) -> Result:
    """The result of a request whose last allowed attempt was lost with its backend."""
    message = f"The backend {entry.backend} went away during attempt {entry.attempts}: {detail}"
    return failed(entry, Error(code=ErrorCode.BACKEND_LOST, message=message), RequestState.DEAD)


def fate_of(entry: Entry, outcome: Error | BackendLost, rng: Rng) -> Result | float:
    """What becomes of an entry that has no reply: its last result, or the pause before its next attempt, in seconds.

    Takes from the entry's budget what the next attempt costs.
    """
    if isinstance(outcome, BackendLost):
        if isinstance(outcome, NotTaken):
            return 0.0
        if entry.crashes_left <= 0:
            return lost(entry, str(outcome))
        entry.crashes_left -= 1
        # The room of the backend waits for another process: only one that keeps losing its processes needs a pause.
        at_once = isinstance(outcome, ProcessLost) and entry.attempts == 1
        return 0.0 if at_once else lost_backoff_s(entry.attempts, rng)
    row = TABLE.get(outcome.code)
    if not (outcome.retryable or (row is not None and row.retryable)):
        return failed(entry, outcome, RequestState.FAILED)
    if entry.errors_left > 0:
        entry.errors_left -= 1
        return backoff_s(entry.attempts, rng)
    return failed(entry, outcome, RequestState.DEAD if entry.attempts > 1 else RequestState.FAILED)


def backoff_s(tries: int, rng: Rng) -> float:
    """How long to wait before the next try, in seconds: exponential with full jitter."""
    return rng.random() * min(BACKOFF_S_MAX, BACKOFF_S_BASE * 2.0 ** min(tries, 10))


def lost_backoff_s(tries: int, rng: Rng) -> float:
    """How long to wait after a lost batch, in seconds: at least half of it, so that a short outage is outlived."""
    return (0.5 + 0.5 * rng.random()) * min(BACKOFF_S_MAX, LOST_BACKOFF_S_BASE * 2.0 ** min(tries - 1, 10))
