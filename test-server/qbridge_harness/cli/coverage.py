"""`qbridge-harness coverage`: how much of the contract the last run has seen."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from qbridge_harness.cli.options import FAILED, PASSED
from qbridge_harness.contract import load_contract
from qbridge_harness.verdicts.contract_coverage import KINDS, Coverage, contract_coverage, percent
from qbridge_harness.verdicts.last_run import FOLDER, find_run

EXAMPLES = """examples:
  qbridge-harness coverage                       of the newest report under reports/itest
  qbridge-harness coverage --missing             what nobody has seen
  qbridge-harness coverage --at-least 40         exits 1 below 40 %
  qbridge-harness coverage --json | jq .percent

Counted is every status of every operation, by the OpenAPI document and the error table, and every kind of event of
every stream. A healthy deployment cannot answer all of them: the figure tells where to look.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `qbridge-harness coverage`."""
    help_text = f"JSON report, or folder of reports (default: the newest under {FOLDER})"
    parser.add_argument("--run", dest="of_run", type=Path, metavar="PATH", help=help_text)
    parser.add_argument("--missing", action="store_true", help="list what was not seen")
    parser.add_argument("--at-least", type=float, default=0.0, metavar="PERCENT", help="exit 1 below this")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=show)


def show(arguments: argparse.Namespace) -> int:
    """Prints the coverage; 1 where it is below what was asked for."""
    last = find_run(arguments.of_run)
    coverage = contract_coverage(load_contract(), last.report)
    if arguments.json:
        print(json.dumps(coverage.to_json(), indent=1))
    else:
        print(f"Read {last.words}\n")
        print("\n".join(_lines(coverage, missing=arguments.missing)))
    return PASSED if percent(*coverage.share()) >= arguments.at_least else FAILED


def _lines(coverage: Coverage, *, missing: bool) -> list[str]:
    width = max(map(len, coverage.operations))
    found = [f"{'operation':{width}}  {''.join(f'{kind:>16}' for kind in KINDS)}"]
    for name in coverage.operations:
        cells = [coverage.share(kind=kind, operation=name) for kind in KINDS]
        row = "".join(f"{f'{seen}/{possible}' if possible else '.':>16}" for seen, possible in cells)
        found.append(f"{name:{width}}  {row}")
    if missing:
        found += ["", *(f"not seen: {point.operation} {point.transport} {point.value}" for point in coverage.missing)]
    parts = [f"{kind} {percent(*coverage.share(kind=kind))} %" for kind in KINDS]
    seen, possible = coverage.share()
    return [*found, "", f"{', '.join(parts)}", f"coverage {seen} of {possible}, {percent(seen, possible)} %"]
