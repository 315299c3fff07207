"""Reports: one run, written for machines and for people.

    Report --> html, json, junit, sarif   one file each
           --> allure                     a folder
    cases as they start and end --> terminal, ndjson   written while the run goes

They decide nothing; the verdicts are made. Each format is a module with `write(report, path)`, which is imported when
it is asked for: a run that writes no page does not wait for the template engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from qbridge_harness.engine.results import Report
from qbridge_harness.reports.terminal import Terminal
from qbridge_harness.reports.writable import unwritten

FORMATS = {
    "json": "everything that is known of the run, for programs",
    "junit": "JUnit XML, for CI systems",
    "html": "a page for people, in one file",
    "sarif": "SARIF 2.1.0: findings at the line of the contract, for code review",
    "allure": "a folder of results for Allure",
}
"""Name of a format -> what it is. `ndjson` is not here: it is written while the run goes."""


def write_reports(report: Report, paths: Mapping[str, Path]) -> list[str]:
    """Writes the named formats, each to its path; folders are made. Gives a sentence for each that could not be."""
    problems = []
    for name, path in paths.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            import_module(f"qbridge_harness.reports.{name}").write(report, path)
        except OSError as error:
            problems.append(unwritten(name, path, error))
    return problems


__all__ = ["FORMATS", "Terminal", "write_reports"]
