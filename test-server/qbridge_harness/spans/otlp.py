"""OTLP's messages to spans: protobuf and its JSON form.

Source: https://opentelemetry.io/docs/specs/otlp/
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

from qbridge_harness.spans.store import Span

_IDS = ("traceId", "spanId", "parentSpanId")


def from_protobuf(data: bytes) -> list[Span]:
    """The spans of an export. Raises ValueError for what is none."""
    try:
        return _spans(ExportTraceServiceRequest.FromString(data))
    except DecodeError as error:
        raise ValueError(f"this is no ExportTraceServiceRequest: {error}") from None


def from_json(document: Any) -> list[Span]:
    """The spans of an export in JSON. Raises ValueError for what is none."""
    try:
        message = json_format.ParseDict(_base64_ids(document), ExportTraceServiceRequest(), ignore_unknown_fields=True)
    except (json_format.ParseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"this is no ExportTraceServiceRequest: {error}") from None
    return _spans(message)


def _base64_ids(value: Any) -> Any:
    """The document with its ids as protobuf's JSON has bytes: OTLP writes them in hex."""
    if isinstance(value, list):
        return [_base64_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for key, item in value.items():
        if key in _IDS and isinstance(item, str):
            try:
                found[key] = base64.b64encode(bytes.fromhex(item)).decode()
            except (binascii.Error, ValueError):
                raise ValueError(f"{key} is no hex: {item[:64]!r}") from None
        else:
            found[key] = _base64_ids(item)
    return found


def _spans(message: ExportTraceServiceRequest) -> list[Span]:
    found = []
    for resource in message.resource_spans:
        service = str(_attributes(resource.resource.attributes).get("service.name", ""))
        found += [_span(span, service) for scope in resource.scope_spans for span in scope.spans]
    return found


def _span(span: trace_pb2.Span, service: str) -> Span:
    kind = trace_pb2.Span.SpanKind.Name(span.kind) if span.kind in trace_pb2.Span.SpanKind.values() else "UNSPECIFIED"
    status = {trace_pb2.Status.STATUS_CODE_OK: "ok", trace_pb2.Status.STATUS_CODE_ERROR: "error"}
    return Span(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        name=span.name,
        kind=kind.removeprefix("SPAN_KIND_").lower(),
        service=service,
        start_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
        status=status.get(span.status.code, "unset"),
        attributes=_attributes(span.attributes),
    )


def _attributes(pairs: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    pair: KeyValue
    for pair in pairs:
        found[pair.key] = _value(pair.value)
    return found


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return _attributes(value.kvlist_value.values)
    if kind == "bytes_value":
        return base64.b64encode(value.bytes_value).decode()
    return getattr(value, kind)
