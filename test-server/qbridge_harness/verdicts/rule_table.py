"""Rules x transports x cases: what a real run has proven, and what it has not, in both directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from qbridge_harness.rules import Rule
from qbridge_harness.verdicts.shown import WORST_FIRST, shown

CellVerdict = Literal["passed", "failed", "unproven", "missing", "skipped", "undeclared"]
"""unproven: its cases ran and could not judge. missing: it has no case here. undeclared: nobody promises it here."""
RowVerdict = Literal["proven", "unproven", "not applicable"]
UNDECLARED = "the deployment "
"""How the reason of a skip begins where the deployment has not declared what the case needs."""
CORE = "core"
"""The profile that every deployment has, whatever it declares."""


@dataclass(slots=True)
class Cell:
    """One rule on one transport."""

    verdict: CellVerdict
    cases: list[str] = field(default_factory=list)
    """The cases that showed this verdict."""


@dataclass(slots=True)
class Row:
    """One rule on all its transports."""

    rule: Rule
    verdict: RowVerdict
    reason: str
    """Why it is not proven, or does not apply."""
    cells: dict[str, Cell]

    @property
    def red(self) -> bool:
        """Whether it is a MUST that nobody has proven."""
        return self.verdict == "unproven" and self.rule.level == "MUST"


@dataclass(slots=True)
class RuleTable:
    """Every rule, and what is wrong in the other direction: cases that prove nothing, or what no rule says."""

    rows: list[Row]
    idle: list[str]
    """Cases that name no rule."""
    strangers: dict[str, list[str]]
    """Names that are no rule -> the cases that give them."""

    def count(self, verdict: RowVerdict, level: str | None = None) -> int:
        """How many rules have this verdict, of all levels or of one."""
        return sum(row.verdict == verdict and level in (None, row.rule.level) for row in self.rows)

    @property
    def ok(self) -> bool:
        """Whether every MUST that applies is proven, some rule is at all, and every name is that of a rule."""
        return not self.strangers and self.count("proven") > 0 and not any(row.red for row in self.rows)

    @property
    def summary(self) -> str:
        """The line that the command closes with."""
        return f"rules {len(self.rows)}, proven {self.count('proven')}, unproven {self.count('unproven')}"


def rule_table(rules: Mapping[str, Rule], report: Mapping[str, Any]) -> RuleTable:
    """The table of one run, given as its JSON report."""
    cases: Sequence[Mapping[str, Any]] = report["cases"]
    named: dict[str, list[Mapping[str, Any]]] = {}
    for case in cases:
        for rule in {*case["proves"], *case["tripped"]}:
            named.setdefault(rule, []).append(case)
    strangers = {name: [case["id"] for case in them] for name, them in named.items() if name not in rules}
    capabilities = report.get("capabilities") or {}
    rows = [_row(rule, named.get(rule.id, []), capabilities) for rule in rules.values()]
    return RuleTable(rows, [case["id"] for case in cases if not case["proves"]], dict(sorted(strangers.items())))


def _row(rule: Rule, cases: Sequence[Mapping[str, Any]], capabilities: Mapping[str, Any]) -> Row:
    cells: dict[str, Cell] = {transport: _cell(rule, transport, cases, capabilities) for transport in rule.transports}
    gaps = [
        f"{transport}: {_why(cell, cases)}"
        for transport, cell in cells.items()
        if cell.verdict not in ("passed", "undeclared")
    ]
    broken = [case["id"] for case in cases if rule.id in case["tripped"]]
    if broken:  # Whatever is declared: what was seen broken applies.
        told = any(cell.verdict == "failed" for cell in cells.values())
        return Row(rule, "unproven", "; ".join(gaps if told else [f"{broken[0]} fails", *gaps]), cells)
    reason = _not_applicable(rule, cells, cases, capabilities)
    if reason:
        return Row(rule, "not applicable", reason, cells)
    return Row(rule, "unproven" if gaps else "proven", "; ".join(gaps), cells)


def _not_applicable(
    rule: Rule, cells: Mapping[str, Cell], cases: Sequence[Mapping[str, Any]], capabilities: Mapping[str, Any]
) -> str:
    """Why a rule does not apply to the deployment; nothing where it does."""
    profiles = capabilities.get("profiles")
    if profiles is not None and rule.profile not in (CORE, *profiles):
        return f"the deployment does not declare the profile {rule.profile}"
    if all(cell.verdict == "undeclared" for cell in cells.values()):
        return f"the deployment declares none of its transports: {', '.join(rule.transports)}"
    if cases and all(_undeclared(case) for case in cases):
        return str(cases[0]["reason"])
    return ""


def _cell(rule: Rule, transport: str, cases: Sequence[Mapping[str, Any]], capabilities: Mapping[str, Any]) -> Cell:
    found: dict[CellVerdict, list[str]] = {}
    for case in cases:
        if not case["transports"] or transport in case["transports"]:
            said = shown(rule.id, transport, case["verdict"], case["tripped"], case["transports"])
            found.setdefault(said, []).append(case["id"])
    declared = capabilities.get("transports")
    if declared and transport not in declared and "failed" not in found:
        return Cell("undeclared")
    verdict = next((verdict for verdict in WORST_FIRST if verdict in found), None)
    return Cell("missing") if verdict is None else Cell(verdict, found[verdict])


def _undeclared(case: Mapping[str, Any]) -> bool:
    return case["verdict"] == "skipped" and str(case["reason"]).startswith(UNDECLARED)


def _why(cell: Cell, cases: Sequence[Mapping[str, Any]]) -> str:
    """Why a cell is not passed, with the first case that shows it."""
    first = cell.cases[0] if cell.cases else ""
    if cell.verdict == "failed":
        return f"{first} fails"
    if cell.verdict == "unproven":
        return f"{first} could not judge it"
    if cell.verdict == "skipped":
        reason = next((case["reason"] for case in cases if case["id"] == first), "")
        return f"{first} was skipped, {reason}"
    return "no case of the run"
