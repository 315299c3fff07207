"""`qbridge-harness list`: the cases, or with --plan what running them would do."""

from __future__ import annotations

import argparse
from pathlib import Path

from qbridge_harness.cli.options import PASSED, add_selection, select
from qbridge_harness.dry_run import plan_document, plan_text

EXAMPLES = """examples:
  qbridge-harness list --tag quick
  qbridge-harness list --only smoke/echo --plan                 rules, needs and steps of each case
  qbridge-harness list --plan --history reports/harness.db      and what they took in the server's last runs
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `qbridge-harness list`."""
    add_selection(parser)
    parser.add_argument("--plan", action="store_true", help="rules, needs and steps of each case; nothing is sent")
    parser.add_argument("--history", type=Path, metavar="PATH", help="a history of `serve`, to tell durations from")
    parser.add_argument("--jobs", type=int, default=6, help="how many cases the plan runs at once (default: 6)")
    parser.set_defaults(run=list_cases)


def list_cases(arguments: argparse.Namespace) -> int:
    """Prints them."""
    planned = select(arguments, strict=True)
    if arguments.plan:
        print(plan_text(plan_document(planned, _durations_ms(arguments.history), arguments.jobs)))
        return PASSED
    for case in planned:
        print(f"{case.id}  [{', '.join(sorted(case.tags))}]")
    print(f"{len(planned)} cases")
    return PASSED


def _durations_ms(history: Path | None) -> dict[str, float]:
    """What cases took, from a history; a harness that uses it now is not disturbed. Raises UsageError."""
    if history is None:
        return {}
    from qbridge_harness.server.store import read_durations_ms

    return read_durations_ms(history)
