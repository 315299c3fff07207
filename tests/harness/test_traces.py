"""Traces: the receiver takes what exporters send, refuses the rest, and a `trace` step waits for what it expects."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from qbridge_harness.engine import CaseResult
from qbridge_harness.spans import SpanReceiver
from qbridge_harness.spans.receiver import BODY_MAX
from qbridge_harness.spans.store import SPANS_MAX, Span as Kept, SpanStore

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PROTOBUF = {"content-type": "application/x-protobuf"}
NEEDS = "    needs: {traces: true}\n"


def export(trace_id: str = TRACE, name: str = "work") -> ExportTraceServiceRequest:
    """A span and one below it."""
    message = ExportTraceServiceRequest()
    resource = message.resource_spans.add()
    resource.resource.attributes.append(KeyValue(key="service.name", value=AnyValue(string_value="bridge")))
    spans = resource.scope_spans.add().spans
    top = Span(
        trace_id=bytes.fromhex(trace_id),
        span_id=b"\x01" * 8,
        parent_span_id=b"\x09" * 8,
        name=name,
        kind=Span.SPAN_KIND_SERVER,
        start_time_unix_nano=1_000_000_000,
        end_time_unix_nano=1_005_000_000,
        status=Status(code=Status.STATUS_CODE_OK),
    )
    top.attributes.append(KeyValue(key="size", value=AnyValue(int_value=3)))
    below = Span(trace_id=top.trace_id, span_id=b"\x02" * 8, parent_span_id=top.span_id, name="queue")
    below.start_time_unix_nano, below.end_time_unix_nano = 1_001_000_000, 1_002_500_000
    spans.extend([below, top])
    return message


WANTED = [
    {
        "name": "work",
        "kind": "server",
        "service": "bridge",
        "spanId": "01" * 8,
        "parentId": "09" * 8,
        "parent": "",
        "status": "ok",
        "duration_ms": 5.0,
        "attributes": {"size": 3},
    },
    {
        "name": "queue",
        "kind": "unspecified",
        "service": "bridge",
        "spanId": "02" * 8,
        "parentId": "01" * 8,
        "parent": "work",
        "status": "unset",
        "duration_ms": 1.5,
        "attributes": {},
    },
]
JSON_EXPORT = {
    "resourceSpans": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "bridge"}}]},
            "scopeSpans": [
                {
                    "spans": [
                        {
                            "traceId": TRACE.upper(),
                            "spanId": "02" * 8,
                            "parentSpanId": "01" * 8,
                            "name": "queue",
                            "startTimeUnixNano": "1001000000",
                            "endTimeUnixNano": "1002500000",
                            "later": "a field of a newer version",
                        },
                        {
                            "traceId": TRACE,
                            "spanId": "01" * 8,
                            "parentSpanId": "09" * 8,
                            "name": "work",
                            "kind": 2,
                            "startTimeUnixNano": "1000000000",
                            "endTimeUnixNano": "1005000000",
                            "status": {"code": 1},
                            "attributes": [{"key": "size", "value": {"intValue": "3"}}],
                        },
                    ]
                }
            ],
        }
    ]
}


@pytest.fixture
def receiver() -> Iterator[SpanReceiver]:
    made = SpanReceiver()
    yield made
    made.close()


async def post(receiver: SpanReceiver, content: bytes, headers: dict[str, str], path: str = "/v1/traces") -> int:
    """Sends an export; the status of the answer."""
    async with receiver.receiving(), httpx.AsyncClient(trust_env=False) as client:
        return (await client.post(receiver.url + path, content=content, headers=headers)).status_code


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (export().SerializeToString(), PROTOBUF),
        (gzip.compress(export().SerializeToString()), PROTOBUF | {"content-encoding": "gzip"}),
        (json.dumps(JSON_EXPORT).encode(), {"content-type": "application/json; charset=utf-8"}),
    ],
)
async def test_spans_come_in_every_form_that_exporters_use(
    receiver: SpanReceiver, content: bytes, headers: dict[str, str]
) -> None:
    assert await post(receiver, content, headers) == 200
    assert receiver.store.trace(TRACE) == WANTED


@pytest.mark.parametrize(
    ("content", "headers", "path", "status"),
    [
        (b"\xff\xff garbage", PROTOBUF, "/v1/traces", 400),
        (b"{", {"content-type": "application/json"}, "/v1/traces", 400),
        (b"[1]", {"content-type": "application/json"}, "/v1/traces", 400),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "xyz"}]}]}]}',
         {"content-type": "application/json"}, "/v1/traces", 400),
        (b"no gzip", PROTOBUF | {"content-encoding": "gzip"}, "/v1/traces", 400),
        (gzip.compress(bytes(BODY_MAX + 1)), PROTOBUF | {"content-encoding": "gzip"}, "/v1/traces", 400),
        (b"", PROTOBUF | {"content-encoding": "br"}, "/v1/traces", 400),
        (b"x" * (BODY_MAX + 1), PROTOBUF, "/v1/traces", 413),
        (b"", {"content-type": "text/plain"}, "/v1/traces", 415),
        (b"", PROTOBUF, "/v1/metrics", 404),
    ],
)  # fmt: skip
async def test_what_is_no_export_is_refused(
    receiver: SpanReceiver, content: bytes, headers: dict[str, str], path: str, status: int
) -> None:
    assert await post(receiver, content, headers, path) == status
    assert receiver.store.trace(TRACE) == []


async def test_what_was_sent_before_anybody_listened_is_taken(receiver: SpanReceiver) -> None:
    """The port is taken at once: an exporter that is early waits instead of losing its spans."""
    async with httpx.AsyncClient(trust_env=False) as client:
        early = asyncio.create_task(
            client.post(receiver.url + "/v1/traces", content=export().SerializeToString(), headers=PROTOBUF)
        )
        await asyncio.sleep(0)
        async with receiver.receiving():
            assert (await early).status_code == 200
    assert len(receiver.store.trace(TRACE)) == 2


async def test_a_receiver_serves_one_run_after_another(receiver: SpanReceiver) -> None:
    for name in ("first", "second"):
        assert await post(receiver, export(name=name).SerializeToString(), PROTOBUF) == 200
    assert [span["name"] for span in receiver.store.trace(TRACE)] == ["second", "queue"]


def test_a_receiver_may_be_waited_at_in_one_loop_after_another(receiver: SpanReceiver) -> None:
    async def waits_in_vain() -> None:
        async with receiver.receiving():
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await receiver.store.more()

    for _ in range(2):
        asyncio.run(waits_in_vain())


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1:x", "256.0.0.1:1"])
def test_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="Give HOST:PORT"):
        SpanReceiver(address)


def test_a_port_that_is_taken_is_refused(receiver: SpanReceiver) -> None:
    with pytest.raises(ValueError, match="in use"):
        SpanReceiver(f"127.0.0.1:{receiver.port}")


async def test_the_store_is_bounded() -> None:
    store = SpanStore()
    for number in range(12):
        trace = f"{number:032x}"
        store.add([Kept(trace, f"{each}", "", "x", "server", "", 0, 0, "ok") for each in range(SPANS_MAX // 10)])
    assert store.trace(f"{0:032x}") == []
    assert len(store.trace(f"{11:032x}")) == SPANS_MAX // 10


Judge = Callable[..., Any]
STEP = f"""
- trace: {TRACE}
  within_s: 5
  expect: {{count: 2, services: [bridge], spans: [{{name: work, attributes: {{size: 3}}}}, {{parent: work}}]}}
"""


def text(steps: str) -> str:
    body = "\n".join("      " + line for line in steps.strip().splitlines())
    return f"purpose: A test.\ncases:\n  - name: it\n{NEEDS}    act:\n{body}\n"


async def test_a_step_waits_until_the_spans_have_come(
    judge: Judge, receiver: SpanReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = asyncio.Event()
    more = receiver.store.more

    async def watched() -> None:
        waits.set()
        await more()

    monkeypatch.setattr(receiver.store, "more", watched)

    async def later() -> None:
        await waits.wait()
        async with httpx.AsyncClient(trust_env=False) as client:
            message = export()
            spans = message.resource_spans[0].scope_spans[0].spans
            for span in list(spans):
                del spans[:]
                spans.append(span)
                await client.post(receiver.url + "/v1/traces", content=message.SerializeToString(), headers=PROTOBUF)

    exporter = asyncio.create_task(later())
    case: CaseResult = (await judge(text(STEP), spans=receiver)).cases[0]
    await exporter
    assert case.verdict == "passed", case.reason


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (f"- {{trace: '{'0' * 32}', within_s: 0.05}}", "No span of this trace came"),
        (f"- {{trace: {TRACE}, within_s: 0.05, expect: {{count: 3}}}}", "count: expected 3, got 2"),
        (f"- {{trace: {TRACE}, within_s: 0.05, expect: {{spans: {{$contains: {{name: play}}}}}}}}", "something with"),
    ],
)
async def test_a_trace_that_is_not_as_expected_fails(
    judge: Judge, receiver: SpanReceiver, step: str, said: str
) -> None:
    assert await post(receiver, export().SerializeToString(), PROTOBUF) == 200
    case = (await judge(text(step), spans=receiver)).cases[0]
    assert case.verdict == "failed"
    assert said in case.reason


async def test_without_a_receiver_the_case_is_skipped_with_the_reason(judge: Judge) -> None:
    case = (await judge(text(STEP))).cases[0]
    assert case.verdict == "skipped"
    assert "--otlp HOST:PORT" in case.reason


async def test_a_trace_step_in_a_case_that_needs_none_is_its_own_error(
    judge_steps: Callable[..., Awaitable[CaseResult]],
) -> None:
    case = await judge_steps(STEP)
    assert case.verdict == "error"
    assert "let the case need `traces`" in case.reason
