"""`relies_on`, while cases run: who waits for whom, and what a case can still say where another one did not pass."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from qbridge_harness.engine.preflight import Applies
from qbridge_harness.engine.results import CaseResult
from qbridge_harness.language.plan import PlannedCase, full_name, relied_on, under


class Order:
    """Which cases run side by side and which alone, each behind those that it relies on.

    A case that relies on one which runs alone runs alone too, or it would wait for what comes after it.
    """

    def __init__(self, planned: Sequence[PlannedCase], stands_alone: Callable[[PlannedCase], bool]) -> None:
        self.together: list[PlannedCase] = []
        self.alone: list[PlannedCase] = []
        self._relied = {case.id: relied_on(case, planned) for case in planned if case.case.relies_on}
        self._done = {other.id: asyncio.Event() for others in self._relied.values() for other in others}
        lone: set[str] = set()
        for case in self._sorted(planned):
            if stands_alone(case) or any(other.id in lone for other in self._relied.get(case.id, ())):
                lone.add(case.id)
                self.alone.append(case)
            else:
                self.together.append(case)

    def _sorted(self, planned: Sequence[PlannedCase]) -> list[PlannedCase]:
        """The cases as they were, but each behind those that it relies on."""
        ordered: dict[str, PlannedCase] = {}
        begun: set[str] = set()

        def place(case: PlannedCase) -> None:
            if case.id not in begun:
                begun.add(case.id)
                for other in self._relied.get(case.id, ()):
                    place(other)
                ordered[case.id] = case

        for case in planned:
            place(case)
        return list(ordered.values())

    async def turn(self, case: PlannedCase) -> None:
        """Waits for the cases that this one relies on."""
        for other in self._relied.get(case.id, ()):
            await self._done[other.id].wait()

    def done(self, case: PlannedCase) -> None:
        """The case has its verdict: those that rely on it may begin."""
        if case.id in self._done:
            self._done[case.id].set()


def prerequisites(
    planned: PlannedCase, judged: Mapping[str, tuple[PlannedCase, CaseResult]], applies: Applies
) -> Applies:
    """Untestable where a case that it relies on did not pass, skipped where that one does not apply; else `applies`."""
    cases = [case for case, _ in judged.values()]
    for entry in planned.case.relies_on:
        name = full_name(planned.suite, entry)
        if not any(under(case.id, name) for case in cases):
            return Applies(untestable=f"it relies on {name}, which has not run; run it too")
    for other in relied_on(planned, cases):
        result = judged[other.id][1]
        if result.verdict == "skipped":
            return Applies(skip=f"it relies on {other.id}, which was skipped: {result.reason}")
        if result.verdict != "passed":
            return Applies(untestable=f"it relies on {other.id}, which did not pass")
    return applies
