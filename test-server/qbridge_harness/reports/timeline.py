"""A case on a time axis: where each step and each message stands, in percent of the whole, from the case's start."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from qbridge_harness.engine.results import CaseResult, StepResult
from qbridge_harness.log import Message

_TICKS_WANTED = 5


@dataclass(frozen=True, slots=True)
class Mark:
    """A message on the axis; `place` is its place in the case's messages."""

    place: int
    left: float
    message: Message


@dataclass(slots=True)
class Row:
    """A step with its messages."""

    step: StepResult
    left: float
    width: float
    marks: list[Mark] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Tick:
    """A label on the axis."""

    left: float
    ms: float


@dataclass(slots=True)
class Timeline:
    """The axis, a row for each step, and the messages that belong to no step that was kept."""

    total_ms: float
    ticks: list[Tick]
    rows: list[Row]
    loose: list[Mark]


def lay_out(case: CaseResult) -> Timeline:
    """The timeline of a case."""
    ends = [step.started_ms + step.duration_ms for step in case.steps]
    total = max([case.duration_ms, *ends, *(message.at_ms for message in case.messages)], default=0.0) or 1.0
    rows = {
        step.number: Row(step, _percent(step.started_ms, total), _percent(step.duration_ms, total))
        for step in case.steps
    }
    loose: list[Mark] = []
    for place, message in enumerate(case.messages):
        mark = Mark(place, _percent(message.at_ms, total), message)
        row = rows.get(message.step)
        (loose if row is None else row.marks).append(mark)
    return Timeline(total, _ticks(total), list(rows.values()), loose)


def _percent(ms: float, total: float) -> float:
    return round(min(max(ms / total, 0.0), 1.0) * 100, 2)


def _ticks(total: float) -> list[Tick]:
    """About five round values: 1, 2 or 5 times a power of ten apart."""
    power = 10.0 ** math.floor(math.log10(total / _TICKS_WANTED))
    step = next(power * factor for factor in (1, 2, 5, 10) if total / (power * factor) <= _TICKS_WANTED)
    count = int(total / step + 1e-9)
    return [Tick(_percent(number * step, total), number * step) for number in range(count + 1)]
