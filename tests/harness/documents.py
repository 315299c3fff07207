"""Whole messages of the contract, as a sound deployment would send them; tests change what they are about."""

from __future__ import annotations

from typing import Any

TRACE = "0af7651916cd43dd8448eb211c80319c"
AT = "2026-01-02T03:04:05Z"
REQUEST_ID = "req_01ARZ3NDEKTSV4RRFFQ69G5FAV"
INVOKE = {"invoke": {"name": "a"}}


def reply(text: str = "done") -> dict[str, Any]:
    """A reply of one text."""
    return {"payload": {"text": text}}


def result(request_id: str = "req_1", **changes: Any) -> dict[str, Any]:
    """A result that succeeded."""
    return {
        "requestId": request_id,
        "state": "REQUEST_STATE_SUCCEEDED",
        "reply": reply(),
        "attempts": 1,
        "traceId": TRACE,
    } | changes


def accepted(request_id: str = "req_1", **changes: Any) -> dict[str, Any]:
    """An acceptance."""
    return {"requestId": request_id, "durability": "DURABILITY_MEMORY", "traceId": TRACE} | changes


def error(code: str, message: str = "What happened.", **changes: Any) -> dict[str, Any]:
    """An Error inside of a message."""
    return {"code": f"ERROR_CODE_{code}", "message": message} | changes


def record(state: str, request_id: str = REQUEST_ID, **changes: Any) -> dict[str, Any]:
    """A request in a state; one that is final has its result."""
    ended: dict[str, Any] = {}
    if state == "SUCCEEDED":
        ended = {"result": result(request_id)}
    elif state in ("FAILED", "CANCELLED", "EXPIRED", "DEAD"):
        code = {"EXPIRED": "DEADLINE_EXCEEDED", "CANCELLED": "CANCELLED"}.get(state, "BACKEND_FAILED")
        failed = {"state": f"REQUEST_STATE_{state}", "error": error(code)}
        ended = {"result": {key: value for key, value in result(request_id, **failed).items() if key != "reply"}}
    return {
        "request": {"id": request_id, "backend": "echo", "operation": INVOKE},
        "state": f"REQUEST_STATE_{state}",
        "durability": "DURABILITY_MEMORY",
        "createdAt": AT,
        "updatedAt": AT,
        **ended,
        **changes,
    }


def event(sequence: int, state: str, request_id: str = REQUEST_ID, **changes: Any) -> dict[str, Any]:
    """An event of a Watch."""
    whole = record(state, request_id)
    ended = {"result": whole["result"]} if "result" in whole else {}
    said = {"requestId": request_id, "sequence": sequence, "state": f"REQUEST_STATE_{state}", "at": AT}
    return said | ended | changes


def made_key(secret: str) -> dict[str, Any]:
    """The answer to CreateKey."""
    key = {"keyId": "key_1", "name": "a", "tenant": "t", "scopes": ["call"], "createdAt": AT}
    return {"key": key, "secret": secret}


def problem(code: str, status: int, title: str, **changes: Any) -> dict[str, Any]:
    """An error over REST; the title is the error table's."""
    return {
        "type": f"urn:qbridge:error:{code}",
        "title": title,
        "status": status,
        "detail": "What happened.",
        "code": code,
        "retryable": False,
    } | changes
