"""`trace`: the spans of a trace, as the deployment sent them to the harness."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from qbridge_harness.engine.context import Context
from qbridge_harness.engine.steps.encoding import CaseBroken
from qbridge_harness.language.matchers import match
from qbridge_harness.language.telemetry_steps import TraceStep


async def trace(context: Context, step: TraceStep) -> dict[str, Any]:
    """Waits for spans until they are as expected or the time is over; the outcome has those that came."""
    store = context.wire.spans
    if store is None:
        raise CaseBroken("The harness receives no spans: run it with --otlp HOST:PORT, and let the case need `traces`.")
    trace_id = str(context.fill(step.trace))
    expected = context.fill(step.expect)
    deadline = time.perf_counter() + step.within_s * context.patience
    while True:
        spans = store.trace(trace_id)
        services = sorted({span["service"] for span in spans})
        outcome = {"spans": spans, "count": len(spans), "services": services}
        left_s = deadline - time.perf_counter()
        if (spans and not match(expected or {}, outcome)) or left_s <= 0:
            break
        try:
            async with asyncio.timeout(left_s):
                await store.more()
        except TimeoutError:
            continue
    context.log.received("otlp", f"{len(spans)} spans of {trace_id}", spans)
    return outcome
