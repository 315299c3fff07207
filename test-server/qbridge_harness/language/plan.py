"""Suites to planned cases: one for each combination of axes, under an addressable name."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from qbridge_harness.language.model import Case, Suite


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """A case with a value for each axis. Its id: suite, name, then `axis:value` in the order of the axes."""

    id: str
    suite: Suite
    case: Case
    axes: dict[str, Any]

    @property
    def tags(self) -> frozenset[str]:
        """The tags of the suite and of the case."""
        return frozenset(self.suite.tags) | frozenset(self.case.tags)

    @property
    def transport(self) -> str:
        """The transport of its neutral steps."""
        return str(self.axes.get("transport", "rest"))


def plan_cases(
    suites: Iterable[Suite],
    *,
    only: Collection[str] = (),
    tags: Collection[str] = (),
    skip_tags: Collection[str] = (),
) -> list[PlannedCase]:
    """The cases to run: those that one of `only` names, with one of `tags`, with none of `skip_tags`.

    Cases that these rely on come along.
    """
    every = [planned for suite in suites for case in suite.cases for planned in _expand(suite, case)]
    found = every
    if only:
        found = [planned for planned in found if any(under(planned.id, pattern) for pattern in only)]
    if tags:
        found = [planned for planned in found if planned.tags & set(tags)]
    return _with_relied_on([planned for planned in found if not planned.tags & set(skip_tags)], every)


def under(case_id: str, pattern: str) -> bool:
    """Whether a pattern names the case: its first components, `*` for any one of them, `**` for any number."""
    return _under(case_id.split("/"), [part for part in pattern.split("/") if part])


def _under(parts: list[str], pattern: list[str]) -> bool:
    if not pattern:
        return True
    if pattern[0] == "**":
        return any(_under(parts[start:], pattern[1:]) for start in range(len(parts) + 1))
    return bool(parts) and pattern[0] in ("*", parts[0]) and _under(parts[1:], pattern[1:])


def full_name(suite: Suite, entry: str) -> str:
    """An entry of `relies_on` in full: a name alone is one of the same suite."""
    return entry if "/" in entry else f"{suite.id}/{entry}"


def relied_on(planned: PlannedCase, others: Iterable[PlannedCase]) -> list[PlannedCase]:
    """The planned cases that this one relies on: of each case, those whose shared axes have its values, or else all."""
    found: dict[str, PlannedCase] = {}
    for entry in planned.case.relies_on:
        named = [other for other in others if under(other.id, full_name(planned.suite, entry))]
        same = [
            other
            for other in named
            if all(other.axes[axis] == value for axis, value in planned.axes.items() if axis in other.axes)
        ]
        found |= {other.id: other for other in same or named if other.id != planned.id}
    return list(found.values())


def _with_relied_on(chosen: list[PlannedCase], every: list[PlannedCase]) -> list[PlannedCase]:
    """The chosen cases and all that they rely on, in the order of the files."""
    wanted = {planned.id for planned in chosen}
    left = list(chosen)
    while left:
        for other in relied_on(left.pop(), every):
            if other.id not in wanted:
                wanted.add(other.id)
                left.append(other)
    return [planned for planned in every if planned.id in wanted]


def _expand(suite: Suite, case: Case) -> list[PlannedCase]:
    axes = suite.axes | case.axes
    found = []
    for combination in itertools.product(*axes.values()):
        chosen = dict(zip(axes, combination, strict=True))
        parts = [suite.id, case.name, *(f"{axis}:{value}" for axis, value in chosen.items())]
        found.append(PlannedCase("/".join(parts), suite, case, chosen))
    return found
