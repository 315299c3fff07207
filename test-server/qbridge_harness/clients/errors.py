"""Errors of all transports in one form: code, message, retryable, retryAfterS, violations, traceId."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from qbridge_harness.contract import Contract

NormalError = dict[str, Any]
DOMAIN = "qbridge.v1"


@dataclass(slots=True)
class GrpcEnd:
    """How a call ended."""

    status: str = "OK"
    message: str = ""
    error: NormalError | None = None
    reason: str = ""
    """ErrorInfo's reason, of our domain."""
    details: list[str] = field(default_factory=list)
    """The names of all details of the status."""
    trailers: dict[str, str] = field(default_factory=dict)
    broken: bool = False
    """The stream broke, so that the status is grpclib's and not the deployment's."""
    unreadable: bool = False
    """It broke because the deployment sent what is no message of the contract."""


def from_problem(problem: Any) -> NormalError:
    """From a problem+json document, as far as it is one."""
    if not isinstance(problem, Mapping):
        return {"code": "", "message": str(problem)[:300], "violations": []}
    return {
        "code": str(problem.get("code", "")),
        "message": problem.get("detail", ""),
        "retryable": problem.get("retryable", False),
        "retryAfterS": problem.get("retryAfterS", 0.0),
        "violations": problem.get("violations", []),
        "traceId": problem.get("traceId", ""),
    }


def from_error(document: Mapping[str, Any]) -> NormalError:
    """From an Error message in its JSON form, inside a Result for example."""
    code = str(document.get("code", "")).removeprefix("ERROR_CODE_")
    normal = {"message": "", "retryable": False, "retryAfterS": 0.0, "violations": [], "traceId": ""}
    return normal | dict(document) | {"code": code}


def from_details(contract: Contract, details: bytes) -> tuple[NormalError | None, str, list[str]]:
    """From `grpc-status-details-bin`: the error, ErrorInfo's reason, and the names of all details.

    What cannot be read is not there.
    """
    error: NormalError | None = None
    reason = ""
    names: list[str] = []
    try:
        status = status_pb2.Status.FromString(details)
    except DecodeError:
        return None, "", []
    for detail in status.details:
        name = detail.type_url.rpartition("/")[2]
        names.append(name)
        if name == "qbridge.v1.Error":
            message = contract.new("Error")
            with suppress(DecodeError):
                message.MergeFromString(detail.value)
            error = from_error(contract.to_document(message))
        elif name == "google.rpc.ErrorInfo":
            info = error_details_pb2.ErrorInfo.FromString(detail.value)
            reason = info.reason if info.domain == DOMAIN else reason
    return error, reason, names
