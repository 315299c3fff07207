"""The report as JSON: everything that is known of the run. Its form is `report.schema.json`, beside this file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from qbridge_harness.engine.results import Report
from qbridge_harness.reports.text import mask


def render_json(report: Report) -> str:
    """The whole report, readable. What is no Unicode (half of a surrogate pair) becomes `?`."""
    # With an indent the standard library encodes in Python, which takes longer than most runs.
    plain = json.dumps(report.to_json(), ensure_ascii=False).encode("utf-8", "replace")
    return mask(msgspec.json.format(plain, indent=1).decode()) + "\n"


def write(report: Report, path: Path) -> None:
    """Writes the file."""
    path.write_text(render_json(report), encoding="utf-8")


def schema() -> dict[str, Any]:
    """The JSON Schema of the report."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("report.schema.json").read_bytes())
    return found
