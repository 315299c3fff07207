"""A run: preflight, then every planned case, several at a time, then a report."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from qbridge_harness import __version__
from qbridge_harness.clients import Target, Unreachable
from qbridge_harness.contract import Contract
from qbridge_harness.engine.blame import decide
from qbridge_harness.engine.context import Context, Wire, first_variables
from qbridge_harness.engine.empty import new_result
from qbridge_harness.engine.halt import Halt
from qbridge_harness.engine.leaks import rules_of, run_watched
from qbridge_harness.engine.preflight import Preflight, applies, look, look_at_metrics, reach
from qbridge_harness.engine.relies import Order, prerequisites
from qbridge_harness.engine.results import UNTESTABLE, CaseResult, Report
from qbridge_harness.engine.runner import CaseRunner
from qbridge_harness.known import KnownLists
from qbridge_harness.language import PlannedCase
from qbridge_harness.language.fresh import Fresh, new_seed, using
from qbridge_harness.language.load_steps import LoadStep
from qbridge_harness.language.model import PHASES
from qbridge_harness.language.steps import walk
from qbridge_harness.language.values import UnknownVariable
from qbridge_harness.spans import SpanReceiver

log = logging.getLogger("qbridge.harness")

SERIAL = "serial"
"""The tag of cases that run alone, after all others."""


def stands_alone(planned: PlannedCase) -> bool:
    """Whether nothing else may run beside the case: it says so, it measures, or it looks for what is left open."""
    steps = (step for phase in PHASES for each in planned.case.phase(phase) for step in walk(each))
    return SERIAL in planned.tags or rules_of(planned) is not None or any(isinstance(s, LoadStep) for s in steps)


PREFLIGHT_S = 15.0
"""How long a deployment may take to say what it is, in seconds."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run."""

    jobs: int = 6
    """How many cases run at once."""
    variables: dict[str, Any] = field(default_factory=dict)
    fail_fast: bool = False
    """Stop at the first failed case; the others are skipped."""
    seed: str = ""
    """What every id and random choice derives from, each case's by its own name; empty makes one."""
    known: KnownLists = field(default_factory=KnownLists)
    """The cases that must fail, and those that do not decide."""
    metrics_path: str = "/metrics"
    """Where the deployment serves its metrics."""
    spans: SpanReceiver | None = None
    """What takes the deployment's spans; cases that need them are skipped without."""
    patience: float = 1.0
    """A factor on every time-out of a step: less where hanging is expected, more for a slow deployment."""


async def run(
    planned: Sequence[PlannedCase],
    target: Target,
    contract: Contract,
    options: Options | None = None,
    on_case: Callable[[CaseResult], None] | None = None,
    run_id: str = "",
    on_start: Callable[[PlannedCase], None] | None = None,
    halt: Halt | None = None,
) -> Report:
    """Runs the cases against the target; a case is told as it starts and as it ends. Raises Unreachable.

    `halt` ends the run early; the report then says why, and the cases that did not run are skipped.
    """
    options, halt = options or Options(), halt or Halt()
    options = replace(options, seed=options.seed or new_seed())
    report = Report(
        run_id=run_id or f"run-{uuid.uuid4().hex[:12]}",
        target=target.rest,
        grpc=target.grpc,
        started_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        harness_version=__version__,
        contract_version="v1",
        seed=options.seed,
    )
    started = time.perf_counter()
    async with open_session(target, contract, options, on_case, on_start, halt) as session:
        report.capabilities = session.preflight.capabilities
        report.cases = await session.all(planned)
    report.stopped, report.stop_reason = halt.why, halt.reason
    report.known = options.known.review(report.cases)
    report.duration_s = time.perf_counter() - started
    return report


@asynccontextmanager
async def open_session(
    target: Target,
    contract: Contract,
    options: Options,
    on_case: Callable[[CaseResult], None] | None = None,
    on_start: Callable[[PlannedCase], None] | None = None,
    halt: Halt | None = None,
) -> AsyncIterator[Session]:
    """A deployment, looked at once, against which cases can be judged. Raises Unreachable where it does not answer."""
    halt = halt or Halt()
    wire = Wire.open(target, contract)
    wire.metrics_path = options.metrics_path
    async with AsyncExitStack() as stack:
        stack.push_async_callback(wire.close)
        if options.spans is not None:
            wire.spans = await stack.enter_async_context(options.spans.receiving())
        preflight = await halt.race(_look(wire, options.seed)) or Preflight(problem=halt.reason)
        yield Session(wire, preflight, options, on_case, on_start, halt)


async def _look(wire: Wire, seed: str) -> Preflight:
    target = wire.target
    try:
        async with asyncio.timeout(PREFLIGHT_S):
            with using(Fresh(seed, "preflight")):
                preflight = await look(wire)
            if not preflight.problem and "grpc" in preflight.capabilities.get("transports", ["grpc"]):
                await reach(wire)
    except TimeoutError:
        raise Unreachable(f"{target.rest}, {target.grpc}: no answer within {PREFLIGHT_S:g} s") from None
    return preflight


class Session:
    """The connections to one deployment, and what it says of itself: cases share them."""

    def __init__(
        self,
        wire: Wire,
        preflight: Preflight,
        options: Options,
        on_case: Callable[[CaseResult], None] | None,
        on_start: Callable[[PlannedCase], None] | None,
        halt: Halt,
    ) -> None:
        self.preflight = preflight
        self._wire = wire
        self._options = options
        self._on_case = on_case
        self._on_start = on_start
        self._halt = halt
        self._stopped = False
        self._judged: dict[str, tuple[PlannedCase, CaseResult]] = {}

    async def all(self, planned: Sequence[PlannedCase]) -> list[CaseResult]:
        """Every case's result, in the order of the plan; cases that an early end cut off are skipped."""
        results: dict[str, CaseResult] = {}
        try:
            await self._halt.race(self._all(planned, results))
        except Exception as error:  # Whatever broke, what was learned until then is worth a report.
            log.exception("the run broke")
            reason = self._wire.masks.text(f"the harness broke down: {type(error).__name__}: {error}")
            self._halt.stop("broken", reason)
        for case in planned:
            if case.id not in results:
                results[case.id] = result = new_result(case)
                result.verdict, result.reason = "skipped", self._halt.reason
                self._tell(result)
        return [results[case.id] for case in planned]

    async def _all(self, planned: Sequence[PlannedCase], results: dict[str, CaseResult]) -> None:
        order = Order(planned, stands_alone)
        room = asyncio.Semaphore(max(1, self._options.jobs))

        async def one(case: PlannedCase) -> None:
            await order.turn(case)
            async with room:
                results[case.id] = await self.judge(case)
            order.done(case)

        async with asyncio.TaskGroup() as group:
            for case in order.together:
                group.create_task(one(case), name=case.id)
        for case in order.alone:
            results[case.id] = await self.judge(case)

    async def judge(self, planned: PlannedCase) -> CaseResult:
        """One case, now."""
        if self._on_start is not None:
            self._on_start(planned)
        result = new_result(planned)
        result.known = self._options.known.kind_of(planned.id)
        if self._halt.why:
            result.verdict, result.reason = "skipped", self._halt.reason
        elif self._stopped:
            result.verdict, result.reason = "skipped", "the run stopped at an earlier failure"
        else:
            with using(Fresh(self._options.seed, planned.id)):
                await self._try(planned, result)
            decide(result)
        self._judged[planned.id] = (planned, result)
        self._stopped |= self._options.fail_fast and result.red
        self._tell(result)
        if result.verdict in ("failed", "error"):
            await self._halt.look_for(self._wire.target)
        return result

    def _tell(self, result: CaseResult) -> None:
        if self._on_case is not None:
            self._on_case(result)

    async def _try(self, planned: PlannedCase, result: CaseResult) -> None:
        try:
            await look_at_metrics(self._wire, self.preflight, planned)
            found = applies(planned, self.preflight, self._options.variables)
            if planned.case.relies_on and not (found.skip or found.untestable):
                found = prerequisites(planned, self._judged, found)
            if found.skip:
                result.verdict, result.reason = "skipped", found.skip
            elif found.untestable:
                result.verdict, result.reason = "failed", f"{UNTESTABLE}{found.untestable}"
            else:
                await self._run(planned, result, found.variables)
        except UnknownVariable as error:
            result.verdict, result.reason = "failed", f"{UNTESTABLE}{error}"
        except Exception as error:  # A crash of the harness is a verdict about the harness, never a lost run.
            result.verdict = "error"
            result.reason = self._wire.masks.text(f"The harness broke down: {type(error).__name__}: {error}")

    async def _run(self, planned: PlannedCase, result: CaseResult, needed: dict[str, Any]) -> None:
        variables = first_variables(planned, self._wire.target, self._options.variables | needed)
        context = Context(self._wire, planned, variables, patience=self._options.patience)
        if rules_of(planned) is not None:
            await run_watched(context, self.preflight, result)
        else:
            await CaseRunner(context, result).run()


__all__ = ["Options", "Session", "Unreachable", "open_session", "run"]
