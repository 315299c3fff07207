"""The sender of spans outlives a collector that is broken in any way, and counts what it loses."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from qbridge_contract.structs import Durability, InternalRequest, RequestState
from qbridge_server.gateway import trace
from qbridge_server.gateway.metrics import Metrics
from qbridge_server.gateway.spans import BATCH_MAX, SpanSender
from qbridge_server.gateway.telemetry import Telemetry
from qbridge_server.ports import LOCAL, Entry
from qbridge_server.runtime import SystemClock, SystemRng

from .conftest import Doors


def sampled(trace_id: str = "a" * 32) -> Entry:
    """An entry that is final and shall become spans."""
    return Entry(
        request=InternalRequest(id="req_1"),
        caller=LOCAL,
        backend="echo",
        lane="echo/x",
        durability=Durability.MEMORY,
        effect_key="req_1",
        trace_id=trace_id,
        accepted_at=1.0,
        accepted_wall=1000.0,
        finished_at=2.0,
        state=RequestState.SUCCEEDED,
        sampled=True,
    )


def refuses(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(503)


def breaks(_request: httpx.Request) -> httpx.Response:
    raise RuntimeError("a bug of the client")


def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody listens", request=request)


@pytest.mark.parametrize("collector", [refuses, breaks, unreachable])
async def test_a_batch_that_is_not_taken_is_counted_and_the_next_one_is_sent(
    doors: Doors, collector: Callable[[httpx.Request], httpx.Response]
) -> None:
    telemetry = Telemetry(doors.server.deployment.buffer, clock=SystemClock(), rng=SystemRng(), sample_ratio=1.0)
    sender = SpanSender(telemetry, "http://collector", rng=SystemRng())
    for _ in range(BATCH_MAX + 1):
        telemetry.finished(sampled())
    async with httpx.AsyncClient(transport=httpx.MockTransport(collector)) as client:
        await sender.flush(client)
    assert not telemetry.spans
    page = Metrics(telemetry, lambda: 0).page().decode()
    assert f"qbridge_spans_dropped_total {BATCH_MAX + 1}.0" in page
    taken: list[httpx.Request] = []

    def takes(request: httpx.Request) -> httpx.Response:
        taken.append(request)
        return httpx.Response(200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(takes)) as client:
        telemetry.finished(sampled())
        await sender.flush(client)
    assert len(taken) == 1
    assert telemetry.spans_dropped == BATCH_MAX + 1


async def test_an_entry_that_cannot_be_a_span_costs_its_batch_not_the_sender(doors: Doors) -> None:
    telemetry = Telemetry(doors.server.deployment.buffer, clock=SystemClock(), rng=SystemRng(), sample_ratio=1.0)
    telemetry.finished(sampled(trace_id="no hexadecimal digits"))
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as client:
        await SpanSender(telemetry, "http://collector", rng=SystemRng()).flush(client)
    assert telemetry.spans_dropped == 1


def test_a_trace_header_with_a_line_break_is_none() -> None:
    good = f"00-{'a' * 32}-{'b' * 16}-01"
    assert trace.parse(good) == ("a" * 32, True)
    assert trace.parse(good + "\n") is None
