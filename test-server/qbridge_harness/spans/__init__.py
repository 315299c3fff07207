"""The harness as a collector of traces: takes spans by OTLP over HTTP, and gives them to the case that asks.

    deployment --POST /v1/traces (protobuf or JSON)--> SpanReceiver --by trace id--> `trace` steps

It knows OpenTelemetry's messages and nothing of the contract. It keeps a bounded number of spans, the newest.
"""

from qbridge_harness.spans.receiver import SpanReceiver
from qbridge_harness.spans.store import Span, SpanStore

__all__ = ["Span", "SpanReceiver", "SpanStore"]
