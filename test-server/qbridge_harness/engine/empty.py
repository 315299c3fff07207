"""What a case and its steps are called in a report, before anything is known of them."""

from __future__ import annotations

from qbridge_harness.engine.results import CaseResult
from qbridge_harness.language.flow_steps import WaitUntilStep
from qbridge_harness.language.load import step_kind
from qbridge_harness.language.plan import PlannedCase
from qbridge_harness.language.wire_steps import StepBase


def title(step: StepBase, kind: str) -> str:
    """What a step is called that has no name of its own."""
    if isinstance(step, WaitUntilStep):
        inner = step_kind(step.wait_until)
        return f"wait until {title(step.wait_until, inner)}"
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
