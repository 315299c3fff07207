"""What the outcome of each kind of step has, for `expect` and `capture`."""

from __future__ import annotations

EXPECTS: dict[str, frozenset[str]] = {
    "call": frozenset({"result", "error", "status", "headers", "duration_s"}),
    "rest": frozenset({"status", "headers", "body", "text", "duration_s"}),
    "grpc": frozenset({"status", "message", "messages", "error", "metadata", "trailers", "compressed", "duration_s"}),
    "sse": frozenset({"status", "events", "error", "duration_s"}),
    "ws": frozenset({"status", "messages", "error", "close_code", "duration_s"}),
    "open": frozenset({"error", "status"}),
    "receive": frozenset({"messages", "last", "ended", "error", "close_code"}),
    "collect": frozenset({"results", "late_accepted", "error"}),
    "observe": frozenset(
        {"attached", "attaches", "batches", "sizes", "items", "effects", "results_sent", "go_away", "error"}
    ),
    "idempotent": frozenset({"serial", "concurrent", "conflict"}),
    "load": frozenset(
        {"arrivals", "sent", "ok", "errors", "error_rate", "dropped", "unanswered", "rate_per_s", "checked"}
        | {"latency_ms", "late_ms"}
    ),
    "metrics": frozenset({"now", "delta"}),
    "trace": frozenset({"spans", "count", "services"}),
    "leave_one_out": frozenset({"accuracy", "neighbours", "queries"}),
    "recall": frozenset({"recall", "queries"}),
}
"""Kind of step -> what its outcome has."""

JUDGES_ITSELF = frozenset(
    {"call", "rest", "grpc", "sse", "ws", "open", "receive", "collect", "backend", "idempotent", "load", "trace"}
)
"""The steps that can fail without an `expect`: an error or a 4xx or 5xx that nobody expects, a trace without spans."""
