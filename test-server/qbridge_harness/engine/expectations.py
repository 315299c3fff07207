"""What an outcome must be, and what is taken out of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qbridge_harness.language.matchers import match
from qbridge_harness.language.values import lookup

_OWN_ERRORS = ("call", "grpc", "ws", "sse", "open", "receive", "collect", "backend")
"""Steps whose outcome may be an error, which the case must then expect."""
_LOAD_ERRORS = ("error_rate", "errors", "ok", "dropped", "unanswered")
"""What a case says of a load that may have errors."""


def judge(kind: str, expected: Any, outcome: Mapping[str, Any]) -> list[str]:
    """What of an outcome is not as expected. An error that nobody expects is a problem by itself."""
    wanted = {} if expected is None else expected
    if isinstance(wanted, dict):
        wanted = dict(wanted)
        if isinstance(wanted.get("error"), str):
            wanted["error"] = {"code": wanted["error"]}
        if kind in _OWN_ERRORS and "error" not in wanted and outcome.get("error") is not None:
            error = outcome["error"]
            return [f"It answered the error {error.get('code') or '?'}: {error.get('message', '')}"]
        if kind == "rest" and "status" not in wanted and outcome["status"] >= 400:
            return [f"It answered status {outcome['status']}: {outcome.get('text', '')[:300]}"]
        if kind == "load" and outcome["error_rate"] and wanted.keys().isdisjoint(_LOAD_ERRORS):
            counts = {name: outcome[name] for name in ("errors", "dropped", "unanswered")}
            return [f"Not every request was answered well: {counts} of {outcome['arrivals']}."]
        if kind == "trace" and not outcome["spans"] and "spans" not in wanted and "count" not in wanted:
            return ["No span of this trace came."]
    return [str(mismatch) for mismatch in match(wanted, outcome)]


def capture(paths: Mapping[str, str], outcome: Mapping[str, Any], variables: dict[str, Any]) -> None:
    """Takes values of an outcome into variables. Raises UnknownVariable."""
    for name, path in paths.items():
        variables[name] = lookup(path, outcome)
