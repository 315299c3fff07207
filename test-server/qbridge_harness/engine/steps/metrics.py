"""`metrics`: a reading of the deployment's metrics page, and what has changed since an earlier one."""

from __future__ import annotations

import math
from typing import Any

from qbridge_harness.engine.context import Context, Wire
from qbridge_harness.engine.steps.encoding import CaseBroken, StepFailed
from qbridge_harness.language.problems import closest
from qbridge_harness.language.telemetry_steps import MetricsStep
from qbridge_harness.metrics import BadMetrics, Page, Selector, read_page, read_selector


async def metrics(context: Context, step: MetricsStep) -> dict[str, Any]:
    """Reads the page, and keeps it under its name; the outcome has a number for each selector."""
    path = step.path or context.wire.metrics_path
    context.log.sent("rest", f"GET {path}")
    page = await scrape(context.wire, path)
    selectors = {name: _selector(context, text) for name, text in step.read.items()}
    readings: dict[str, Page] = context.data.setdefault("metrics", {})
    before = readings.get(step.since) if step.since else None
    if step.since and before is None:
        raise CaseBroken(f"There is no reading {step.since!r} before this one.")
    _known(selectors, page)
    now = {name: page.total(selector) for name, selector in selectors.items()}
    outcome: dict[str, Any] = {"now": {name: _plain(value) for name, value in now.items()}}
    if before is not None:
        outcome["delta"] = {name: _plain(now[name] - before.total(selectors[name])) for name in now}
    readings[step.metrics] = page
    context.log.received("rest", f"200 GET {path}", outcome)
    return outcome


async def scrape(wire: Wire, path: str) -> Page:
    """The page as it is now. Raises StepFailed where there is none, or where it cannot be read."""
    answer = await wire.rest.send("GET", path)
    if answer.status != 200:
        raise StepFailed(f"GET {path} answered {answer.status}: no metrics are served there. Name the path: --metrics.")
    try:
        return read_page(answer.content.decode("utf-8", "replace"))
    except BadMetrics as error:
        raise StepFailed(f"GET {path}: {error}") from None


def _selector(context: Context, text: str) -> Selector:
    try:
        return read_selector(str(context.fill(text)))
    except BadMetrics as error:
        raise CaseBroken(str(error)) from None


def _known(selectors: dict[str, Selector], page: Page) -> None:
    """A metric that the page does not have would read as 0 for ever, and an assertion on it would prove nothing."""
    names = page.names()
    for selector in selectors.values():
        if selector.name not in names:
            raise StepFailed(f"The page has no metric {selector.name}. {closest(selector.name, sorted(names))}")


def _plain(value: float) -> int | float | str:
    """A number as a case writes it."""
    if math.isnan(value) or math.isinf(value):
        return str(value)
    return int(value) if value.is_integer() else value
