"""A gRPC status as one of our errors."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
from google.rpc.status_pb2 import Status
from grpc.aio import AioRpcError

from qbridge.exceptions import ConnectionLost, QBridgeError, connection_lost, error_from, make_error
from qbridge_contract.convert import error_from_pb
from qbridge_contract.errors import TABLE
from qbridge_contract.structs import Error, ErrorCode
from qbridge_contract.v1 import errors_pb2

_DETAILS = "grpc-status-details-bin"

_BY_STATUS: dict[str, ErrorCode] = {}
for _code, _row in TABLE.items():
    _BY_STATUS.setdefault(_row.grpc_status, _code)
# Without our detail, UNKNOWN is an exception in somebody's server, not a backend's failure.
_BY_STATUS["UNKNOWN"] = ErrorCode.INTERNAL
_BY_STATUS["OUT_OF_RANGE"] = ErrorCode.INVALID_ARGUMENT
_BY_STATUS["RESOURCE_EXHAUSTED"] = ErrorCode.TOO_LARGE

_BROKEN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
"""Without our detail, these are the connection's."""
_CORE_WORDS = "Internal error from Core"
_STATUS_POLLS, _STATUS_POLL_S = 10, 0.01
"""How often and how soon to look again for the status behind those words; there is nothing to wait on."""
_BROKEN_WORDS = (_CORE_WORDS, "Stream removed", "RST_STREAM", "Socket closed")
"""grpc says INTERNAL or UNKNOWN, with these words, where a write or a read meets a connection that just broke."""


def error_of(error: BaseException, address: str = "") -> QBridgeError:
    """The error that a gRPC call ended with; with the bridge's own detail where it sent one."""
    if isinstance(error, QBridgeError):
        return error
    if isinstance(error, asyncio.CancelledError):
        return connection_lost(f"{address} ended the call")
    if not isinstance(error, AioRpcError):
        return connection_lost(f"{address}: {type(error).__name__}: {error}")
    detail = _detail(error)
    if detail is not None:
        return error_from(detail)
    message = error.details() or "no details"
    if error.code() in _BROKEN or any(words in message for words in _BROKEN_WORDS):
        return make_error(
            ConnectionLost, ErrorCode.UNAVAILABLE, f"no connection to {address}: {message}; is the bridge running?"
        )
    code = _BY_STATUS.get(error.code().name, ErrorCode.INTERNAL)
    return error_from(Error(code=code, message=message, retryable=TABLE[code].retryable))


async def settled_status(stream: Any, error: Exception) -> Exception:
    """The error of a broken stream once its own status has come.

    Where a write meets a stream that the other side has just ended, grpc.aio raises an error of its own for
    reader and writer alike; the status that says why arrives within milliseconds, if there is one.
    """
    for _ in range(_STATUS_POLLS):
        if not isinstance(error, AioRpcError) or _CORE_WORDS not in (error.details() or ""):
            break
        await asyncio.sleep(_STATUS_POLL_S)
        error = AioRpcError(
            await stream.code(),
            await stream.initial_metadata(),
            await stream.trailing_metadata(),
            await stream.details(),
        )
    return error


def _detail(error: AioRpcError) -> Error | None:
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS and isinstance(value, bytes):
            for detail in Status.FromString(value).details:
                message = errors_pb2.Error()
                if detail.Unpack(message):
                    return error_from_pb(message)
    return None
