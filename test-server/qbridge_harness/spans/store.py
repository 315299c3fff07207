"""Spans by their trace, and a bell that rings when more have come."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

SPANS_MAX = 50_000
"""Beyond these the oldest trace is forgotten."""


@dataclass(frozen=True, slots=True)
class Span:
    """One span, as cases see it."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: str
    """internal, server, client, producer, consumer, or unspecified."""
    service: str
    start_ns: int
    end_ns: int
    status: str
    """ok, error or unset."""
    attributes: dict[str, Any] = field(default_factory=dict)

    def document(self, names: dict[str, str]) -> dict[str, Any]:
        """Its outcome in a case; `parent` is the name of the span above it, empty where that did not come."""
        return {
            "name": self.name,
            "kind": self.kind,
            "service": self.service,
            "spanId": self.span_id,
            "parentId": self.parent_id,
            "parent": names.get(self.parent_id, ""),
            "status": self.status,
            "duration_ms": round((self.end_ns - self.start_ns) / 1e6, 3),
            "attributes": dict(self.attributes),
        }


class SpanStore:
    """The spans that have come."""

    def __init__(self) -> None:
        self._traces: OrderedDict[str, dict[str, Span]] = OrderedDict()
        self._count = 0
        self._bell = asyncio.Event()

    def add(self, spans: list[Span]) -> None:
        """Keeps spans; one that comes again, by a retry of the exporter, counts once."""
        for span in spans:
            trace = self._traces.setdefault(span.trace_id, {})
            self._count += span.span_id not in trace
            trace[span.span_id] = span
        while self._count > SPANS_MAX and len(self._traces) > 1:
            _, gone = self._traces.popitem(last=False)
            self._count -= len(gone)
        self.ring()

    def ring(self) -> None:
        """Wakes everybody who waits. The next bell belongs to the loop of the next who waits."""
        self._bell.set()
        self._bell = asyncio.Event()

    def trace(self, trace_id: str) -> list[dict[str, Any]]:
        """The spans of a trace so far, in the order of their start."""
        spans = sorted(self._traces.get(trace_id.lower(), {}).values(), key=lambda span: (span.start_ns, -span.end_ns))
        names = {span.span_id: span.name for span in spans}
        return [span.document(names) for span in spans]

    async def more(self) -> None:
        """Returns when more spans have come."""
        await self._bell.wait()
