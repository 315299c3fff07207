"""A run: preflight, then every planned case, several at a time, then a report."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from qbridge_harness import __version__
from qbridge_harness.clients import Target, Unreachable
from qbridge_harness.contract import Contract
from qbridge_harness.engine.context import Context, Wire, first_variables
from qbridge_harness.engine.preflight import Preflight, applies, look, reach
from qbridge_harness.engine.results import CaseResult, Report
from qbridge_harness.engine.runner import CaseRunner, new_result
from qbridge_harness.language import PlannedCase
from qbridge_harness.language.values import UnknownVariable

SERIAL = "serial"
"""The tag of cases that run alone, after all others."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run."""

    jobs: int = 6
    """How many cases run at once."""
    variables: dict[str, Any] = field(default_factory=dict)
    fail_fast: bool = False
    """Stop at the first failed case; the others are skipped."""


async def run(
    planned: Sequence[PlannedCase],
    target: Target,
    contract: Contract,
    options: Options | None = None,
    on_case: Callable[[CaseResult], None] | None = None,
    run_id: str = "",
) -> Report:
    """Runs the cases against the target. Raises Unreachable where it does not answer at all."""
    options = options or Options()
    report = Report(
        run_id=run_id or f"run-{uuid.uuid4().hex[:12]}",
        target=target.rest,
        grpc=target.grpc,
        started_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        harness_version=__version__,
        contract_version="v1",
    )
    started = time.perf_counter()
    wire = Wire.open(target, contract)
    try:
        preflight = await look(wire)
        if not preflight.problem and "grpc" in preflight.capabilities.get("transports", ["grpc"]):
            await reach(wire)
        report.capabilities = preflight.capabilities
        report.cases = await _Run(wire, preflight, options, on_case).all(planned)
    finally:
        await wire.close()
    report.duration_s = time.perf_counter() - started
    return report


class _Run:
    """The cases of one run."""

    def __init__(
        self, wire: Wire, preflight: Preflight, options: Options, on_case: Callable[[CaseResult], None] | None
    ) -> None:
        self._wire = wire
        self._preflight = preflight
        self._options = options
        self._on_case = on_case
        self._stopped = False

    async def all(self, planned: Sequence[PlannedCase]) -> list[CaseResult]:
        """Every case's result, in the order of the plan."""
        together = [case for case in planned if SERIAL not in case.tags]
        alone = [case for case in planned if SERIAL in case.tags]
        results: dict[str, CaseResult] = {}
        room = asyncio.Semaphore(max(1, self._options.jobs))

        async def one(case: PlannedCase) -> None:
            async with room:
                results[case.id] = await self._case(case)

        async with asyncio.TaskGroup() as group:
            for case in together:
                group.create_task(one(case), name=case.id)
        for case in alone:
            results[case.id] = await self._case(case)
        return [results[case.id] for case in planned]

    async def _case(self, planned: PlannedCase) -> CaseResult:
        result = new_result(planned)
        if self._stopped:
            result.verdict, result.reason = "skipped", "the run stopped at an earlier failure"
        else:
            await self._try(planned, result)
        self._stopped |= self._options.fail_fast and result.verdict == "failed"
        if self._on_case is not None:
            self._on_case(result)
        return result

    async def _try(self, planned: PlannedCase, result: CaseResult) -> None:
        found = applies(planned, self._preflight, self._options.variables)
        if found.skip:
            result.verdict, result.reason = "skipped", found.skip
        elif found.untestable:
            result.verdict, result.reason = "failed", f"untestable: {found.untestable}"
        else:
            try:
                given = self._options.variables | found.variables
                variables = first_variables(planned, self._wire.target, given)
                await CaseRunner(Context(self._wire, planned, variables), result).run()
            except UnknownVariable as error:
                result.verdict, result.reason = "failed", f"untestable: {error}"
            except Exception as error:  # A crash of the harness is a verdict about the harness, never a lost run.
                result.verdict = "failed"
                result.reason = f"The harness broke down: {type(error).__name__}: {error}"


__all__ = ["Options", "Unreachable", "run"]
