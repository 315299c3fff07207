"""`relies_on`: which cases a case counts on, and that they exist and form no circle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from qbridge_harness.language.model import Suite
from qbridge_harness.language.plan import full_name
from qbridge_harness.language.problems import Problem, closest


def lint_relies_on(suites: Sequence[Suite]) -> list[Problem]:
    """Names that are no case, and circles."""
    cases = {f"{suite.id}/{case.name}": (suite, case) for suite in suites for case in suite.cases}
    problems = []
    edges: dict[str, list[str]] = {}
    for name, (suite, case) in cases.items():
        for entry in case.relies_on:
            wanted = full_name(suite, entry)
            found = next((other for other in cases if wanted == other or wanted.startswith(other + "/")), None)
            if found is None:
                fix = closest(wanted, cases) + " Name its file too, where it is in another one."
                problems.append(Problem(case.where, f"{name} relies on {entry!r}, which is no case here.", fix))
            else:
                edges.setdefault(name, []).append(found)
    for circle in _circles(edges):
        text = f"Cases rely on each other in a circle: {' -> '.join(circle)}."
        problems.append(Problem(cases[circle[0]][1].where, text, "take one `relies_on` out."))
    return problems


def _circles(edges: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Each circle once, from the first of its names."""
    found: list[list[str]] = []
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> None:
        if name in trail:
            found.append([*trail[trail.index(name) :], name])
        elif name not in done:
            for other in edges.get(name, ()):
                visit(other, [*trail, name])
            done.add(name)

    for name in edges:
        visit(name, [])
    return found
