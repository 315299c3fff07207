"""What the commands share: exit codes, the options that name cases and the deployment."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import qbridge_harness
from qbridge_harness.contract import load_contract
from qbridge_harness.language import PlannedCase, load_suites, plan_cases
from qbridge_harness.rules import load_rules

PASSED, FAILED, USAGE, UNREACHABLE = 0, 1, 2, 3


def cases_folder() -> Path:
    """`./cases` where it exists, else the cases that came with the package."""
    here = Path("cases")
    return here if here.is_dir() else Path(qbridge_harness.__file__).parent / "cases"


def add_selection(parser: argparse.ArgumentParser) -> None:
    """The options that choose cases."""
    parser.add_argument("cases", nargs="*", type=Path, help="files or folders (default: cases)")
    parser.add_argument("--only", action="append", default=[], metavar="PREFIX", help="cases whose id begins so")
    parser.add_argument("--tag", action="append", default=[], help="only cases with this tag; repeatable")
    parser.add_argument("--skip-tag", action="append", default=[], help="no cases with this tag; repeatable")


def add_target(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """The options that name the deployment."""
    parser.add_argument("--target", required=required, metavar="URL", help="base URL of REST")
    parser.add_argument("--grpc", required=required, metavar="HOST:PORT", help="address of gRPC")
    key_help = "API key (default: $QBRIDGE_API_KEY)"
    parser.add_argument("--key", default=os.environ.get("QBRIDGE_API_KEY", ""), help=key_help)
    parser.add_argument("--var", action="append", default=[], metavar="NAME=VALUE", help="a variable of the cases")
    parser.add_argument("--jobs", type=int, default=6, help="how many cases run at once (default: 6)")


def select(arguments: argparse.Namespace) -> list[PlannedCase]:
    """The planned cases that the options name. Raises CaseFileError."""
    paths = arguments.cases or [cases_folder()]
    suites = load_suites(paths, load_contract(), load_rules())
    return plan_cases(suites, only=arguments.only, tags=arguments.tag, skip_tags=arguments.skip_tag)


def variables(pairs: Sequence[str]) -> dict[str, str]:
    """`NAME=VALUE` options. Raises ValueError for one without `=`."""
    found = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise ValueError(f"--var takes NAME=VALUE, not {pair!r}.")
        found[name] = value
    return found
