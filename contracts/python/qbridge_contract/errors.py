# Generated from contracts/proto by `make contracts`; do not edit.
"""The error table, and the exception that carries one of its rows to a caller."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from qbridge_contract._error_table import TABLE, ErrorRow
from qbridge_contract.structs import Error, ErrorCode, FieldViolation

__all__ = ["BY_NAME", "TABLE", "BridgeError", "ErrorRow", "from_problem", "problem", "row_of"]

BY_NAME: dict[str, ErrorCode] = {row.name: code for code, row in TABLE.items()}
"""The codes by name: NOT_FOUND."""


class BridgeError(Exception):
    """An error of the table, on its way to a caller. `error` is what every door answers."""

    def __init__(self, error: Error) -> None:
        super().__init__(f"{error.code.name}: {error.message}")
        self.error = error

    def __reduce__(self) -> tuple[type[BridgeError], tuple[Error]]:
        return type(self), (self.error,)

    @property
    def code(self) -> ErrorCode:
        """The row's code."""
        return self.error.code

    @property
    def row(self) -> ErrorRow:
        """The row of the table."""
        return TABLE[self.error.code]

    @classmethod
    def of(
        cls,
        code: ErrorCode,
        message: str,
        *,
        retry_after_s: float = 0.0,
        violations: Iterable[FieldViolation] = (),
        trace_id: str = "",
    ) -> BridgeError:
        """An error of that code; whether to retry comes from the table."""
        error = Error(
            code=code,
            message=message,
            retryable=TABLE[code].retryable,
            retry_after_s=retry_after_s,
            violations=list(violations),
            trace_id=trace_id,
        )
        return cls(error)


def row_of(code: ErrorCode) -> ErrorRow:
    """The row of a code; INTERNAL's for a code without one."""
    return TABLE.get(code) or TABLE[ErrorCode.INTERNAL]


def problem(error: Error) -> dict[str, Any]:
    """The members of a problem document (RFC 9457) for the REST door."""
    row = row_of(error.code)
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
        members["violations"] = [
            {"field": each.field, "rule": each.rule, "message": each.message} for each in error.violations
        ]
    if error.trace_id:
        members["traceId"] = error.trace_id
    return members


def from_problem(members: Mapping[str, Any]) -> Error:
    """The error in a problem document; INTERNAL where it names no code of the table."""
    code = BY_NAME.get(str(members.get("code", "")), ErrorCode.INTERNAL)
    return Error(
        code=code,
        message=str(members.get("detail", "")),
        retryable=bool(members.get("retryable", TABLE[code].retryable)),
        retry_after_s=float(members.get("retryAfterS", 0.0)),
        violations=[
            FieldViolation(
                field=str(each.get("field", "")),
                rule=str(each.get("rule", "")),
                message=str(each.get("message", "")),
            )
            for each in members.get("violations", ())
        ],
        trace_id=str(members.get("traceId", "")),
    )
