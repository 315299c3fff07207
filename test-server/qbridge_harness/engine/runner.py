"""One case from its first step to its verdict."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from qbridge_harness.clients.target import Unreachable
from qbridge_harness.engine.branches import current, side_by_side
from qbridge_harness.engine.context import Context
from qbridge_harness.engine.empty import title
from qbridge_harness.engine.expectations import capture, judge
from qbridge_harness.engine.halt import to_the_end
from qbridge_harness.engine.results import CaseResult, StepResult, Verdict
from qbridge_harness.engine.steps import EXECUTORS
from qbridge_harness.engine.steps.backend import take_away
from qbridge_harness.engine.steps.encoding import CaseBroken, StepFailed
from qbridge_harness.engine.waiting import wait
from qbridge_harness.language.flow_steps import BarrierStep, ParallelStep, RepeatStep, UseStep, WaitUntilStep
from qbridge_harness.language.load import step_kind
from qbridge_harness.language.load_steps import LoadStep
from qbridge_harness.language.matchers import match
from qbridge_harness.language.model import PHASES
from qbridge_harness.language.plan import PlannedCase
from qbridge_harness.language.steps import CheckStep, SetStep
from qbridge_harness.language.telemetry_steps import TraceStep
from qbridge_harness.language.values import UnknownVariable
from qbridge_harness.language.wire_steps import StepBase
from qbridge_harness.log import branch_step

_CLEANUP_S = 10.0
_STEPS_KEPT = 200


class CaseRunner:
    """Runs one planned case in its context."""

    def __init__(self, context: Context, result: CaseResult) -> None:
        self._context = context
        self._result = result
        self._planned: PlannedCase = context.planned
        self._masks = context.wire.masks
        self._number = -1

    async def run(self) -> CaseResult:
        """Arrange, act, assert, cleanup; the verdict is in the result."""
        started = time.perf_counter()
        known = self._masks.version
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
        except BaseException:
            await to_the_end(self._clean())  # A run that is cancelled, or breaks, leaves nothing on the target either.
            raise
        await to_the_end(self._clean())
        self._judge()
        self._mask(again=self._masks.version != known)
        self._result.duration_ms = (time.perf_counter() - started) * 1000
        return self._result

    def _mask(self, *, again: bool) -> None:
        """No secret leaves the case; what was noted before one was known is looked at again."""
        result, masks = self._result, self._masks
        result.reason = masks.text(result.reason)
        for step in result.steps:
            step.title, step.problems = masks.text(step.title), masks.data(step.problems)
        result.violations = masks.data(result.violations)
        if again:
            result.messages = masks.data(result.messages)

    async def _phase(self, phase: str) -> bool:
        """Runs the steps of a phase; False where one failed, which ends `arrange` and `act`; the others try all."""
        good = True
        for step in self._planned.case.phase(phase):
            good &= await self._step(step, phase)
            if not good and phase not in ("assert", "cleanup"):
                return False
        return good

    async def _clean(self) -> None:
        try:
            async with asyncio.timeout(_CLEANUP_S):
                await self._phase("cleanup")
        except TimeoutError:
            self._fail(f"The cleanup took longer than {_CLEANUP_S:g} s.")
        finally:
            await self._take_away()

    async def _take_away(self) -> None:
        """Whatever became of the case's own cleanup, what the harness brought goes; only a failure is noted."""
        verdict: Verdict = "failed"
        try:
            problems = await take_away(self._context)
        except CaseBroken as error:
            verdict, problems = "error", [str(error)]
        except StepFailed as error:
            problems = [str(error)]
        if problems:
            self._number += 1
            title, line = "what the harness brought goes", self._planned.case.where.line
            noted = StepResult(self._number, "cleanup", "take_away", title, line, verdict, problems)
            self._result.steps.append(noted)
            self._fail(f"The cleanup failed: {problems[0]}")

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

    async def _steps(self, steps: Sequence[StepBase], phase: str, proves: Sequence[str]) -> bool:
        """Runs steps in order; False at the first that failed."""
        for step in steps:
            if not await self._step(step, phase, proves):
                return False
        return True

    async def _step(self, step: StepBase, phase: str, proves: Sequence[str] = ()) -> bool:
        """Runs a step; `proves` are the rules of the step that holds it."""
        proves = step.proves or proves
        if isinstance(step, RepeatStep):
            return await self._repeat(step, phase, proves)
        if isinstance(step, ParallelStep):
            return await side_by_side(
                {name: partial(self._steps, steps, phase, proves) for name, steps in step.parallel.items()}
            )
        if isinstance(step, UseStep):
            self._set(step.vars)
            return await self._steps(step.steps, phase, proves)
        return await self._one(step, self._note(step, phase, proves))

    async def _one(self, step: StepBase, noted: StepResult) -> bool:
        """Runs a step that holds no others."""
        started = time.perf_counter()
        noted.started_ms = (started - self._context.log.started) * 1000
        limit = self._limit(step)
        verdict: Verdict = "failed"
        try:
            async with asyncio.timeout(limit):
                noted.problems = await self._perform(step, noted)
        except TimeoutError:
            noted.problems = [_late(step, limit)]
        except CaseBroken as error:
            verdict, noted.problems = "error", [str(error)]
        except (StepFailed, UnknownVariable, Unreachable) as error:
            noted.problems = [str(error)]
        except asyncio.CancelledError:
            self._cut(noted)
            raise
        finally:
            noted.duration_ms = (time.perf_counter() - started) * 1000
        if noted.problems:
            noted.verdict = verdict
            if noted not in self._result.steps:
                self._result.steps.append(noted)
            self._fail(f"{noted.phase}, {self._place(step)}, {noted.title}: {noted.problems[0]}")
        return not noted.problems

    def _cut(self, noted: StepResult) -> None:
        """The step did not end by itself: another branch failed, or the time of the case is up."""
        branch = current.get()
        if branch is not None and branch.meeting.failed:
            noted.verdict, noted.problems = "skipped", [f"Stopped: the branch {branch.meeting.failed} failed."]
        else:
            noted.verdict, noted.problems = "failed", ["The time of the case ended here."]

    def _place(self, step: StepBase) -> str:
        """Where a step stands; its file too, where that is not the case's own."""
        file = step.where.file
        return f"line {step.where.line}" + ("" if file in ("", self._planned.case.where.file) else f" of {file}")

    def _note(self, step: StepBase, phase: str, proves: Sequence[str]) -> StepResult:
        kind = step_kind(step)
        self._number += 1
        branch = current.get()
        self._context.log.step = self._number
        if branch is not None:
            branch_step.set(self._number)
        noted = StepResult(self._number, phase, kind, step.name or title(step, kind), step.where.line)
        noted.proves, noted.branch = list(proves), branch.name if branch else ""
        if len(self._result.steps) < _STEPS_KEPT:
            self._result.steps.append(noted)
        return noted

    def _limit(self, step: StepBase) -> float:
        patience = self._context.patience
        if isinstance(step, WaitUntilStep):
            return step.within_s * patience + self._planned.suite.defaults.timeout_s
        if isinstance(step, LoadStep):
            for_s = float(self._context.fill(step.for_s)) + step.answer_within_s
            return for_s + (step.timeout_s or self._planned.suite.defaults.timeout_s) * patience
        if isinstance(step, TraceStep):
            return step.within_s * patience + self._planned.suite.defaults.timeout_s
        return (step.timeout_s or self._planned.suite.defaults.timeout_s) * patience

    async def _repeat(self, step: RepeatStep, phase: str, proves: Sequence[str]) -> bool:
        over = self._context.fill(step.over) if step.over is not None else range(step.times or 0)
        for value in over:
            self._context.variables[step.as_] = value
            if not await self._steps(step.repeat, phase, proves):
                return False
        return True

    def _set(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            self._context.variables[name] = self._context.fill(value)

    async def _perform(self, step: StepBase, noted: StepResult) -> list[str]:
        """Does the step and gives the problems."""
        context = self._context
        if isinstance(step, SetStep):
            self._set(step.set)
            return []
        if isinstance(step, BarrierStep):
            branch = current.get()
            if branch is not None:
                await branch.meeting.come(step.barrier)
            return []
        if isinstance(step, CheckStep):
            return [str(mismatch) for mismatch in match(context.fill(step.is_), context.fill(step.check))]
        if isinstance(step, WaitUntilStep):
            return await wait(context, step, noted)
        kind = step_kind(step)
        outcome = await EXECUTORS[kind](context, step)
        problems = judge(kind, context.fill(step.expect), outcome)
        if not problems:
            capture(step.capture, outcome, context.variables)
        return problems


def _late(step: StepBase, limit: float) -> str:
    """What to say of a step whose time is up."""
    branch = current.get()
    if isinstance(step, BarrierStep) and branch is not None:
        here = branch.meeting.waiting(step.barrier) + 1
        return f"Only {here} of {branch.meeting.branches} branches came to the barrier within {limit:g} s."
    return f"It took longer than {limit:g} s."
