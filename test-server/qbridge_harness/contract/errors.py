"""The checks of errors: problem+json over REST, google.rpc.Status over gRPC, the last frame and event of a stream.

All from one table: a code has one HTTP status, one gRPC status, one title, and says whether to retry.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from qbridge_harness.contract.pool import ErrorRow
from qbridge_harness.contract.violation import (
    ALLOW,
    DETAILS,
    ERROR,
    LAST_FRAME,
    PROBLEM,
    TRACE,
    Violation,
    found_in,
)

PROBLEM_TYPE = "urn:qbridge:error:"
CLOSE_BASE = 4000
"""A WebSocket ends with this plus the HTTP status of the error."""
_HEX = set("0123456789abcdef")
_RETRY_INFO, _BAD_REQUEST = "google.rpc.RetryInfo", "google.rpc.BadRequest"


class ErrorChecks:
    """The checks of one error table."""

    def __init__(self, rows: Mapping[str, ErrorRow]) -> None:
        self._rows = rows

    def problem(self, where: str, status: int, headers: Mapping[str, str], body: Any) -> list[Violation]:
        """An error over REST: problem+json by RFC 9457, and a row of the error table."""
        found = self.refusal(where, status, body)
        media = headers.get("content-type", "").split(";")[0].strip()
        if media != "application/problem+json":
            text = f"The media type of an error is application/problem+json, not {media or 'missing'}."
            found = [*found_in(where, "problem", PROBLEM, [text]), *found]
        found += found_in(where, "retry-after", ERROR, _retry_after(headers, body))
        if status == 405 and not headers.get("allow"):
            found += found_in(where, "allow", ALLOW, ["A 405 has an Allow header."])
        return found

    def refusal(self, where: str, status: int, body: Any) -> list[Violation]:
        """The body of an error, without its headers: of a refused handshake, for example."""
        texts = self.problem_texts(body, status)
        return found_in(where, "problem", PROBLEM, texts) + self._members(where, body)

    def last_frame(self, where: str, body: Any, close_code: int) -> list[Violation]:
        """The error frame of a WebSocket: a problem, whose status is in the close code too."""
        texts = self.problem_texts(body, close_code - CLOSE_BASE)
        return found_in(where, "close", LAST_FRAME, texts) + self._members(where, body)

    def last_event(self, where: str, body: Any) -> list[Violation]:
        """The error event of a stream of events: a problem with the status that its code has."""
        row = self._row(body)
        texts = self.problem_texts(body, row.http_status if row else 0)
        return found_in(where, "problem", PROBLEM, texts) + self._members(where, body)

    def problem_texts(self, body: Any, status: int) -> list[str]:
        """What is wrong with the members of a problem; `status` is that of the response, or of the close code."""
        if not isinstance(body, dict):
            return ["The body of an error is a JSON object with the members of RFC 9457."]
        row = self._row(body)
        if row is None:
            return [f"The code {body.get('code')!r} is not in the error table."]
        wanted = {"type": PROBLEM_TYPE + row.code, "title": row.title, "status": row.http_status}
        if row.code != "BACKEND_FAILED":  # The backend's own word holds there.
            wanted["retryable"] = row.retryable
        texts = [
            f"The member {name} of {row.code} is {value!r}, not {body.get(name)!r}."
            for name, value in wanted.items()
            if body.get(name) != value
        ]
        if status != row.http_status:
            texts.append(f"{row.code} goes with status {row.http_status}, not {status}.")
        if not isinstance(body.get("detail"), str) or not body["detail"]:
            texts.append("The member detail is missing: it says what happened, for a person.")
        return texts

    def grpc(
        self,
        where: str,
        status: str,
        error: Mapping[str, Any] | None,
        reason: str,
        names: Collection[str] | None = None,
    ) -> list[Violation]:
        """An error over gRPC: the table's status, with ErrorInfo and qbridge.v1.Error as details.

        `names` are all its details; RetryInfo goes with a time to wait, BadRequest with fields at fault.
        """
        if error is None or not reason:
            missing = "qbridge.v1.Error" if error is None else "google.rpc.ErrorInfo of the domain qbridge.v1"
            return found_in(where, "details", DETAILS, [f"The status {status} has no {missing} in its details."])
        code = str(error.get("code"))
        row = self._rows.get(code)
        texts = []
        if row is None:
            texts.append(f"The code {code} is not in the error table.")
        elif row.grpc_status != status:
            texts.append(f"{code} goes with {row.grpc_status}, not {status}.")
        if reason != code:
            texts.append(f"ErrorInfo says {reason}, but qbridge.v1.Error says {code}.")
        if names is not None and error.get("violations") and _BAD_REQUEST not in names:
            texts.append(f"The error names fields at fault, but there is no {_BAD_REQUEST} in its details.")
        found = found_in(where, "details", DETAILS, texts)
        if names is not None and _wait(error) and _RETRY_INFO not in names:
            text = f"The error says retryAfterS, but there is no {_RETRY_INFO} in its details."
            found += found_in(where, "retry-after", ERROR, [text])
        return found

    def _row(self, body: Any) -> ErrorRow | None:
        return self._rows.get(str(body.get("code"))) if isinstance(body, dict) else None

    def _members(self, where: str, body: Any) -> list[Violation]:
        """The members that are not RFC 9457's: the wait, the fields at fault, the trace id."""
        if not isinstance(body, dict):
            return []
        texts = []
        wait = body.get("retryAfterS", 0)
        if not isinstance(wait, int | float) or not math.isfinite(wait) or wait < 0:
            texts.append(f"The member retryAfterS is {wait!r}, which is no time to wait.")
        violations = body.get("violations", [])
        if not isinstance(violations, list) or not all(_names_field(each) for each in violations):
            texts.append("Each of violations is an object that names its field, and says what is wrong.")
        found = found_in(where, "problem", ERROR, texts)
        trace_id = body.get("traceId", "")
        if not isinstance(trace_id, str) or (trace_id and (len(trace_id) != 32 or set(trace_id) - _HEX)):
            text = f"The member traceId is {trace_id!r}, not 32 hexadecimal digits in lower case."
            found += found_in(where, "trace", TRACE, [text])
        return found


def _names_field(violation: Any) -> bool:
    return isinstance(violation, dict) and all(violation.get(name) for name in ("field", "message"))


def _wait(body: Any) -> float:
    """How long an error says to wait; 0 where it does not say."""
    wait = body.get("retryAfterS") if isinstance(body, Mapping) else None
    return wait if isinstance(wait, int | float) and math.isfinite(wait) and wait > 0 else 0


def _retry_after(headers: Mapping[str, str], body: Any) -> list[str]:
    """Header and member say the same: a whole number of seconds, no shorter than what the member says, rounded."""
    header, wait = headers.get("retry-after"), _wait(body)
    if header is None:
        return ["The error says retryAfterS, but there is no Retry-After header."] if wait else []
    if not header.isdigit():
        return [f"Retry-After is {header!r}, not a whole number of seconds."]
    if wait and abs(int(header) - wait) > 1:
        return [f"Retry-After says {header} s, but retryAfterS says {wait:g}."]
    return []
