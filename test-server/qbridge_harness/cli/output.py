"""What `run`, `itest` and `watch` share: a run that is shown while it goes, and written down when it is over."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from qbridge_harness.cli.options import ERROR, PASSED, exit_code
from qbridge_harness.cli.signals import INTERRUPTED, ended_by_signals
from qbridge_harness.clients import Target
from qbridge_harness.contract import load_contract
from qbridge_harness.engine import CaseResult, Options, Report, run
from qbridge_harness.engine.halt import Halt
from qbridge_harness.language import PlannedCase
from qbridge_harness.reports import FORMATS, Terminal, write_reports
from qbridge_harness.reports.writable import refuse_unwritable

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
    """Format -> path, for each that is asked for. Raises UsageError for one that cannot be written."""
    named = {name: getattr(arguments, name) for name in (*FORMATS, LIVE)}
    paths = {name: path for name, path in named.items() if path}
    refuse_unwritable(paths)
    return paths


@dataclass(frozen=True, slots=True)
class Judged:
    """A run that is over, and what became of its reports."""

    report: Report
    unwritten: list[str] = field(default_factory=list)
    """A sentence for each report that could not be written."""
    signals: list[signal.Signals] = field(default_factory=list)
    """What ended it early."""

    @property
    def exit_code(self) -> int:
        """The verdict's; a report that is missing counts where nothing else is red."""
        if signal.SIGTERM in self.signals:
            return 128 + signal.SIGTERM
        code = exit_code(self.report)
        return ERROR if self.unwritten and code == PASSED else code


def judge(
    planned: Sequence[PlannedCase],
    target: Target,
    options: Options,
    paths: Mapping[str, Path],
    *,
    verbose: bool = False,
    command: str = "",
) -> Judged:
    """Runs the cases, shows each as it ends, writes the reports, tells what is red. Raises Unreachable.

    A run that ends early is reported as far as it came. `command` runs a case again where the target is there for this
    run only.
    """
    terminal = Terminal(sys.stdout, verbose=verbose, planned=len(planned))
    run_id, halt = f"run-{uuid.uuid4().hex[:12]}", Halt()
    unheard: list[OSError] = []
    unwritten: list[str] = []

    def show(words: Callable[[], None]) -> None:
        """Nobody reads any more where the output is gone: the run ends, its reports are written all the same."""
        try:
            if not unheard:
                words()
        except OSError as error:
            unheard.append(error)
            halt.stop("interrupted", INTERRUPTED)

    with ExitStack() as stack:
        stack.callback(show, terminal.stop)
        events = None
        if LIVE in paths:
            from qbridge_harness.reports.ndjson import EventLog

            events = stack.enter_context(EventLog(paths[LIVE], run_id))
            events.run_started(planned, target, options.seed)

        def started(case: PlannedCase) -> None:
            show(lambda: terminal.started(case))
            if events:
                events.case_started(case)

        def ended(case: CaseResult) -> None:
            if not halt.why:  # What an early end leaves out is told once, with the summary.
                show(lambda: terminal.case(case))
            if events:
                events.case_finished(case)

        report, signals = asyncio.run(_run(planned, target, options, ended, run_id, started, halt))
        report.command = command
        if events:
            events.run_finished(report)
            unwritten += [events.problem] if events.problem else []
    unwritten += write_reports(report, {name: path for name, path in paths.items() if name != LIVE})
    show(lambda: terminal.close(report))
    for sentence in unwritten:
        print(sentence, file=sys.stderr)
    if unheard:
        raise unheard[0]
    return Judged(report, unwritten, signals)


async def _run(
    planned: Sequence[PlannedCase],
    target: Target,
    options: Options,
    on_case: Callable[[CaseResult], None],
    run_id: str,
    on_start: Callable[[PlannedCase], None],
    halt: Halt,
) -> tuple[Report, list[signal.Signals]]:
    with ended_by_signals(halt) as signals:
        report = await run(planned, target, load_contract(), options, on_case, run_id, on_start, halt)
    return report, signals
