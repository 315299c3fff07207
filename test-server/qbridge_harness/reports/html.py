"""The report as one HTML file that needs nothing else: it opens from a disk, a mail or a CI artefact."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from qbridge_harness.contract import load_contract
from qbridge_harness.engine.results import VERDICTS, CaseResult, Report
from qbridge_harness.reports.reproduce import PROTOSET, Reproducer
from qbridge_harness.reports.text import known_note, mask, printable, run_again
from qbridge_harness.reports.timeline import lay_out
from qbridge_harness.rules import load_rules

if TYPE_CHECKING:
    from jinja2 import Template

_SIGNS = {"passed": "✓", "failed": "✗", "error": "!", "skipped": "–"}


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader  # Only who writes a page waits for it.

    folder = Path(__file__).parent / "templates"
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["duration"] = _duration
    environment.globals |= {"signs": _SIGNS, "lay_out": lay_out, "known_note": known_note}
    return environment.get_template("report.html.j2")


def _duration(milliseconds: float) -> str:
    """A duration for a person."""
    if 0 < milliseconds < 1:
        return f"{milliseconds * 1000:.0f} µs"
    if milliseconds < 1000:
        return f"{milliseconds:.1f}".removesuffix(".0") + " ms"
    return f"{milliseconds / 1000:.2f} s"


def _urgency(case: CaseResult) -> tuple[bool, int]:
    """What a person should see first: what turned the run red, then other failures, then the rest."""
    return not case.red, ("failed", "error", "skipped", "passed").index(case.verdict)


def render_html(report: Report) -> str:
    """The page."""
    rules = report.rules()
    reproducer = Reproducer(report, load_contract())
    page = _template().render(
        report=report,
        cases=sorted(report.cases, key=_urgency),
        counts=report.counts,
        verdicts=VERDICTS,
        tags=sorted({tag for case in report.cases for tag in case.tags}),
        transports=sorted({str(case.axes["transport"]) for case in report.cases if "transport" in case.axes}),
        has_known=any(case.known for case in report.cases),
        rules=rules,
        sentences={rule.id: rule.sentence for rule in (load_rules() or {}).values()},
        columns=sorted({transport for row in rules.values() for transport in row}),
        coverage=report.coverage(),
        commands=reproducer.commands,
        again=lambda case: run_again(report, case),
        protoset=PROTOSET,
    )
    return printable(mask(page))


def write(report: Report, path: Path) -> None:
    """Writes the file."""
    path.write_text(render_html(report), encoding="utf-8", errors="replace")
