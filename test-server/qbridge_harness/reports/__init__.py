"""Reports: one run, written for machines and for people.

They take a Report and give text: terminal, JSON, JUnit XML, HTML. They decide nothing; the verdicts are made.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from qbridge_harness.engine.results import Report
from qbridge_harness.reports.html import render_html
from qbridge_harness.reports.json import render_json
from qbridge_harness.reports.junit import render_junit
from qbridge_harness.reports.terminal import Terminal

FORMATS = {"json": render_json, "junit": render_junit, "html": render_html}


def write_reports(report: Report, paths: Mapping[str, Path]) -> None:
    """Writes the named formats, each to its file; folders are made."""
    for name, path in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FORMATS[name](report), encoding="utf-8")


__all__ = ["FORMATS", "Terminal", "render_html", "render_json", "render_junit", "write_reports"]
