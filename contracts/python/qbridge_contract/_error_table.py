# Generated from contracts/proto by `make contracts`; do not edit.
"""The error table: what each code means at each door."""

from __future__ import annotations

from dataclasses import dataclass

from qbridge_contract.structs import ErrorCode


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """A row of the error table: what each door answers, and what the caller should do."""

    code: ErrorCode
    name: str
    http_status: int
    grpc_status: str
    """The name of the status: NOT_FOUND."""
    grpc_code: int
    """Its number, as in google.rpc.Code."""
    retryable: bool
    """True where the same request, sent again later, may succeed."""
    title: str
    action: str


TABLE: dict[ErrorCode, ErrorRow] = {
    ErrorCode.INVALID_ARGUMENT: ErrorRow(
        code=ErrorCode.INVALID_ARGUMENT,
        name="INVALID_ARGUMENT",
        http_status=400,
        grpc_status="INVALID_ARGUMENT",
        grpc_code=3,
        retryable=False,
        title="Invalid argument",
        action="Correct the named field and send again.",
    ),
    ErrorCode.MALFORMED: ErrorRow(
        code=ErrorCode.MALFORMED,
        name="MALFORMED",
        http_status=400,
        grpc_status="INVALID_ARGUMENT",
        grpc_code=3,
        retryable=False,
        title="Malformed message",
        action="Send a message of the contract; the detail says where it breaks off.",
    ),
    ErrorCode.UNAUTHENTICATED: ErrorRow(
        code=ErrorCode.UNAUTHENTICATED,
        name="UNAUTHENTICATED",
        http_status=401,
        grpc_status="UNAUTHENTICATED",
        grpc_code=16,
        retryable=False,
        title="Unauthenticated",
        action="Send a valid API key in the Authorization header: Bearer KEY.",
    ),
    ErrorCode.PERMISSION_DENIED: ErrorRow(
        code=ErrorCode.PERMISSION_DENIED,
        name="PERMISSION_DENIED",
        http_status=403,
        grpc_status="PERMISSION_DENIED",
        grpc_code=7,
        retryable=False,
        title="Permission denied",
        action="Ask for a key with the named scope.",
    ),
    ErrorCode.NOT_FOUND: ErrorRow(
        code=ErrorCode.NOT_FOUND,
        name="NOT_FOUND",
        http_status=404,
        grpc_status="NOT_FOUND",
        grpc_code=5,
        retryable=False,
        title="Not found",
        action="Check the name, or create the thing first.",
    ),
    ErrorCode.METHOD_NOT_ALLOWED: ErrorRow(
        code=ErrorCode.METHOD_NOT_ALLOWED,
        name="METHOD_NOT_ALLOWED",
        http_status=405,
        grpc_status="UNIMPLEMENTED",
        grpc_code=12,
        retryable=False,
        title="Method not allowed",
        action="Use a method of the Allow header.",
    ),
    ErrorCode.ALREADY_EXISTS: ErrorRow(
        code=ErrorCode.ALREADY_EXISTS,
        name="ALREADY_EXISTS",
        http_status=409,
        grpc_status="ALREADY_EXISTS",
        grpc_code=6,
        retryable=False,
        title="Already exists",
        action="Use another name, or use what is there.",
    ),
    ErrorCode.IDEMPOTENCY_CONFLICT: ErrorRow(
        code=ErrorCode.IDEMPOTENCY_CONFLICT,
        name="IDEMPOTENCY_CONFLICT",
        http_status=409,
        grpc_status="ALREADY_EXISTS",
        grpc_code=6,
        retryable=False,
        title="Idempotency key reused",
        action="Use a new idempotency key for a new request.",
    ),
    ErrorCode.VERSION_CONFLICT: ErrorRow(
        code=ErrorCode.VERSION_CONFLICT,
        name="VERSION_CONFLICT",
        http_status=412,
        grpc_status="ABORTED",
        grpc_code=10,
        retryable=False,
        title="Version conflict",
        action="Read the resource again and repeat the change on its present version.",
    ),
    ErrorCode.TOO_LARGE: ErrorRow(
        code=ErrorCode.TOO_LARGE,
        name="TOO_LARGE",
        http_status=413,
        grpc_status="RESOURCE_EXHAUSTED",
        grpc_code=8,
        retryable=False,
        title="Too large",
        action="Split the request; the capabilities name the limits.",
    ),
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: ErrorRow(
        code=ErrorCode.UNSUPPORTED_MEDIA_TYPE,
        name="UNSUPPORTED_MEDIA_TYPE",
        http_status=415,
        grpc_status="INVALID_ARGUMENT",
        grpc_code=3,
        retryable=False,
        title="Unsupported media type",
        action="Send application/json.",
    ),
    ErrorCode.FAILED_PRECONDITION: ErrorRow(
        code=ErrorCode.FAILED_PRECONDITION,
        name="FAILED_PRECONDITION",
        http_status=422,
        grpc_status="FAILED_PRECONDITION",
        grpc_code=9,
        retryable=False,
        title="Failed precondition",
        action="Change what the detail names; repeating the call as it is cannot succeed.",
    ),
    ErrorCode.QUOTA_EXCEEDED: ErrorRow(
        code=ErrorCode.QUOTA_EXCEEDED,
        name="QUOTA_EXCEEDED",
        http_status=429,
        grpc_status="RESOURCE_EXHAUSTED",
        grpc_code=8,
        retryable=True,
        title="Quota exceeded",
        action="Wait for the time in Retry-After, then send again.",
    ),
    ErrorCode.QUEUE_FULL: ErrorRow(
        code=ErrorCode.QUEUE_FULL,
        name="QUEUE_FULL",
        http_status=429,
        grpc_status="RESOURCE_EXHAUSTED",
        grpc_code=8,
        retryable=True,
        title="Queue full",
        action="Wait for the time in Retry-After, then send again.",
    ),
    ErrorCode.CANCELLED: ErrorRow(
        code=ErrorCode.CANCELLED,
        name="CANCELLED",
        http_status=499,
        grpc_status="CANCELLED",
        grpc_code=1,
        retryable=False,
        title="Cancelled",
        action="Nothing: the request was cancelled as asked.",
    ),
    ErrorCode.INTERNAL: ErrorRow(
        code=ErrorCode.INTERNAL,
        name="INTERNAL",
        http_status=500,
        grpc_status="INTERNAL",
        grpc_code=13,
        retryable=False,
        title="Internal error",
        action="Report the trace id to the operator.",
    ),
    ErrorCode.DATA_LOSS: ErrorRow(
        code=ErrorCode.DATA_LOSS,
        name="DATA_LOSS",
        http_status=500,
        grpc_status="DATA_LOSS",
        grpc_code=15,
        retryable=False,
        title="Data loss",
        action="Report the trace id to the operator; the record is isolated.",
    ),
    ErrorCode.UNIMPLEMENTED: ErrorRow(
        code=ErrorCode.UNIMPLEMENTED,
        name="UNIMPLEMENTED",
        http_status=501,
        grpc_status="UNIMPLEMENTED",
        grpc_code=12,
        retryable=False,
        title="Not implemented",
        action="Use an operation that the backend lists.",
    ),
    ErrorCode.BACKEND_FAILED: ErrorRow(
        code=ErrorCode.BACKEND_FAILED,
        name="BACKEND_FAILED",
        http_status=502,
        grpc_status="UNKNOWN",
        grpc_code=2,
        retryable=False,
        title="Backend failed",
        action="Read the detail, which is the backend's own; send again only if it says so.",
    ),
    ErrorCode.BACKEND_LOST: ErrorRow(
        code=ErrorCode.BACKEND_LOST,
        name="BACKEND_LOST",
        http_status=503,
        grpc_status="UNAVAILABLE",
        grpc_code=14,
        retryable=True,
        title="Backend lost",
        action="Send again; the effect of the lost attempt is unknown unless the backend is idempotent.",
    ),
    ErrorCode.UNAVAILABLE: ErrorRow(
        code=ErrorCode.UNAVAILABLE,
        name="UNAVAILABLE",
        http_status=503,
        grpc_status="UNAVAILABLE",
        grpc_code=14,
        retryable=True,
        title="Unavailable",
        action="Wait for the time in Retry-After, then send again.",
    ),
    ErrorCode.DEADLINE_EXCEEDED: ErrorRow(
        code=ErrorCode.DEADLINE_EXCEEDED,
        name="DEADLINE_EXCEEDED",
        http_status=504,
        grpc_status="DEADLINE_EXCEEDED",
        grpc_code=4,
        retryable=False,
        title="Deadline exceeded",
        action="Give more time, or ask Explain why the request waited.",
    ),
}
