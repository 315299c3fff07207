"""`wait_until`: a step again and again, until its expectation holds so many times in a row, or never can."""

from __future__ import annotations

import asyncio
import time

from qbridge_harness.engine.context import Context
from qbridge_harness.engine.expectations import capture, judge
from qbridge_harness.engine.results import StepResult
from qbridge_harness.engine.steps import EXECUTORS
from qbridge_harness.language.flow_steps import WaitUntilStep
from qbridge_harness.language.load import step_kind
from qbridge_harness.language.matchers import match


async def wait(context: Context, step: WaitUntilStep, noted: StepResult) -> list[str]:
    """Polls within the step's budget; gives up early on an outcome after which it can only fail. Gives the problems."""
    inner = step.wait_until
    kind = step_kind(inner)
    within_s = step.within_s * context.patience
    deadline = time.perf_counter() + within_s
    held, noted.attempts = 0, 0
    while True:
        noted.attempts += 1
        before = len(context.log.messages)
        outcome = await EXECUTORS[kind](context, inner)
        problems = judge(kind, context.fill(inner.expect), outcome)
        held = 0 if problems else held + 1
        if held >= step.in_a_row:
            capture(inner.capture, outcome, context.variables)
            return []
        if step.unless is not None and problems and not match(context.fill(step.unless), outcome):
            return [f"It can no longer hold: {problems[0]}"]
        if time.perf_counter() >= deadline:
            return [f"It did not hold within {within_s:g} s, {noted.attempts} tries. Last: {problems[:1]}"]
        _forget(context, before, noted.number)
        await asyncio.sleep(step.every_s)


def _forget(context: Context, before: int, number: int) -> None:
    """Only the last try of a poll stays in the log; what own backends and other branches saw stays."""
    messages = context.log.messages
    messages[before:] = [
        message for message in messages[before:] if message.step != number or message.transport.startswith("own")
    ]
