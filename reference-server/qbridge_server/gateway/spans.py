"""Spans: sampled entries as OpenTelemetry spans, sent by OTLP over HTTP in batches.

One entry becomes a span of the request and one for each stage. The request's span takes the caller's span as its
parent, so one trace runs from the caller to the backend and back. The messages are OpenTelemetry's own
(opentelemetry-proto); its SDK is left out because a live span costs more than the whole path.

Source: https://opentelemetry.io/docs/specs/otlp/
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, Span, Status

from qbridge_contract.structs import RequestState
from qbridge_server.gateway.telemetry import Telemetry
from qbridge_server.ports import Entry, Rng

log = logging.getLogger("qbridge.server.spans")

EXPORT_GAP_S = 1.0
EXPORT_TIMEOUT_S = 5.0
BATCH_MAX = 512
HEADERS = {"content-type": "application/x-protobuf"}


class SpanSender:
    """Sends what the telemetry has sampled to `endpoint` (OTLP over HTTP), once a second."""

    def __init__(self, telemetry: Telemetry, endpoint: str, *, rng: Rng) -> None:
        self._telemetry = telemetry
        self._url = endpoint.rstrip("/") + "/v1/traces"
        self._rng = rng

    async def run(self) -> None:
        """Sends until cancelled, then once more."""
        async with httpx.AsyncClient(timeout=EXPORT_TIMEOUT_S, headers=HEADERS) as client:
            try:
                while True:
                    await asyncio.sleep(EXPORT_GAP_S)
                    await self.flush(client)
            finally:
                await self.flush(client)

    async def flush(self, client: httpx.AsyncClient) -> None:
        """Sends all that is sampled now. A batch that the collector does not take is dropped and counted."""
        waiting = self._telemetry.spans
        while waiting:
            batch = [waiting.popleft() for _ in range(min(BATCH_MAX, len(waiting)))]
            try:
                answer = await client.post(self._url, content=export_of(batch, self._rng).SerializeToString())
                answer.raise_for_status()
            except Exception as error:  # whatever it is, the next batch may go through
                self._telemetry.spans_dropped += len(batch)
                log.warning("spans dropped", extra={"requests": len(batch), "why": repr(error)})


def export_of(entries: Iterable[Entry], rng: Rng) -> ExportTraceServiceRequest:
    """The export message with the spans of the entries."""
    message = ExportTraceServiceRequest()
    spans = message.resource_spans.add()
    spans.resource.attributes.append(_attribute("service.name", "qbridge"))
    scope = spans.scope_spans.add()
    scope.scope.name = "qbridge.server"
    for entry in entries:
        _add(scope, entry, rng)
    return message


def _add(scope: ScopeSpans, entry: Entry, rng: Rng) -> None:
    """The request's span, and one for each stage below it."""
    trace_id = bytes.fromhex(entry.trace_id)
    own = rng.token_bytes(8)
    traceparent = entry.request.traceparent
    skew = entry.accepted_wall - entry.accepted_at
    ok = entry.state is RequestState.SUCCEEDED
    scope.spans.append(
        Span(
            trace_id=trace_id,
            span_id=own,
            parent_span_id=bytes.fromhex(traceparent[36:52]) if traceparent else b"",
            name=f"qbridge {entry.backend}",
            kind=Span.SPAN_KIND_SERVER,
            start_time_unix_nano=_nanoseconds(entry.accepted_wall),
            end_time_unix_nano=_nanoseconds(entry.finished_at + skew),
            status=Status(code=Status.STATUS_CODE_OK if ok else Status.STATUS_CODE_ERROR),
            attributes=[
                _attribute("qbridge.request.id", entry.request.id),
                _attribute("qbridge.lane", entry.lane),
                _attribute("qbridge.tenant", entry.caller.tenant),
                _attribute("qbridge.state", entry.state.name),
                _attribute("qbridge.attempts", entry.attempts),
                _attribute("qbridge.batch.size", entry.batch_size),
                _attribute("qbridge.dispatch.reason", entry.dispatch_reason),
            ],
        )
    )
    marks = (
        ("queue", entry.accepted_at, entry.leased_at),
        ("execute", entry.leased_at, entry.executed_at),
        ("settle", entry.executed_at, entry.finished_at),
    )
    for stage, start, end in marks:
        if start and end:
            scope.spans.append(
                Span(
                    trace_id=trace_id,
                    span_id=rng.token_bytes(8),
                    parent_span_id=own,
                    name=f"qbridge {stage}",
                    kind=Span.SPAN_KIND_INTERNAL,
                    start_time_unix_nano=_nanoseconds(start + skew),
                    end_time_unix_nano=_nanoseconds(end + skew),
                )
            )


def _attribute(key: str, value: str | int) -> KeyValue:
    if isinstance(value, int):
        return KeyValue(key=key, value=AnyValue(int_value=value))
    return KeyValue(key=key, value=AnyValue(string_value=value))


def _nanoseconds(wall: float) -> int:
    return int(wall * 1e9)
