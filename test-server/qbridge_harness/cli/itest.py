"""`itest`: every case against the reference server, or against somebody else's, with all reports."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qbridge_harness.child import StartFailed, end_on_sigterm
from qbridge_harness.chroma import chroma_python
from qbridge_harness.cli.options import FAILED, PASSED, UNREACHABLE, add_target, select, variables
from qbridge_harness.clients import Target
from qbridge_harness.contract import load_contract
from qbridge_harness.deployment import ReferenceServer, start_agent
from qbridge_harness.engine import Options, run
from qbridge_harness.reports import Terminal, write_reports

AGENT = Path("examples") / "agent.py"
ROUTES = {"ask": "librarian"}
"""The routing rule that sends the agent's operation to it."""
FULL = "full"
"""The tag of cases that do not fit into five minutes, or need what only a prepared machine has."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `qbridge-harness itest`."""
    parser.add_argument("cases", nargs="*", type=Path, help="files or folders (default: cases)")
    parser.add_argument("--full", action="store_true", help=f"the cases tagged `{FULL}` too")
    parser.add_argument("--reports", type=Path, default=Path("reports") / "itest", help="folder of the reports")
    parser.add_argument("--only", action="append", default=[], metavar="PREFIX", help="cases whose id begins so")
    add_target(parser, required=False)
    parser.set_defaults(run=itest)


def itest(arguments: argparse.Namespace) -> int:
    """Starts what is needed, runs, reports; the exit codes are those of `run`."""
    if bool(arguments.target) != bool(arguments.grpc):
        raise ValueError("Somebody else's deployment needs both addresses: --target URL --grpc HOST:PORT.")
    try:
        with _deployment(arguments) as (target, given):
            return _run(arguments, target, given)
    except StartFailed as error:
        print(error, file=sys.stderr)
        return UNREACHABLE


@contextmanager
def _deployment(arguments: argparse.Namespace) -> Iterator[tuple[Target, dict[str, str]]]:
    """The deployment to judge, and the variables that go with it."""
    if arguments.target:
        yield Target(arguments.target.rstrip("/"), arguments.grpc, arguments.key), {}
        return
    end_on_sigterm()
    began = time.monotonic()
    chroma = chroma_python() if arguments.full else None
    with ReferenceServer(routes=ROUTES, chroma=chroma) as server:
        given = {"op_backend": "vectors"} | ({} if chroma is None else {"second": "chroma"})
        agent = None
        if AGENT.is_file():
            agent = start_agent(AGENT, server.target, server.folder)
            given["agent"] = "librarian"
        print(f"The reference server serves after {time.monotonic() - began:.1f} s: {server.target.rest}\n")
        try:
            yield server.target, given
        finally:
            if agent is not None:
                agent.stop()


def _run(arguments: argparse.Namespace, target: Target, given: dict[str, str]) -> int:
    arguments.tag, arguments.skip_tag = [], [] if arguments.full else [FULL]
    planned = select(arguments)
    options = Options(arguments.jobs, given | variables(arguments.var))
    terminal = Terminal(sys.stdout)
    report = asyncio.run(run(planned, target, load_contract(), options, terminal.case))
    folder: Path = arguments.reports
    files = {"junit": folder / "junit.xml", "json": folder / "report.json", "html": folder / "report.html"}
    write_reports(report, files)
    print(f"\nReports: {', '.join(str(file) for file in files.values())}")
    terminal.close(report)
    return PASSED if report.ok else FAILED
