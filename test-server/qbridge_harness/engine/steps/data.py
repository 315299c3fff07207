"""`data`, `leave_one_out`, `recall`: real vectors in, and what their neighbours say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qbridge_harness.datasets import load_data, rows_of
from qbridge_harness.engine.context import Context
from qbridge_harness.engine.steps.encoding import StepFailed
from qbridge_harness.language.steps import DataStep, NeighboursStep, RecallStep


async def data(context: Context, step: DataStep) -> dict[str, Any]:
    """Loads rows of a data set into a variable."""
    try:
        found = load_data(step.data, _folder(Path(step.where.file)))
    except (LookupError, FileNotFoundError) as error:
        raise StepFailed(f"untestable: {error}") from None
    document = found.document(step.start, step.count, str(context.fill(step.prefix)))
    context.variables[step.as_] = document
    return {"count": document["count"]}


def _folder(file: Path) -> Path:
    """The nearest folder `data` beside the case file or above it."""
    for parent in file.resolve().parents:
        if (parent / "data").is_dir():
            return parent / "data"
    return file.parent / "data"


async def leave_one_out(context: Context, step: NeighboursStep) -> dict[str, Any]:
    """Gives each row the label of its nearest neighbour but itself; the outcome has the share of right ones."""
    rows = rows_of(context.fill(step.leave_one_out))
    known = context.variables.get(step.data)
    if not isinstance(known, dict) or len(rows) != known["count"]:
        raise StepFailed(f"leave_one_out needs an answer for each row of {step.data!r}; it has {len(rows)}.")
    labels = dict(zip(known["ids"], known["labels"], strict=True))
    neighbours = [
        [other for other in row if other != own][: step.keep] for own, row in zip(known["ids"], rows, strict=True)
    ]
    right = sum(
        bool(near) and labels.get(near[0]) == labels[own] for own, near in zip(known["ids"], neighbours, strict=True)
    )
    return {"accuracy": right / max(1, len(rows)), "neighbours": neighbours, "queries": len(rows)}


async def recall(context: Context, step: RecallStep) -> dict[str, Any]:
    """The share of the right ids that were found, over all queries."""
    found = _rows(context.fill(step.recall))
    right = _rows(context.fill(step.of))
    if len(found) != len(right):
        raise StepFailed(f"recall needs as many answers as there are right ones: {len(found)} and {len(right)}.")
    hits = sum(len(set(row) & set(wanted)) for row, wanted in zip(found, right, strict=True))
    return {"recall": hits / max(1, sum(len(set(wanted)) for wanted in right)), "queries": len(found)}


def _rows(value: Any) -> list[list[str]]:
    if isinstance(value, dict):
        return rows_of(value)
    return [[row] if isinstance(row, str) else list(row) for row in value]
