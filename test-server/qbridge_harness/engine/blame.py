"""Whose fault a case is, and which rules it showed broken: the last word on a verdict, once everything is known.

A message of the harness that breaks the contract, or a case that asks for what cannot be, judges nobody: `error`.
A message of the deployment that breaks it trips the rule that promises its form, and the expectations that were held
against that same message say nothing more. What fails in `arrange` or `cleanup` leaves the case's rules unproven; only
`act` and `assert` trip them.
"""

from __future__ import annotations

from qbridge_harness.engine.results import CaseResult, StepResult
from qbridge_harness.engine.transports import transports_seen

_JUDGING = ("act", "assert")


def decide(case: CaseResult) -> None:
    """Sets the final verdict, the rules that the case tripped, and the transports that it judged."""
    case.transports = transports_seen(case)
    own = [violation for violation in case.violations if violation.blame == "harness"]
    if own or any(step.verdict == "error" for step in case.steps):
        case.verdict = "error"
        if own:
            case.reason = f"The harness sent what the contract does not allow: {own[0].where}: {own[0].message}"
    case.tripped = sorted(_tripped(case)) if case.verdict == "failed" and not case.untestable else []


def _tripped(case: CaseResult) -> set[str]:
    found: set[str] = set()
    broken_at = set()
    for violation in case.violations:
        broken_at.add(violation.step)
        found |= set(violation.rules or case.proves)
    failed = [step for step in case.steps if step.verdict == "failed"]
    for step in failed:
        if step.number not in broken_at:
            found |= _of_step(step, case)
    if not failed and not case.violations:
        # The time of the case ran out, or more steps ran than are kept.
        found |= _of_step(case.steps[-1], case) if case.steps else set(case.proves)
    return found


def _of_step(step: StepResult, case: CaseResult) -> set[str]:
    """The rules that a failed step shows broken."""
    if step.proves:
        return set(step.proves)
    return set(case.proves) if step.phase in _JUDGING else set()
