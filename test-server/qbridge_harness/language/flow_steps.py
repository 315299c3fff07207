"""The steps that hold other steps: waiting, loops, branches side by side, a request sent again, shared fragments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from qbridge_harness.language.wire_steps import CallStep, StepBase

if TYPE_CHECKING:
    from qbridge_harness.language.steps import Step

BRANCHES_MAX = 16
Way = Literal["serial", "concurrent", "conflict"]
WAYS: tuple[Way, ...] = ("serial", "concurrent", "conflict")


class WaitUntilStep(StepBase):
    """Repeats a step until its expectation holds, so many times in a row, within a budget."""

    wait_until: Step
    within_s: float = Field(default=5.0, gt=0, le=300)
    every_s: float = Field(default=0.02, gt=0, le=10)
    in_a_row: int = Field(default=1, ge=1, le=100)
    unless: Any = Field(default=None, description="Give up at once where the outcome matches this: it can only fail.")


class RepeatStep(StepBase):
    """Runs steps so many times, or once for each value of a list."""

    repeat: list[Step]
    times: int | None = Field(default=None, ge=1, le=100_000)
    over: Any = Field(default=None, description="A list; each value in turn is `${as}`.")
    as_: str = Field("item", alias="as")


class ParallelStep(StepBase):
    """Runs branches side by side; the first failure cancels the others. All share the case's variables."""

    parallel: dict[str, list[Step]] = Field(
        min_length=2, max_length=BRANCHES_MAX, description="Branch -> its steps, in order."
    )


class BarrierStep(StepBase):
    """Waits until every branch of the `parallel` step has come to the barrier of this name."""

    barrier: str = Field(description="The barrier's name; each branch has it once.")


class IdempotentStep(StepBase):
    """Sends one request again and again: the same response, one effect, and a conflict for another body.

    Outcome: for each way, responses, replayed and effects.
    """

    idempotent: CallStep = Field(description="The request, without a key: each way gives it a fresh one.")
    how: list[Way] = Field(
        default=list(WAYS), min_length=1, description="One after another, all at once, with another body."
    )
    times: int = Field(default=3, ge=2, le=64, description="How often the same request is sent.")
    by: Literal["key", "id", "header"] = Field(
        default="key", description="What makes it the same: idempotencyKey, id, or the header Idempotency-Key."
    )
    change: Any = Field(default=None, description="What another body has instead, merged into the request.")
    worker: str = Field(default="", description="The own backend that counts the effects; none are counted without.")
    effects: int = Field(default=1, ge=0, description="How many effects each way has in all.")


class UseStep(StepBase):
    """Runs the steps of a fragment that the suite includes."""

    use: str = Field(description="The fragment's name.")
    vars: dict[str, Any] = Field(default={}, description="Variables that are set first.")
    steps: list[Step] = Field(default=[], description="Filled in from the fragment; write none.")
