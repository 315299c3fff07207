"""`qbridge-harness run`: chosen cases against a target."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from qbridge_harness.cli.options import (
    USAGE,
    add_judging,
    add_selection,
    add_target,
    announce,
    judging,
    named_target,
    select,
)
from qbridge_harness.cli.output import add_reports, judge, report_paths

EXAMPLES = """examples:
  qbridge-harness run cases/smoke.yaml --target http://127.0.0.1:7401 --grpc 127.0.0.1:7400
  qbridge-harness run --only idempotency --only '**/transport:grpc' --target URL --grpc HOST:PORT
  qbridge-harness run --tag core --html report.html --junit junit.xml --target URL --grpc HOST:PORT
  qbridge-harness run --known-failing mine.txt --seed 7 --jobs 1 --target URL --grpc HOST:PORT
"""
LAST = Path("reports") / "itest" / "run.json"
"""Where the JSON report goes that nobody names: `rules` and `report` look there."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `qbridge-harness run`."""
    add_selection(parser)
    add_target(parser, required=True)
    add_judging(parser)
    add_reports(parser, {"json": LAST})
    parser.add_argument("--fail-fast", action="store_true", help="stop at the first failure")
    parser.add_argument("--verbose", action="store_true", help="show every message of a failed case")
    parser.set_defaults(run=run_cases)


def run_cases(arguments: argparse.Namespace) -> int:
    """Runs what is chosen, reports, and gives the exit code."""
    planned = select(arguments, strict=True)
    if not planned:
        print("No case has that name or tag; `qbridge-harness list` shows all.", file=sys.stderr)
        return USAGE
    target = named_target(arguments)
    paths = report_paths(arguments)
    options = judging(arguments, fail_fast=arguments.fail_fast)
    announce(options, planned, target)
    return judge(planned, target, options, paths, verbose=arguments.verbose).exit_code
