"""`load`: one request again and again, at the times of an arrival process, answered or not what came before."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from qbridge_harness.language.wire_steps import CallStep, RestStep, StepBase

_VARIABLE = r"^\$\{[^${}]+\}$"
Positive = Annotated[float, Field(gt=0)] | Annotated[str, Field(pattern=_VARIABLE)]
NotNegative = Annotated[float, Field(ge=0)] | Annotated[str, Field(pattern=_VARIABLE)]


class _Process(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Constant(_Process):
    """The same gap every time."""

    rate_per_s: Positive


class Poisson(_Process):
    """Independent callers: random gaps, of this rate in the mean."""

    rate_per_s: Positive


class Ramp(_Process):
    """A rate that rises or falls evenly."""

    from_per_s: NotNegative
    to_per_s: NotNegative


class Bursts(_Process):
    """Two Poisson rates that take turns, each for a random time of this mean."""

    quiet_per_s: NotNegative
    burst_per_s: Positive
    quiet_s: Positive = 1.0
    burst_s: Positive = 0.2


class Replay(_Process):
    """Times that were recorded: a number of seconds a line, or a JSON list."""

    file: str = Field(description="Relative to the case file.")
    speed: Positive = 1.0


class Arrivals(_Process):
    """When requests are sent: one of these processes. Random ones follow the run's seed."""

    constant: Constant | None = None
    ramp: Ramp | None = None
    poisson: Poisson | None = None
    bursts: Bursts | None = None
    replay: Replay | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("name one process: constant, ramp, poisson, bursts or replay")
        return self


def _inner(value: Any) -> str | None:
    if isinstance(value, dict):
        return next((f"step:{kind}" for kind in ("call", "rest") if kind in value), None)
    return "step:call" if isinstance(value, CallStep) else "step:rest"


Request = Annotated[
    Annotated[CallStep, Tag("step:call")] | Annotated[RestStep, Tag("step:rest")], Discriminator(_inner)
]


class LoadStep(StepBase):
    """An open loop: outcome sent, ok, errors, error_rate, dropped, unanswered, latency_ms, late_ms, rate_per_s."""

    load: Request = Field(description="The request: a `call` over rest or grpc, or a `rest` step.")
    arrivals: Arrivals
    for_s: Positive = Field(description="How long requests are sent, in seconds.")
    at_most: int | None = Field(default=None, ge=1, le=5_000_000, description="No more requests than this.")
    in_flight_max: int = Field(
        default=1000, ge=1, le=20_000, description="An arrival beyond these is not sent, and counts as dropped."
    )
    answer_within_s: float = Field(
        default=10.0, gt=0, le=300, description="How long to wait for answers after the last request was sent."
    )
    late_max_ms: float = Field(
        default=50.0,
        gt=0,
        description="Where the harness itself sends later than this (99th percentile), the step is its own error.",
    )
