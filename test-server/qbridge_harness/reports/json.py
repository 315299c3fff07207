"""The report as JSON: everything that is known of the run."""

from __future__ import annotations

import json

from qbridge_harness.engine.results import Report


def render_json(report: Report) -> str:
    """The whole report, readable."""
    return json.dumps(report.to_json(), indent=1, ensure_ascii=False) + "\n"
