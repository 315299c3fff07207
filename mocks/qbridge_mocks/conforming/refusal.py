"""An error of the contract on its way to the caller, and its forms at each door."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qbridge_contract.errors import TABLE, ErrorRow
from qbridge_contract_betterproto.qbridge import v1

ROWS: dict[str, ErrorRow] = {row.name: row for row in TABLE.values()}


class Refusal(Exception):
    """Carries one `Error` out of wherever it was found to the door that the caller came in by."""

    def __init__(self, error: v1.Error) -> None:
        super().__init__(f"{name_of(error)}: {error.message}")
        self.error = error

    @classmethod
    def of(
        cls,
        name: str,
        message: str,
        *,
        retry_after_s: float = 0.0,
        violations: Sequence[v1.FieldViolation] = (),
    ) -> Refusal:
        """The refusal of the table's row `name`, such as "NOT_FOUND"."""
        return cls(make_error(name, message, retry_after_s=retry_after_s, violations=violations))


def make_error(
    name: str,
    message: str,
    *,
    retry_after_s: float = 0.0,
    violations: Sequence[v1.FieldViolation] = (),
    trace_id: str = "",
) -> v1.Error:
    """An `Error` filled from the table's row."""
    return v1.Error(
        code=v1.ErrorCode[name],
        message=message,
        retryable=ROWS[name].retryable,
        retry_after_s=retry_after_s,
        violations=list(violations),
        trace_id=trace_id,
    )


def name_of(error: v1.Error) -> str:
    """The table's name of the error's code; a code that the table lacks counts as INTERNAL."""
    name = v1.ErrorCode(error.code).name
    return name if name in ROWS else "INTERNAL"


def problem(error: v1.Error) -> dict[str, Any]:
    """The problem+json members (RFC 9457) of an error."""
    row = ROWS[name_of(error)]
    members: dict[str, Any] = {
        "type": f"urn:qbridge:error:{row.name}",
        "title": row.title,
        "status": row.http_status,
        "detail": error.message,
        "code": row.name,
        "retryable": error.retryable,
        "action": row.action,
    }
    if error.retry_after_s:
        members["retryAfterS"] = error.retry_after_s
    if error.violations:
        members["violations"] = [violation.to_dict() for violation in error.violations]
    if error.trace_id:
        members["traceId"] = error.trace_id
    return members
