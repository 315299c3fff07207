"""The steps of a case: one model per kind, told apart by the key that only that kind has.

`call` is neutral: it runs over the case's transport and gives the same outcome on each. `open`, `send`, `receive` and
`close` are the same for streams. `rest`, `grpc`, `sse` and `ws` are one exchange on one transport, for what only that
transport can say (raw bytes, headers, close codes). `backend`, `tell` and `observe` drive the harness's own backend.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from qbridge_harness.language import flow_steps
from qbridge_harness.language.flow_steps import (
    BarrierStep,
    IdempotentStep,
    ParallelStep,
    RepeatStep,
    UseStep,
    WaitUntilStep,
)
from qbridge_harness.language.load_steps import LoadStep
from qbridge_harness.language.telemetry_steps import MetricsStep, TraceStep
from qbridge_harness.language.wire_steps import (
    CallStep,
    CloseStep,
    CollectStep,
    GrpcStep,
    OpenStep,
    ReceiveStep,
    RestStep,
    SendStep,
    SseStep,
    StepBase,
    WsStep,
)

TAG = "step:"


class Behaviour(BaseModel):
    """What the harness's own backend does with an item that matches; the first match counts."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    when: Any = Field(default=None, description="A matcher on the item; every item where it is missing.")
    times: int | None = Field(default=None, ge=1, description="Only for this many items.")
    echo: bool = Field(default=False, description="Replies with the payload of the item.")
    reply: Any = Field(default=None, description="Replies with this Reply.")
    error: Any = Field(default=None, description="Fails with this Error: `{code: BACKEND_FAILED, message: ...}`.")
    delay_s: float = Field(default=0.0, ge=0, le=60, description="Does it so much later; other items go on.")
    lose: bool = Field(default=False, description="Works, counts the effect, and loses the reply: the stream breaks.")
    hold: bool = Field(default=False, description="Keeps the item until `tell: ..., to: release`, then echoes.")
    drop: bool = Field(default=False, description="Vanishes: the stream breaks without a word.")
    twice: bool = Field(default=False, description="Sends the result twice.")
    stale: Any = Field(default=None, description="First sends this Reply with the epoch before, then the real one.")


class BackendStep(StepBase):
    """Registers and attaches a backend of the harness's own, taken away after the case."""

    backend: str = Field(description="The name to register.")
    as_: str = Field(alias="as", description="Its name in this case.")
    does: list[Behaviour] = Field(
        default_factory=lambda: [Behaviour(echo=True)], description="What it does with its items."
    )
    batch: dict[str, Any] = Field(default={}, description="BatchLimits.")
    operations: list[str] = Field(default=[], description="The operations to list; none means any generic one.")
    labels: dict[str, Any] = Field(default={}, description="Labels of the registration.")
    window: int = Field(default=1, ge=0, le=64, description="How many batches it takes at once.")
    transport: str = Field(default="grpc", description="grpc or websocket.")
    attach: bool = Field(default=True, description="False registers without opening Execute.")


class TellStep(StepBase):
    """Tells an own backend what to do now."""

    tell: str = Field(description="The backend's name in this case.")
    to: Literal["release", "vanish", "attach", "finish"]


class ObserveStep(StepBase):
    """What an own backend has seen: attached, attaches, batches, sizes, items, effects, results_sent."""

    observe: str = Field(description="The backend's name in this case.")


class SetStep(StepBase):
    """Sets variables."""

    set: dict[str, Any]


class CheckStep(StepBase):
    """Compares a value with what it must be."""

    check: Any
    is_: Any = Field(alias="is")


class DataStep(StepBase):
    """Loads a data set: ids, labels, metadata, dimension, shape, f32le (base64) of the rows asked for."""

    data: str = Field(description="`digits` or `topics`.")
    as_: str = Field(alias="as")
    start: int = Field(default=0, ge=0)
    count: int | None = Field(default=None, ge=1)
    prefix: str = Field(default="", description="Goes before every id.")


class NeighboursStep(StepBase):
    """Classifies each row by its nearest neighbour but itself: outcome accuracy, neighbours, queries."""

    leave_one_out: Any = Field(description="The VectorMatches of a query of every row.")
    data: str = Field(description="The data set's name in this case.")
    keep: int = Field(default=1, ge=1, le=100, description="How many neighbours a row keeps for comparisons.")


class RecallStep(StepBase):
    """Compares two answers to the same queries: outcome recall, the share of right ids that were found."""

    recall: Any = Field(description="The VectorMatches to judge.")
    of: Any = Field(description="The VectorMatches, or the lists of ids, that are right.")


KINDS: dict[str, type[StepBase]] = {
    "call": CallStep,
    "rest": RestStep,
    "grpc": GrpcStep,
    "sse": SseStep,
    "ws": WsStep,
    "open": OpenStep,
    "receive": ReceiveStep,
    "collect": CollectStep,
    "close": CloseStep,
    "backend": BackendStep,
    "tell": TellStep,
    "observe": ObserveStep,
    "wait_until": WaitUntilStep,
    "repeat": RepeatStep,
    "parallel": ParallelStep,
    "barrier": BarrierStep,
    "idempotent": IdempotentStep,
    "use": UseStep,
    "load": LoadStep,
    "metrics": MetricsStep,
    "trace": TraceStep,
    "set": SetStep,
    "check": CheckStep,
    "leave_one_out": NeighboursStep,
    "recall": RecallStep,
    "data": DataStep,
    "send": SendStep,
}
"""Kind -> model, in the order in which a step's keys are looked at: `send` and `data` also belong to other kinds."""


def kind_of(value: Any) -> str | None:
    """The kind of a step as read, or of a model; None where no key of a step names one."""
    if isinstance(value, dict):
        return next((kind for kind in KINDS if kind in value), None)
    return next((kind for kind, model in KINDS.items() if type(value) is model), None)


def _tag(value: Any) -> str | None:
    kind = kind_of(value)
    return None if kind is None else TAG + kind


Step = Annotated[
    Annotated[CallStep, Tag(TAG + "call")]
    | Annotated[RestStep, Tag(TAG + "rest")]
    | Annotated[GrpcStep, Tag(TAG + "grpc")]
    | Annotated[SseStep, Tag(TAG + "sse")]
    | Annotated[WsStep, Tag(TAG + "ws")]
    | Annotated[OpenStep, Tag(TAG + "open")]
    | Annotated[SendStep, Tag(TAG + "send")]
    | Annotated[ReceiveStep, Tag(TAG + "receive")]
    | Annotated[CollectStep, Tag(TAG + "collect")]
    | Annotated[CloseStep, Tag(TAG + "close")]
    | Annotated[BackendStep, Tag(TAG + "backend")]
    | Annotated[TellStep, Tag(TAG + "tell")]
    | Annotated[ObserveStep, Tag(TAG + "observe")]
    | Annotated[WaitUntilStep, Tag(TAG + "wait_until")]
    | Annotated[RepeatStep, Tag(TAG + "repeat")]
    | Annotated[ParallelStep, Tag(TAG + "parallel")]
    | Annotated[BarrierStep, Tag(TAG + "barrier")]
    | Annotated[IdempotentStep, Tag(TAG + "idempotent")]
    | Annotated[UseStep, Tag(TAG + "use")]
    | Annotated[LoadStep, Tag(TAG + "load")]
    | Annotated[MetricsStep, Tag(TAG + "metrics")]
    | Annotated[TraceStep, Tag(TAG + "trace")]
    | Annotated[SetStep, Tag(TAG + "set")]
    | Annotated[CheckStep, Tag(TAG + "check")]
    | Annotated[DataStep, Tag(TAG + "data")]
    | Annotated[NeighboursStep, Tag(TAG + "leave_one_out")]
    | Annotated[RecallStep, Tag(TAG + "recall")],
    Discriminator(_tag),
]

# The models of flow_steps name Step before it exists; they are built with the first suite, which finds it there.
vars(flow_steps)["Step"] = Step


def children(step: StepBase) -> Iterator[tuple[tuple[str | int, ...], StepBase]]:
    """The steps that a step holds, each with its path inside of it."""
    if isinstance(step, WaitUntilStep):
        yield ("wait_until",), step.wait_until
    elif isinstance(step, IdempotentStep):
        yield ("idempotent",), step.idempotent
    elif isinstance(step, LoadStep):
        yield ("load",), step.load
    elif isinstance(step, RepeatStep):
        yield from ((("repeat", index), child) for index, child in enumerate(step.repeat))
    elif isinstance(step, UseStep):
        yield from ((("steps", index), child) for index, child in enumerate(step.steps))
    elif isinstance(step, ParallelStep):
        for branch, steps in step.parallel.items():
            yield from ((("parallel", branch, index), child) for index, child in enumerate(steps))


def walk(step: StepBase) -> Iterator[StepBase]:
    """A step and every step inside of it."""
    yield step
    for _, child in children(step):
        yield from walk(child)
