"""`qbridge-harness rules`: rules x transports x cases of the last run, and what no run has proven."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from qbridge_harness.cli.options import FAILED, PASSED
from qbridge_harness.rules import load_rules
from qbridge_harness.usage import UsageError
from qbridge_harness.verdicts.last_run import FOLDER, LastRun, find_run
from qbridge_harness.verdicts.rule_table import Cell, Row, RuleTable, rule_table

EXAMPLES = """examples:
  qbridge-harness rules                          of the newest report under reports/itest
  qbridge-harness rules --run report.json        of this one
  qbridge-harness rules --cases --only GW-IDEM   with the names of the cases
  qbridge-harness rules --json | jq '.rules[] | select(.verdict == "unproven")'

It exits 1 where a MUST that applies is not proven on every transport that the deployment declares, or where a case
names a rule that does not exist. An unproven SHOULD is told, and exits 0.
"""
_TRANSPORTS = ("grpc", "rest", "sse", "websocket")
_WORDS = {"passed": "ok", "failed": "FAILED", "unproven": "unproven", "missing": "no case", "skipped": "skipped"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `qbridge-harness rules`."""
    help_text = f"JSON report, or folder of reports (default: the newest under {FOLDER})"
    parser.add_argument("--run", dest="of_run", type=Path, metavar="PATH", help=help_text)
    parser.add_argument("--only", action="append", default=[], metavar="PREFIX", help="only rules whose id begins so")
    parser.add_argument("--cases", action="store_true", help="name the cases of each rule")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=show)


def show(arguments: argparse.Namespace) -> int:
    """Prints the table; 1 where it is red."""
    rules = load_rules()
    if not rules:
        raise UsageError("There is no folder of rules: run this in a checkout, or install the package anew.")
    last = find_run(arguments.of_run)
    whole = rule_table(rules, last.report)
    table = _narrow(whole, arguments.only) if arguments.only else whole
    if arguments.json:
        print(json.dumps(as_json(table, last), indent=1, ensure_ascii=False))
    else:
        part = f" ({len(table.rows)} of {len(whole.rows)} rules, those of --only)" if arguments.only else ""
        print(f"Read {last.words}\n")
        print("\n".join([*_lines(table.rows, names=arguments.cases), *_notes(table), table.summary + part]))
    return PASSED if table.ok else FAILED


def _narrow(table: RuleTable, prefixes: list[str]) -> RuleTable:
    """The rules whose ids begin so, and what is wrong with those. Raises UsageError where no rule begins so."""
    for prefix in prefixes:
        if not any(row.rule.id.startswith(prefix) for row in table.rows):
            raise UsageError(f"--only {prefix}: no rule begins so; `qbridge-harness rules` without it shows all.")
    begins = tuple(prefixes)
    rows = [row for row in table.rows if row.rule.id.startswith(begins)]
    return RuleTable(rows, [], {name: cases for name, cases in table.strangers.items() if name.startswith(begins)})


def as_json(table: RuleTable, last: LastRun) -> dict[str, object]:
    """The table as plain data."""
    rows = [
        {
            "id": row.rule.id,
            "level": row.rule.level,
            "sentence": row.rule.sentence,
            "profile": row.rule.profile,
            "verdict": row.verdict,
            "reason": row.reason,
            "transports": {name: {"verdict": cell.verdict, "cases": cell.cases} for name, cell in row.cells.items()},
        }
        for row in table.rows
    ]
    return {
        "run": {"path": str(last.path), "id": last.report["run_id"], "target": last.report["target"]},
        "rules": rows,
        "casesWithoutRules": table.idle,
        "unknownRules": table.strangers,
        "summary": table.summary,
    }


def _lines(rows: list[Row], *, names: bool) -> list[str]:
    """The table as text: a line a rule, then why it is not proven, then its cases if they are asked for."""
    width = max([len(row.rule.id) for row in rows] or [4])
    found = [f"{'rule':{width}}  level   {''.join(f'{name:13}' for name in _TRANSPORTS)}verdict"]
    for row in rows:
        cells = "".join(f"{_word(row.cells.get(name)):13}" for name in _TRANSPORTS)
        found.append(f"{row.rule.id:{width}}  {row.rule.level:6}  {cells}{row.verdict}")
        if row.reason:
            found.append(f"{'':{width}}  {row.reason}")
        if names:
            cases = {case for cell in row.cells.values() for case in cell.cases}
            found += [f"{'':{width}}  - {case}" for case in sorted(cases)]
    return [*found, ""]


def _word(cell: Cell | None) -> str:
    """A cell: its verdict, and how many cases showed it; a point where the rule does not name the transport."""
    if cell is None:
        return "."
    word = _WORDS.get(cell.verdict, cell.verdict)
    return f"{word} {len(cell.cases)}" if cell.cases else word


def _notes(table: RuleTable) -> list[str]:
    """What a person should know beside the table."""
    found = [f"The case {case} names no rule: say in `proves:` what it shows." for case in table.idle]
    for name, cases in table.strangers.items():
        found.append(f"There is no rule {name}, which {', '.join(cases)} names: correct it, or write the rule.")
    weak = [row for row in table.rows if row.verdict == "unproven" and not row.red]
    found += [f"Warning: {row.rule.id} is a {row.rule.level} and not proven: {row.reason}" for row in weak]
    away = table.count("not applicable")
    if away:
        found.append(f"{away} rules are not applicable to what this deployment declares.")
    return [*found, ""] if found else []
