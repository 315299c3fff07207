"""The W3C trace context of what runs now: a worker sets it for its handler, each request reads it."""

from __future__ import annotations

import sys
from contextvars import ContextVar

from qbridge._ids import new_root_traceparent, new_span_id

current: ContextVar[str] = ContextVar("qbridge_traceparent", default="")


def traceparent() -> str:
    """The traceparent for a new request: a child of what is current, or a trace of its own.

    A span of OpenTelemetry counts where that package is loaded; it is never imported for this.
    """
    parent = current.get()
    if "opentelemetry.trace" in sys.modules:
        parent = _from_opentelemetry() or parent
    if not parent:
        return new_root_traceparent()
    return f"{parent[:36]}{new_span_id()}{parent[52:]}"


def _from_opentelemetry() -> str:
    context = sys.modules["opentelemetry.trace"].get_current_span().get_span_context()
    if not context.is_valid:
        return ""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"
