"""`itest`: every case against the reference server, or against somebody else's, with all reports."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from qbridge_harness.child import StartFailed, end_on_sigterm
from qbridge_harness.chroma import chroma_python
from qbridge_harness.cli.options import (
    UNREACHABLE,
    USAGE,
    add_judging,
    add_target,
    announce,
    judging,
    named_target,
    select,
)
from qbridge_harness.cli.output import LIVE, judge
from qbridge_harness.clients import Target
from qbridge_harness.deployment import ReferenceServer, start_agent
from qbridge_harness.language import PlannedCase
from qbridge_harness.reports.writable import refuse_unwritable
from qbridge_harness.spans import SpanReceiver
from qbridge_harness.usage import UsageError

EXAMPLES = """examples:
  qbridge-harness itest
  qbridge-harness itest --only smoke --only '*/*/transport:grpc'
  qbridge-harness itest --full --target https://bridge.example --grpc bridge.example:443
  qbridge-harness itest --seed 7 --jobs 1        the same ids, one case after the other
"""
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
    parser.add_argument("--allure", type=Path, metavar="DIR", help="write a folder of results for Allure too")
    parser.add_argument("--only", action="append", default=[], metavar="PREFIX", help="cases whose id begins so")
    add_target(parser, required=False)
    add_judging(parser)
    parser.set_defaults(run=itest)


def itest(arguments: argparse.Namespace) -> int:
    """Starts what is needed, runs, reports; the exit codes are those of `run`."""
    if bool(arguments.target) != bool(arguments.grpc):
        raise UsageError("Somebody else's deployment needs both addresses: --target URL --grpc HOST:PORT.")
    arguments.tag, arguments.skip_tag = [], [] if arguments.full else [FULL]
    planned = select(arguments, strict=True)
    if not planned:
        print("No case is left without the tag `full`: add --full, or name others with --only.", file=sys.stderr)
        return USAGE
    paths = _paths(arguments)
    try:
        with _deployment(arguments) as (target, given):
            return _run(arguments, planned, target, given, paths)
    except StartFailed as error:
        print(error, file=sys.stderr)
        return UNREACHABLE


@contextmanager
def _deployment(arguments: argparse.Namespace) -> Iterator[tuple[Target, dict[str, str]]]:
    """The deployment to judge, and the variables that go with it."""
    if arguments.target:
        yield named_target(arguments), {}
        return
    end_on_sigterm()
    began = time.monotonic()
    chroma = chroma_python() if arguments.full else None
    arguments.spans = receiver = SpanReceiver(arguments.otlp or "127.0.0.1:0")
    with ReferenceServer(routes=ROUTES, chroma=chroma, otlp=receiver.url) as server:
        given = {"op_backend": "vectors", "requests_metric": "qbridge_requests_total"}
        given |= {} if chroma is None else {"second": "chroma"}
        agent = None
        if AGENT.is_file():
            agent = start_agent(AGENT, server.target, server.folder)
            given["agent"] = "librarian"
        print(f"The reference server serves after {time.monotonic() - began:.1f} s: {server.target.rest}\n")
        try:
            yield server.target, given
        finally:
            receiver.close()
            if agent is not None:
                agent.stop()


def _paths(arguments: argparse.Namespace) -> dict[str, Path]:
    """Format -> path of its report. Raises UsageError for one that cannot be written."""
    folder: Path = arguments.reports
    files = {name: folder / f"report.{name}" for name in ("html", "json", "sarif", LIVE)}
    files |= {"junit": folder / "junit.xml"} | ({"allure": arguments.allure} if arguments.allure else {})
    refuse_unwritable(files)
    return files


def _run(
    arguments: argparse.Namespace,
    planned: Sequence[PlannedCase],
    target: Target,
    given: dict[str, str],
    paths: Mapping[str, Path],
) -> int:
    options = judging(arguments, given)
    announce(options, planned, target)
    print(f"Reports: {', '.join(str(path) for path in paths.values())}\n")
    # The server of this run and its addresses are gone when somebody reads the report.
    command = "" if arguments.target else "qbridge-harness itest" + " --full" * arguments.full
    return judge(planned, target, options, paths, command=command).exit_code
