"""`metrics` and `trace`: what the deployment tells its operators, as cases look at it."""

from __future__ import annotations

from pydantic import Field

from qbridge_harness.language.wire_steps import StepBase


class MetricsStep(StepBase):
    """Reads the deployment's metrics page: outcome now, and delta since an earlier reading."""

    metrics: str = Field(description="The name of this reading, for `since`.")
    read: dict[str, str] = Field(
        default={}, description='Name -> the samples that are added up: `requests_total{backend="echo"}`.'
    )
    since: str | None = Field(default=None, description="The earlier reading that `delta` counts from.")
    path: str | None = Field(default=None, pattern=r"^/\S*$", description="Another path than the run's (/metrics).")


class TraceStep(StepBase):
    """Waits until the spans of a trace are as expected: outcome spans (in order of their start), count, services."""

    trace: str = Field(description="The trace id: `${traceId}`.")
    within_s: float = Field(default=5.0, gt=0, le=120, description="How long spans may take to arrive.")
