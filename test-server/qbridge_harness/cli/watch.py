"""`qbridge-harness watch`: runs cases, and runs again what a changed file touches.

A change touches the cases of a suite where it is the suite's own file, one that the suite includes, or one that these
name (a data set). What could not be judged, because a file has a mistake or the target was away, is tried again with
the next change. The cases' ids are new each time, so that a run never meets what the one before it left.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from watchfiles import DefaultFilter, watch as file_changes

from qbridge_harness.cli.options import (
    PASSED,
    add_judging,
    add_selection,
    add_target,
    cases_folder,
    judging,
    named_target,
    select,
)
from qbridge_harness.cli.output import judge
from qbridge_harness.clients import Target, Unreachable
from qbridge_harness.engine import CaseResult, Report
from qbridge_harness.language import CaseFileError, PlannedCase, plan_cases
from qbridge_harness.language.include import cases_root

EXAMPLES = """examples:
  qbridge-harness watch --target http://127.0.0.1:7401 --grpc 127.0.0.1:7400
  qbridge-harness watch cases/errors.yaml --only '**/transport:rest' --target URL --grpc HOST:PORT
"""
QUIET_MS = 200
"""A burst of changes is over after so long without one: an editor writes a file in several steps."""
BURST_MS_MAX = 1600
"""A burst that goes on for longer is told in parts."""
_POLL_MS = 500
_RED_SHOWN = 10


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `qbridge-harness watch`."""
    add_selection(parser)
    add_target(parser, required=True)
    add_judging(parser)
    parser.set_defaults(run=watch)


def watch(arguments: argparse.Namespace) -> int:
    """Watches until Ctrl-C."""
    target = named_target(arguments)
    paths: list[Path] = arguments.cases or [cases_folder()]
    watching = Watching(arguments, target)
    changes = _changes([path.resolve() if path.is_dir() else cases_root(path) for path in paths])
    next(changes)  # From here on no change is missed, those during the first run included.
    watching.begin()
    for changed in changes:
        watching.changed(changed)
    return PASSED


def _changes(folders: Sequence[Path]) -> Iterator[set[Path]]:
    """The files of each burst of changes; an empty set first, once the folders are watched."""
    yielded = False
    for burst in file_changes(
        *folders,
        watch_filter=DefaultFilter(),
        step=QUIET_MS,
        debounce=BURST_MS_MAX,
        rust_timeout=_POLL_MS,
        yield_on_timeout=True,
    ):
        if burst or not yielded:
            yielded = True
            yield {Path(name).resolve() for _, name in burst}


class Watching:
    """The last verdict of every case, and what still waits to be judged."""

    def __init__(self, arguments: argparse.Namespace, target: Target) -> None:
        self._arguments = arguments
        self._target = target
        self._last: dict[str, CaseResult] = {}
        self._planned: list[PlannedCase] = []
        self._waiting: set[str] | None = None
        """Cases that a change has touched; None: all of them."""
        self._changed: set[Path] = set()
        """Files that changed while one of them had a mistake: nothing was run for them yet."""
        self._runs = 0

    def begin(self) -> None:
        """Runs every chosen case."""
        if self._load():
            self._run()
        self._prompt()

    def changed(self, files: set[Path]) -> None:
        """Runs what the files touch."""
        before = self._planned
        self._changed |= files
        if self._load():
            files, self._changed = self._changed, set()
            gone = {planned.id for planned in before} - {planned.id for planned in self._planned}
            touched = {planned.id for planned in self._planned if touches(planned, files)}
            if self._waiting is not None:
                self._waiting |= touched
            self._last = {case_id: result for case_id, result in self._last.items() if case_id not in gone}
            names = ", ".join(sorted(file.name for file in files))
            if self._waiting is None or self._waiting:
                print(f"\n{names} changed.", flush=True)
                self._run()
            else:
                print(f"\n{names} changed; no chosen case uses it.", flush=True)
        self._prompt()

    def _load(self) -> bool:
        """Reads the files again; False where one has a mistake, which is told."""
        try:
            self._planned = select(self._arguments)
        except CaseFileError as error:
            print(f"\n{error}\nNothing runs until this is corrected.", flush=True)
            return False
        return True

    def _run(self) -> None:
        suites = {planned.suite.id: planned.suite for planned in self._planned}.values()
        chosen = self._planned if self._waiting is None else plan_cases(suites, only=sorted(self._waiting))
        if not chosen:
            return
        options = judging(self._arguments)
        if self._arguments.seed and self._runs:
            options = replace(options, seed=f"{options.seed}-{self._runs}")
        self._runs += 1
        try:
            report = judge(chosen, self._target, options, {}).report
        except Unreachable as error:
            print(f"The target does not answer: {error}. These cases are tried again with the next change.", flush=True)
            return
        if report.stopped == "interrupted":
            raise KeyboardInterrupt
        if report.stopped:
            print("These cases are tried again with the next change.", flush=True)
            return
        self._waiting = set()
        self._last |= {case.id: case for case in report.cases}
        self._tell(report)

    def _tell(self, report: Report) -> None:
        """The last verdict of everything, where this run was a part of it only."""
        cases = [self._last[planned.id] for planned in self._planned if planned.id in self._last]
        if len(cases) > len(report.cases):
            print(f"\nLast verdicts of all: {replace(report, cases=cases).summary}")
        red = [case for case in cases if case.red]
        for case in red[:_RED_SHOWN]:
            print(f"  {case.verdict}: {case.id}  ({case.file}:{case.line})")
        if len(red) > _RED_SHOWN:
            print(f"  ... and {len(red) - _RED_SHOWN} more")

    def _prompt(self) -> None:
        print("\nWaiting for a change; Ctrl-C ends.", flush=True)


def touches(planned: PlannedCase, files: set[Path]) -> bool:
    """Whether a change of the files may change what the case does."""
    own = {Path(planned.case.where.file).resolve(), *(file.resolve() for file in planned.suite.files_included)}
    if own & files:
        return True
    others = {file.name for file in files if file.suffix not in (".yaml", ".yml")}
    return bool(others) and any(name in text for text in map(_text, sorted(own)) for name in others)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
