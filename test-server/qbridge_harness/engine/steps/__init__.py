"""What each kind of step does: one coroutine per kind, from the case's context and the step to an outcome.

An outcome is a plain object; the runner compares it with `expect` and captures from it. Failures of the deployment
are outcomes; what cannot be done at all raises StepFailed with a sentence.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from qbridge_harness.engine.context import Context
from qbridge_harness.engine.steps.backend import backend, observe, tell
from qbridge_harness.engine.steps.call import call
from qbridge_harness.engine.steps.data import data, leave_one_out, recall
from qbridge_harness.engine.steps.idempotent import idempotent
from qbridge_harness.engine.steps.load import load
from qbridge_harness.engine.steps.metrics import metrics
from qbridge_harness.engine.steps.raw import grpc, rest, sse, ws
from qbridge_harness.engine.steps.streams import close, collect, open_stream, receive, send
from qbridge_harness.engine.steps.traces import trace

Executor = Callable[[Context, Any], Awaitable[dict[str, Any]]]

EXECUTORS: dict[str, Executor] = {
    "call": call,
    "rest": rest,
    "grpc": grpc,
    "sse": sse,
    "ws": ws,
    "open": open_stream,
    "send": send,
    "receive": receive,
    "collect": collect,
    "close": close,
    "backend": backend,
    "tell": tell,
    "observe": observe,
    "data": data,
    "load": load,
    "metrics": metrics,
    "trace": trace,
    "leave_one_out": leave_one_out,
    "recall": recall,
    "idempotent": idempotent,
}
"""Kind -> what it does; `set`, `check`, `barrier` and what holds other steps are the runner's own."""

__all__ = ["EXECUTORS", "Executor"]
