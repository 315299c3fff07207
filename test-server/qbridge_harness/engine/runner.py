"""One case from its first step to its verdict."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from qbridge_harness.clients.target import Unreachable
from qbridge_harness.engine.context import Context
from qbridge_harness.engine.results import CaseResult, StepResult
from qbridge_harness.engine.steps import EXECUTORS
from qbridge_harness.engine.steps.backend import take_away
from qbridge_harness.engine.steps.encoding import StepFailed
from qbridge_harness.language.load import step_kind
from qbridge_harness.language.matchers import match
from qbridge_harness.language.model import PHASES
from qbridge_harness.language.plan import PlannedCase
from qbridge_harness.language.steps import CheckStep, RepeatStep, SetStep, WaitUntilStep
from qbridge_harness.language.values import UnknownVariable, lookup
from qbridge_harness.language.wire_steps import StepBase

_OWN_ERRORS = ("call", "grpc", "ws", "sse", "open", "receive", "collect", "backend")
"""Steps whose outcome may be an error, which the case must then expect."""
_CLEANUP_S = 10.0
_STEPS_KEPT = 200


class CaseRunner:
    """Runs one planned case in its context."""

    def __init__(self, context: Context, result: CaseResult) -> None:
        self._context = context
        self._result = result
        self._planned: PlannedCase = context.planned

    async def run(self) -> CaseResult:
        """Arrange, act, assert, cleanup; the verdict is in the result."""
        started = time.perf_counter()
        self._result.started_at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case = self._planned.case
        limit = case.timeout_s or self._planned.suite.defaults.case_timeout_s
        try:
            async with asyncio.timeout(limit):
                for phase in PHASES[:3]:
                    if not await self._phase(phase):
                        break
        except TimeoutError:
            self._fail(f"The case took longer than {limit:g} s.")
        await self._clean()
        self._judge()
        self._result.duration_ms = (time.perf_counter() - started) * 1000
        return self._result

    async def _phase(self, phase: str) -> bool:
        """Runs the steps of a phase; False where one failed. All assertions are tried, the first failed act ends."""
        good = True
        for step in self._planned.case.phase(phase):
            good &= await self._step(step, phase)
            if not good and phase != "assert":
                return False
        return good

    async def _clean(self) -> None:
        try:
            async with asyncio.timeout(_CLEANUP_S):
                await self._phase("cleanup")
                await take_away(self._context)
        except (TimeoutError, Unreachable, StepFailed) as error:
            self._fail(f"The cleanup failed: {error or 'it took too long'}.")

    def _judge(self) -> None:
        log = self._context.log
        self._result.messages = log.messages
        self._result.messages_dropped = log.dropped
        self._result.violations = log.violations
        self._result.coverage = sorted(log.coverage)
        if log.violations:
            first = log.violations[0]
            self._fail(f"A message breaks the contract, fault of the {first.blame}: {first.where}: {first.message}")

    def _fail(self, reason: str) -> None:
        self._result.verdict = "failed"
        self._result.reason = self._result.reason or reason

    async def _step(self, step: StepBase, phase: str) -> bool:
        if isinstance(step, RepeatStep):
            return await self._repeat(step, phase)
        noted = self._note(step, phase)
        started = time.perf_counter()
        noted.started_ms = (started - self._context.log.started) * 1000
        try:
            async with asyncio.timeout(self._limit(step)):
                noted.problems = await self._perform(step, noted)
        except TimeoutError:
            noted.problems = [f"It took longer than {self._limit(step):g} s."]
        except (StepFailed, UnknownVariable, Unreachable) as error:
            noted.problems = [str(error)]
        noted.duration_ms = (time.perf_counter() - started) * 1000
        if noted.problems:
            noted.verdict = "failed"
            self._fail(f"{phase}, line {noted.line}, {noted.title}: {noted.problems[0]}")
        return not noted.problems

    def _note(self, step: StepBase, phase: str) -> StepResult:
        kind = step_kind(step)
        number = self._context.log.step + 1
        self._context.log.step = number
        noted = StepResult(number, phase, kind, step.name or _title(step, kind), step.where.line)
        if len(self._result.steps) < _STEPS_KEPT:
            self._result.steps.append(noted)
        return noted

    def _limit(self, step: StepBase) -> float:
        if isinstance(step, WaitUntilStep):
            return step.within_s + self._planned.suite.defaults.timeout_s
        return step.timeout_s or self._planned.suite.defaults.timeout_s

    async def _repeat(self, step: RepeatStep, phase: str) -> bool:
        over = self._context.fill(step.over) if step.over is not None else range(step.times or 0)
        for value in over:
            self._context.variables[step.as_] = value
            for child in step.repeat:
                if not await self._step(child, phase):
                    return False
        return True

    async def _perform(self, step: StepBase, noted: StepResult) -> list[str]:
        """Does the step and gives the problems."""
        context = self._context
        if isinstance(step, SetStep):
            for name, value in step.set.items():
                context.variables[name] = context.fill(value)
            return []
        if isinstance(step, CheckStep):
            return [str(mismatch) for mismatch in match(context.fill(step.is_), context.fill(step.check))]
        if isinstance(step, WaitUntilStep):
            return await self._wait(step, noted)
        kind = step_kind(step)
        outcome = await EXECUTORS[kind](context, step)
        problems = judge(kind, context.fill(step.expect), outcome)
        if not problems:
            capture(step.capture, outcome, context.variables)
        return problems

    async def _wait(self, step: WaitUntilStep, noted: StepResult) -> list[str]:
        """Polls until the expectation holds so many times in a row; gives up early on a terminal outcome."""
        inner = step.wait_until
        kind = step_kind(inner)
        deadline = time.perf_counter() + step.within_s
        held, noted.attempts = 0, 0
        while True:
            noted.attempts += 1
            before = len(self._context.log.messages)
            outcome = await EXECUTORS[kind](self._context, inner)
            problems = judge(kind, self._context.fill(inner.expect), outcome)
            held = 0 if problems else held + 1
            if held >= step.in_a_row:
                capture(inner.capture, outcome, self._context.variables)
                return []
            if step.unless is not None and problems and not match(self._context.fill(step.unless), outcome):
                return [f"It can no longer hold: {problems[0]}"]
            if time.perf_counter() >= deadline:
                return [f"It did not hold within {step.within_s:g} s, {noted.attempts} tries. Last: {problems[:1]}"]
            self._forget(before)
            await asyncio.sleep(step.every_s)

    def _forget(self, before: int) -> None:
        """Only the last try of a poll stays in the log; what own backends saw stays."""
        messages = self._context.log.messages
        messages[before:] = [message for message in messages[before:] if message.transport.startswith("own")]


def judge(kind: str, expected: Any, outcome: Mapping[str, Any]) -> list[str]:
    """What of an outcome is not as expected. An error that nobody expects is a problem by itself."""
    wanted = {} if expected is None else expected
    if isinstance(wanted, dict):
        wanted = dict(wanted)
        if isinstance(wanted.get("error"), str):
            wanted["error"] = {"code": wanted["error"]}
        if kind in _OWN_ERRORS and "error" not in wanted and outcome.get("error") is not None:
            error = outcome["error"]
            return [f"It answered the error {error.get('code') or '?'}: {error.get('message', '')}"]
        if kind == "rest" and "status" not in wanted and outcome["status"] >= 400:
            return [f"It answered status {outcome['status']}: {outcome.get('text', '')[:300]}"]
    return [str(mismatch) for mismatch in match(wanted, outcome)]


def capture(paths: Mapping[str, str], outcome: Mapping[str, Any], variables: dict[str, Any]) -> None:
    """Takes values of an outcome into variables. Raises UnknownVariable."""
    for name, path in paths.items():
        variables[name] = lookup(path, outcome)


def _title(step: StepBase, kind: str) -> str:
    if isinstance(step, WaitUntilStep):
        inner = step_kind(step.wait_until)
        return f"wait until {_title(step.wait_until, inner)}"
    value = getattr(step, kind, "")
    return f"{kind} {value}"[:120] if isinstance(value, str) else kind


def new_result(planned: PlannedCase) -> CaseResult:
    """An empty result for a planned case."""
    case = planned.case
    return CaseResult(
        id=planned.id,
        suite=planned.suite.id,
        name=case.name,
        purpose=case.purpose,
        file=case.where.file,
        line=case.where.line,
        axes=dict(planned.axes),
        tags=sorted(planned.tags),
        proves=list(case.proves),
    )
