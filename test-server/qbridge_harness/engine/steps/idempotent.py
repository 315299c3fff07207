"""`idempotent`: one request sent again, in every way in which callers do it, with the same response and one effect."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from qbridge_harness.engine.context import Context
from qbridge_harness.engine.expectations import capture, judge
from qbridge_harness.engine.steps.call import call
from qbridge_harness.engine.steps.encoding import CaseBroken, StepFailed
from qbridge_harness.language.flow_steps import IdempotentStep, Way
from qbridge_harness.language.fresh import token, ulid
from qbridge_harness.language.matchers import equal, show
from qbridge_harness.own import OwnBackend

CONFLICT = "IDEMPOTENCY_CONFLICT"
LATE_S = 0.25
"""How long after all ways an effect too many is waited for, in seconds."""
_OF_THE_ATTEMPT = ("replayed", "traceId")
"""What may differ between two responses to the same request."""


async def idempotent(context: Context, step: IdempotentStep) -> dict[str, Any]:
    """Tries each way with a key of its own. Raises StepFailed with what is not idempotent."""
    worker = _worker(context, step)
    start = worker.effects_total if worker else 0
    outcome: dict[str, Any] = {}
    for way in step.how:
        before = worker.effects_total if worker else 0
        responses = await _Way(context, step, way).run()
        outcome[way] = {"responses": responses, "replayed": [_replayed(response) for response in responses]}
        if worker is not None:
            outcome[way]["effects"] = await _effects(worker, before, step.effects, way)
    if worker is not None:
        await _no_more(worker, start + step.effects * len(step.how))
    first = outcome[step.how[0]]["responses"][0]
    capture(step.idempotent.capture, first, context.variables)
    return outcome


class _Way:
    """One way of sending a request again."""

    def __init__(self, context: Context, step: IdempotentStep, way: Way) -> None:
        self.context = context
        self.step = step
        self.way = way
        self.key = "req_" + ulid() if step.by == "id" else f"key-{token(10)}"
        asked = context.fill(step.idempotent.with_)
        if not isinstance(asked, dict):
            raise CaseBroken(f"`with` of an idempotent call is an object, not {show(asked)}.")
        self.asked: dict[str, Any] = asked
        transport = context.fill(step.idempotent.transport) or context.planned.transport
        self.on_session = transport in ("session", "websocket")

    async def run(self) -> list[dict[str, Any]]:
        """Every response to the same request, in the order of sending."""
        if self.way == "concurrent":
            return await self.concurrent()
        return await (self.serial() if self.way == "serial" else self.conflict())

    async def serial(self) -> list[dict[str, Any]]:
        responses = [await self.send(self.asked, number) for number in range(1, self.step.times + 1)]
        self.same(responses)
        self.marked(responses, 1)
        return responses

    async def concurrent(self) -> list[dict[str, Any]]:
        sending = (self.send(self.asked, number) for number in range(1, self.step.times + 1))
        responses = list(await asyncio.gather(*sending))
        self.same(responses)
        self.marked(sorted(responses, key=lambda response: bool(_replayed(response))), 1)
        return responses

    async def conflict(self) -> list[dict[str, Any]]:
        first = await self.send(self.asked, 1)
        other = await self.send(merged(self.asked, self.context.fill(self.step.change)), None)
        code = (other.get("error") or {}).get("code")
        if code != CONFLICT:
            got = f"the error {code}" if code else f"a result: {show(other.get('result'))}"
            raise StepFailed(f"conflict: another body under the same key wants {CONFLICT}; it got {got}.")
        again = await self.send(self.asked, 2)
        self.same([first, again])
        self.marked([first, again], 1)
        return [first, again]

    async def send(self, asked: dict[str, Any], number: int | None) -> dict[str, Any]:
        """Sends a request under this way's key; one with a number must be answered as the step expects."""
        inner = self.step.idempotent
        if self.step.by == "header":
            headers = dict(inner.headers) | {"Idempotency-Key": self.key}
            one = inner.model_copy(update={"with_": asked, "headers": headers})
        else:
            named = {"id": self.key} if self.step.by == "id" else {"idempotencyKey": self.key}
            one = inner.model_copy(update={"with_": asked | named})
        outcome = await call(self.context, one)
        problems = judge("call", self.context.fill(inner.expect), outcome) if number is not None else []
        if problems:
            raise StepFailed(f"{self.way}, request {number}: {problems[0]}")
        return outcome

    def same(self, responses: list[dict[str, Any]]) -> None:
        """Every response says what the first one says."""
        # On a session a result names the submit that it answers, which has an id of its own.
        named = ("requestId",) if self.on_session and self.step.by != "id" else ()
        first = _core(responses[0], named)
        for number, response in enumerate(responses[1:], 2):
            core = _core(response, named)
            # Over a session, what is known of an acceptance depends on how far the request is.
            refused = "error" in first or "error" in core
            for name in first.keys() | core.keys() if refused else first.keys() & core.keys():
                if not equal(first.get(name), core.get(name)):
                    text = f"{self.way}: response {number} has {name} {show(core.get(name))}"
                    raise StepFailed(f"{text}, but the first has {show(first.get(name))}.")

    def marked(self, responses: list[dict[str, Any]], fresh: int) -> None:
        """So many responses are no replays, and the others say that they are."""
        marks = [_replayed(response) for response in responses]
        if None not in marks and marks != [False] * fresh + [True] * (len(marks) - fresh):
            raise StepFailed(f"{self.way}: one response is the first and the others are replayed; it is {marks}.")


def merged(document: Any, change: Any) -> Any:
    """A document with another laid over it, key by key."""
    if not isinstance(document, Mapping) or not isinstance(change, Mapping):
        return change
    return dict(document) | {key: merged(document.get(key), value) for key, value in change.items()}


def _core(response: Mapping[str, Any], left_out: tuple[str, ...]) -> dict[str, Any]:
    """What must be the same in every response."""
    error = response.get("error")
    if error is not None:
        return {"error": {key: error.get(key) for key in ("code", "message", "retryable")}}
    result = response.get("result") or {}
    return {key: value for key, value in result.items() if key not in (*_OF_THE_ATTEMPT, *left_out)}


def _replayed(response: Mapping[str, Any]) -> bool | None:
    """Whether it says that it is a replay; errors do not say."""
    result = response.get("result")
    return result.get("replayed") if isinstance(result, dict) else None


def _worker(context: Context, step: IdempotentStep) -> OwnBackend | None:
    if step.worker and step.worker not in context.backends:
        raise CaseBroken(f"The backend {step.worker!r} is not there.")
    return context.backends[step.worker] if step.worker else None


async def _effects(worker: OwnBackend, before: int, wanted: int, way: str) -> int:
    """Waits for the effects of a way, which may come after the responses; more than wanted is a failure."""
    await worker.until(lambda: worker.effects_total - before >= wanted)
    had = worker.effects_total - before
    if had != wanted:
        raise StepFailed(f"{way}: the backend worked {had} times; {wanted} was asked for.")
    return had


async def _no_more(worker: OwnBackend, wanted: int) -> None:
    """An effect may come late: a short time after all ways, none has come beyond the wanted ones."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LATE_S):
            await worker.until(lambda: worker.effects_total > wanted)
    if worker.effects_total > wanted:
        text = f"The backend worked {worker.effects_total} times by the end, the last of them late"
        raise StepFailed(f"{text}; {wanted} was asked for: {show(worker.effects)}.")
