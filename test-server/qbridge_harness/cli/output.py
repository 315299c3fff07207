"""What `run`, `itest` and `watch` share: a run that is shown while it goes, and written down when it is over."""

from __future__ import annotations

import argparse
import asyncio
import sys
import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from qbridge_harness.clients import Target
from qbridge_harness.contract import load_contract
from qbridge_harness.engine import CaseResult, Options, Report, run
from qbridge_harness.language import PlannedCase
from qbridge_harness.reports import FORMATS, Terminal, write_reports

LIVE = "ndjson"
"""The format that is written while the run goes."""
_LIVE_HELP = "one event per line, written while the run goes, for tail -f"


def add_reports(parser: argparse.ArgumentParser, defaults: Mapping[str, Path]) -> None:
    """An option for each format of a report; `defaults` are those that are written unasked."""
    for name, about in (FORMATS | {LIVE: _LIVE_HELP}).items():
        default = defaults.get(name)
        text = f"write {about}" + (f" (default: {default})" if default else "")
        parser.add_argument(
            f"--{name}", type=Path, default=default, metavar="DIR" if name == "allure" else "PATH", help=text
        )


def report_paths(arguments: argparse.Namespace) -> dict[str, Path]:
    """Format -> path, for each that is asked for."""
    named = {name: getattr(arguments, name) for name in (*FORMATS, LIVE)}
    return {name: path for name, path in named.items() if path}


def judge(
    planned: Sequence[PlannedCase],
    target: Target,
    options: Options,
    paths: Mapping[str, Path],
    *,
    verbose: bool = False,
    command: str = "",
) -> Report:
    """Runs the cases, shows each as it ends, writes the reports, tells what is red. Raises Unreachable.

    `command` runs a case again where the target is there for this run only.
    """
    terminal = Terminal(sys.stdout, verbose=verbose, planned=len(planned))
    run_id = f"run-{uuid.uuid4().hex[:12]}"
    with ExitStack() as stack:
        stack.callback(terminal.stop)
        events = None
        if LIVE in paths:
            from qbridge_harness.reports.ndjson import EventLog

            events = stack.enter_context(EventLog(paths[LIVE], run_id))
            events.run_started(planned, target, options.seed)

        def started(case: PlannedCase) -> None:
            terminal.started(case)
            if events:
                events.case_started(case)

        def ended(case: CaseResult) -> None:
            terminal.case(case)
            if events:
                events.case_finished(case)

        report = asyncio.run(run(planned, target, load_contract(), options, ended, run_id, started))
        report.command = command
        if events:
            events.run_finished(report)
    write_reports(report, {name: path for name, path in paths.items() if name != LIVE})
    terminal.close(report)
    return report
