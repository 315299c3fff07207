"""The parser of `qbridge-harness`, and its small commands: run and list."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from qbridge_harness import __version__
from qbridge_harness.cli import itest, serve
from qbridge_harness.cli.options import FAILED, PASSED, UNREACHABLE, USAGE, add_selection, add_target, select, variables
from qbridge_harness.clients import Target, Unreachable
from qbridge_harness.contract import load_contract
from qbridge_harness.engine import Options, run
from qbridge_harness.language import CaseFileError, Suite
from qbridge_harness.reports import Terminal, write_reports


def main(argv: Sequence[str] | None = None) -> int:
    """The console script."""
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
    except CaseFileError as error:
        print(error, file=sys.stderr)
        return USAGE
    except Unreachable as error:
        print(f"The target does not answer: {error}. Is it running, and is the address right?", file=sys.stderr)
        return UNREACHABLE
    except ValueError as error:
        print(error, file=sys.stderr)
        return USAGE
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="qbridge-harness", description="Judges any deployment of the contract.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _run_parser(commands.add_parser("run", help="run cases against a target"))
    listing = commands.add_parser("list", help="list the cases, without running them")
    add_selection(listing)
    listing.set_defaults(run=_list)
    schema = commands.add_parser("schema", help="print the JSON Schema of case files, for editors")
    schema.set_defaults(run=_schema)
    serve.add_options(commands.add_parser("serve", help="run cases over HTTP: GET /run/{case}"))
    itest.add_options(commands.add_parser("itest", help="run everything against the reference server, or a target"))
    return parser


def _run_parser(parser: argparse.ArgumentParser) -> None:
    add_selection(parser)
    add_target(parser, required=True)
    for name in ("json", "junit", "html"):
        parser.add_argument(f"--{name}", type=Path, metavar="PATH", help=f"write a {name} report")
    parser.add_argument("--fail-fast", action="store_true", help="stop at the first failure")
    parser.add_argument("--verbose", action="store_true", help="show every message of a failed case")
    parser.set_defaults(run=_run)


def _list(arguments: argparse.Namespace) -> int:
    planned = select(arguments)
    for case in planned:
        print(f"{case.id}  [{', '.join(sorted(case.tags))}]")
    print(f"{len(planned)} cases")
    return PASSED


def _schema(_: argparse.Namespace) -> int:
    print(json.dumps(Suite.model_json_schema(), indent=1))
    return PASSED


def _run(arguments: argparse.Namespace) -> int:
    planned = select(arguments)
    if not planned:
        print("No case has that name or tag; `qbridge-harness list` shows all.", file=sys.stderr)
        return USAGE
    target = Target(arguments.target.rstrip("/"), arguments.grpc, arguments.key)
    target.grpc_parts()
    options = Options(arguments.jobs, dict(variables(arguments.var)), arguments.fail_fast)
    terminal = Terminal(sys.stdout, verbose=arguments.verbose)
    report = asyncio.run(run(planned, target, load_contract(), options, terminal.case))
    named = {name: getattr(arguments, name) for name in ("json", "junit", "html")}
    write_reports(report, {name: path for name, path in named.items() if path})
    terminal.close(report)
    return PASSED if report.ok else FAILED
