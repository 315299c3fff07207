"""What a run would do, without doing it: cases, rules, steps, needs, addresses, and how long it may take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qbridge_harness.engine.run import stands_alone
from qbridge_harness.language import PlannedCase
from qbridge_harness.language.load import step_kind
from qbridge_harness.language.model import PHASES

Document = dict[str, Any]


def plan_document(
    planned: Sequence[PlannedCase], durations_ms: Mapping[str, float], jobs: int, contacts: Sequence[str] = ()
) -> Document:
    """The plan as plain data. `contacts` are the only addresses that the run would open connections to."""
    known = [planned_case for planned_case in planned if planned_case.id in durations_ms]
    return {
        "cases": [_case(each, durations_ms.get(each.id)) for each in planned],
        "rules": sorted({rule for each in planned for rule in each.case.proves}),
        "steps": sum(len(each.case.phase(phase)) for each in planned for phase in PHASES),
        "contacts": list(contacts),
        "jobs": jobs,
        "estimated_s": round(_estimate_ms(known, durations_ms, jobs) / 1000, 2) if known else None,
        "without_estimate": len(planned) - len(known),
    }


def plan_text(document: Document) -> str:
    """The plan for a person."""
    lines = []
    for case in document["cases"]:
        lines.append(f"{case['id']}  [{', '.join(case['tags'])}]")
        facts = [f"proves {', '.join(case['proves'])}"] if case["proves"] else []
        facts += [f"needs {name}: {value}" for name, value in case["needs"].items()]
        facts += [f"took {case['estimated_ms']:.0f} ms"] if case["estimated_ms"] is not None else []
        lines += [f"    {fact}" for fact in facts]
        lines += [f"    {step['phase']:8} {step['kind']}" + _said(step) for step in case["steps"]]
    counts = f"{len(document['cases'])} cases, {document['steps']} steps, {len(document['rules'])} rules"
    return "\n".join([*lines, "", f"{counts}; {_time(document)}"])


def _time(document: Document) -> str:
    if document["estimated_s"] is None:
        return "no earlier run tells how long it takes"
    unknown = f", and {document['without_estimate']} cases never ran" if document["without_estimate"] else ""
    return f"about {document['estimated_s']:g} s with {document['jobs']} at a time{unknown}"


def _said(step: Document) -> str:
    return f" {step['title']}" if step["title"] else ""


def _case(planned: PlannedCase, duration_ms: float | None) -> Document:
    needs = planned.suite.needs.model_dump(exclude_defaults=True) | planned.case.needs.model_dump(exclude_defaults=True)
    return {
        "id": planned.id,
        "purpose": planned.case.purpose,
        "transport": planned.transport,
        "tags": sorted(planned.tags),
        "proves": list(planned.case.proves),
        "needs": needs,
        "steps": [_step(phase, step) for phase in PHASES for step in planned.case.phase(phase)],
        "estimated_ms": None if duration_ms is None else round(duration_ms, 1),
    }


def _step(phase: str, step: Any) -> Document:
    kind = step_kind(step)
    value = getattr(step, kind, "")
    title = step.name or (value if isinstance(value, str) else "")
    return {"phase": phase, "kind": kind, "title": title[:120], "line": step.where.line}


def _estimate_ms(known: Sequence[PlannedCase], durations_ms: Mapping[str, float], jobs: int) -> float:
    """Cases that run together share the jobs; no share is shorter than the longest of them."""
    together = [durations_ms[case.id] for case in known if not stands_alone(case)]
    alone = [durations_ms[case.id] for case in known if stands_alone(case)]
    return max(sum(together) / max(1, jobs), max(together, default=0.0)) + sum(alone)
