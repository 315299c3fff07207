"""The report as one HTML file that needs nothing else: it opens from a disk, a mail or a CI artefact."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, Template

from qbridge_harness.engine.results import Report


@lru_cache(maxsize=1)
def _template() -> Template:
    folder = Path(__file__).parent / "templates"
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["duration"] = _duration
    return environment.get_template("report.html.j2")


def _duration(milliseconds: float) -> str:
    """A duration for a person."""
    if milliseconds < 1:
        return f"{milliseconds * 1000:.0f} µs"
    return f"{milliseconds:.1f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.2f} s"


def render_html(report: Report) -> str:
    """The page."""
    tags = sorted({tag for case in report.cases for tag in case.tags})
    transports = sorted({str(case.axes["transport"]) for case in report.cases if "transport" in case.axes})
    counts = {verdict: report.count(verdict) for verdict in ("passed", "failed", "skipped")}
    rules = report.rules()
    columns = sorted({transport for row in rules.values() for transport in row})
    return _template().render(
        report=report, tags=tags, transports=transports, counts=counts, rules=rules, columns=columns
    )
