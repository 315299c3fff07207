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
    """The cases to run: those under one of the prefixes `only`, with one of `tags`, with none of `skip_tags`."""
    found = [planned for suite in suites for case in suite.cases for planned in _expand(suite, case)]
    if only:
        found = [planned for planned in found if any(under(planned.id, prefix) for prefix in only)]
    if tags:
        found = [planned for planned in found if planned.tags & set(tags)]
    return [planned for planned in found if not planned.tags & set(skip_tags)]


def under(case_id: str, prefix: str) -> bool:
    """Whether a prefix, cut at whole components, names the case."""
    wanted = prefix.strip("/")
    return not wanted or case_id == wanted or case_id.startswith(wanted + "/")


def _expand(suite: Suite, case: Case) -> list[PlannedCase]:
    axes = suite.axes | case.axes
    found = []
    for combination in itertools.product(*axes.values()):
        chosen = dict(zip(axes, combination, strict=True))
        parts = [suite.id, case.name, *(f"{axis}:{value}" for axis, value in chosen.items())]
        found.append(PlannedCase("/".join(parts), suite, case, chosen))
    return found
