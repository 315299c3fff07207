"""Barriers that cannot be met: a branch that comes to one less often than another would wait for ever."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any


def uneven_barriers(branches: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each barrier that not every branch comes to equally often, and the branch that comes least."""
    met = {branch: Counter(_barriers(steps)) for branch, steps in branches.items()}
    for name in sorted({name for counts in met.values() for name in counts}):
        if len({counts[name] for counts in met.values()}) > 1:
            yield name, min(met, key=lambda branch: met[branch][name])


def _barriers(steps: Any) -> Iterator[str]:
    """The barriers that steps come to; one in a loop counts once, whatever the loop does."""
    for step in steps or ():
        if "barrier" in step:
            yield str(step["barrier"])
        for key in ("repeat", "steps"):
            yield from _barriers(step.get(key) if isinstance(step.get(key), list) else ())
