"""The conformance report as one HTML file that needs nothing else."""

from __future__ import annotations

from pathlib import Path

from qbridge_harness.verdicts.conformance import LEVELS
from qbridge_harness.verdicts.conformance_form import ConformanceReport

_SIGNS = {
    "passed": "✓",
    "failed": "✗",
    "unproven": "?",
    "missing": "no case",
    "skipped": "skipped",
    "undeclared": "–",
}
TRANSPORTS = ("grpc", "rest", "sse", "websocket")


def conformance_page(report: ConformanceReport) -> str:
    """The page."""
    from jinja2 import Environment, FileSystemLoader  # Only who writes a page waits for it.

    folder = Path(__file__).parent / "templates"
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.get_template("conformance.html.j2")
    return template.render(report=report, levels=LEVELS, signs=_SIGNS, columns=TRANSPORTS)
