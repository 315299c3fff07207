"""What can go wrong, and what to do about it: retry, fix, or give up.

QBridgeError                    everything that this package raises for a request
├── RetryableError              the same request, sent again later, may succeed
│   ├── ConnectionLost          no connection; what was not answered may or may not have run
│   ├── Unavailable             the deployment drains, is not ready, or takes no writes
│   ├── QueueFull               the lane or the session is full
│   ├── QuotaExceeded           the caller's quota is spent
│   └── BackendLost             the backend's process went away
├── FixableError                change the request or the set-up, then it can succeed
│   ├── InvalidRequest          a field, the message, or an argument is wrong (also a ValueError)
│   ├── TooLarge                larger than the limits in the capabilities
│   ├── NotFound                no such request, backend, collection or path (also a LookupError)
│   ├── AlreadyExists           something of that name is there
│   ├── IdempotencyConflict     the key was used before with another body
│   ├── VersionConflict         the resource has changed since it was read
│   ├── Unauthenticated         the API key is missing or not known
│   ├── PermissionDenied        the API key lacks the scope
│   ├── FailedPrecondition      the deployment's state does not allow it
│   └── Unsupported             the deployment, backend or transport does not offer it
└── FinalError                  repeating it as it is does not help
    ├── Cancelled               the caller or an operator cancelled the request
    ├── DeadlineExceeded        the time was up (also a TimeoutError)
    ├── BackendFailed           the backend ran it and reported a failure
    ├── InternalError           something in the bridge broke
    └── DataLoss                a stored record failed its checksum

Each is a `BridgeError` of the contract: `.error` is the error as it was on the wire (`code`, `message`,
`violations`, `retry_after_s`, `trace_id`) and `.row` its row of the error table, with `.row.action`.
"""

from __future__ import annotations

from collections.abc import Iterable

from qbridge_contract.errors import TABLE, BridgeError, ErrorRow, row_of
from qbridge_contract.structs import Error, ErrorCode, FieldViolation

__all__ = [
    "AlreadyExists",
    "BackendFailed",
    "BackendLost",
    "Cancelled",
    "ConnectionLost",
    "DataLoss",
    "DeadlineExceeded",
    "FailedPrecondition",
    "FinalError",
    "FixableError",
    "IdempotencyConflict",
    "InternalError",
    "InvalidRequest",
    "NotFound",
    "PermissionDenied",
    "QBridgeError",
    "QueueFull",
    "QuotaExceeded",
    "RetryableError",
    "TooLarge",
    "Unauthenticated",
    "Unavailable",
    "Unsupported",
    "VersionConflict",
    "error_from",
    "make_error",
]


class QBridgeError(BridgeError):
    """A request did not succeed; the class says whether to retry, fix or give up."""

    @property
    def row(self) -> ErrorRow:
        """The row of the error table; INTERNAL's for a code that this version does not know."""
        return row_of(self.error.code)

    @property
    def action(self) -> str:
        """What to do next, in a sentence."""
        return self.row.action

    @property
    def retry_after_s(self) -> float:
        """How long to wait before sending again, in seconds; 0 where it does not matter."""
        return self.error.retry_after_s

    @property
    def trace_id(self) -> str:
        """The trace of the request, for the operator; empty where it never got one."""
        return self.error.trace_id


class RetryableError(QBridgeError):
    """The same request, sent again later, may succeed."""


class ConnectionLost(RetryableError):
    """There is no connection; what was not answered may or may not have run. Send it again as it is."""

    @property
    def action(self) -> str:
        """What to do next, in a sentence."""
        return "Check the address and that the bridge runs (`qbridge serve`), then send again as it is."


class Unavailable(RetryableError):
    """The deployment drains, is not ready, or stopped taking writes."""


class QueueFull(RetryableError):
    """The lane, or the session's window, is full."""


class QuotaExceeded(RetryableError):
    """The caller has spent its quota."""


class BackendLost(RetryableError):
    """The backend's process went away; the effect of the lost attempt is unknown."""


class FixableError(QBridgeError):
    """Change the request or the set-up, then it can succeed."""


class InvalidRequest(FixableError, ValueError):
    """A field, the message, or an argument is wrong; `.error.violations` names the fields."""


class TooLarge(FixableError):
    """Larger than the limits in the capabilities: split it."""


class NotFound(FixableError, LookupError):
    """No such request, backend, collection or path."""


class AlreadyExists(FixableError):
    """Something of that name exists already."""


class IdempotencyConflict(FixableError):
    """The idempotency key was used before with another body."""


class VersionConflict(FixableError):
    """The resource has changed since the version that the caller named."""


class Unauthenticated(FixableError):
    """The API key is missing, unknown, expired or revoked."""


class PermissionDenied(FixableError):
    """The API key does not hold the scope."""


class FailedPrecondition(FixableError):
    """The deployment's state does not allow the call."""


class Unsupported(FixableError):
    """The deployment, the backend or the transport does not offer it."""


class FinalError(QBridgeError):
    """Repeating the request as it is does not help."""


class Cancelled(FinalError):
    """The caller, or an operator, cancelled the request."""


class DeadlineExceeded(FinalError, TimeoutError):
    """The time was up before the request finished. Whether it ran is not known: `explain` says."""


class BackendFailed(FinalError):
    """The backend ran the operation and reported a failure."""


class InternalError(FinalError):
    """Something in the bridge broke; give the trace id to its operator."""


class DataLoss(FinalError):
    """A stored record failed its checksum."""


_CLASSES: dict[ErrorCode, type[QBridgeError]] = {
    ErrorCode.INVALID_ARGUMENT: InvalidRequest,
    ErrorCode.MALFORMED: InvalidRequest,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: InvalidRequest,
    ErrorCode.METHOD_NOT_ALLOWED: Unsupported,
    ErrorCode.UNIMPLEMENTED: Unsupported,
    ErrorCode.UNAUTHENTICATED: Unauthenticated,
    ErrorCode.PERMISSION_DENIED: PermissionDenied,
    ErrorCode.NOT_FOUND: NotFound,
    ErrorCode.ALREADY_EXISTS: AlreadyExists,
    ErrorCode.IDEMPOTENCY_CONFLICT: IdempotencyConflict,
    ErrorCode.VERSION_CONFLICT: VersionConflict,
    ErrorCode.TOO_LARGE: TooLarge,
    ErrorCode.FAILED_PRECONDITION: FailedPrecondition,
    ErrorCode.QUOTA_EXCEEDED: QuotaExceeded,
    ErrorCode.QUEUE_FULL: QueueFull,
    ErrorCode.CANCELLED: Cancelled,
    ErrorCode.INTERNAL: InternalError,
    ErrorCode.DATA_LOSS: DataLoss,
    ErrorCode.BACKEND_FAILED: BackendFailed,
    ErrorCode.BACKEND_LOST: BackendLost,
    ErrorCode.UNAVAILABLE: Unavailable,
    ErrorCode.DEADLINE_EXCEEDED: DeadlineExceeded,
}


def error_from(error: Error) -> QBridgeError:
    """The exception for an error of the wire; a code of a newer contract goes by its `retryable`."""
    kind = _CLASSES.get(error.code)
    if kind is None:
        kind = RetryableError if error.retryable else FinalError
    return kind(error)


def make_error(
    kind: type[QBridgeError],
    code: ErrorCode,
    message: str,
    violations: Iterable[FieldViolation] = (),
) -> QBridgeError:
    """An error that this side of the wire found; `message` says what to do next."""
    row = TABLE[code]
    return kind(Error(code=code, message=message, retryable=row.retryable, violations=list(violations)))


def invalid(message: str, field: str = "") -> QBridgeError:
    """An argument that cannot be sent; `field` is its path in the contract, where it has one."""
    violations = [FieldViolation(field=field, rule="sdk", message=message)] if field else []
    return make_error(InvalidRequest, ErrorCode.INVALID_ARGUMENT, message, violations)


def connection_lost(message: str) -> QBridgeError:
    """No connection, or no longer."""
    return make_error(ConnectionLost, ErrorCode.UNAVAILABLE, message)


def deadline_exceeded(timeout_s: float, *, connected: bool = True) -> QBridgeError:
    """Nothing came in time; without a connection, more time is not what is missing."""
    message = f"no answer within {timeout_s:g} s; give more time"
    if not connected:
        message = f"no connection within {timeout_s:g} s; is the bridge running, and is its address right?"
    return make_error(DeadlineExceeded, ErrorCode.DEADLINE_EXCEEDED, message)
