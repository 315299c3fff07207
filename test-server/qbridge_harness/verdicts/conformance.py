"""The conformance report: what an implementation claims, and what one run has shown of it.

Who made it, which versions, which profiles with which result, every rule on every transport, what fails, what is known
to fail, and how to do it all again.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from qbridge_harness.contract import Contract
from qbridge_harness.rules import Rule
from qbridge_harness.verdicts.conformance_form import (
    CaseFact,
    ConformanceReport,
    Implementation,
    KnownFact,
    LevelCount,
    Profile,
    ProfileResult,
    RuleResult,
    RunFacts,
    Versions,
)
from qbridge_harness.verdicts.contract_coverage import contract_coverage, percent
from qbridge_harness.verdicts.rule_table import CORE, Row, RuleTable, rule_table

LEVELS: tuple[Literal["MUST", "SHOULD", "MAY"], ...] = ("MUST", "SHOULD", "MAY")
_NAMES_SHOWN = 5


def conformance_report(
    report: Mapping[str, Any],
    rules: Mapping[str, Rule],
    contract: Contract,
    *,
    name: str = "",
    contact: str = "",
    url: str = "",
) -> ConformanceReport:
    """The conformance report of a run, given as its JSON report."""
    capabilities: Mapping[str, Any] = report["capabilities"]
    table = rule_table(rules, report)
    profiles = _profiles(table, report)
    product = str(capabilities.get("product", ""))
    own_name, _, version = product.replace("/", " ").rpartition(" ")
    declared = capabilities.get("transports", [])
    counts = report["counts"]
    return ConformanceReport(
        implementation=Implementation(
            name=name or own_name or product or "unknown", product=product, version=version, contact=contact, url=url
        ),
        versions=Versions(
            contract=capabilities.get("contractVersion", report["contract_version"]), harness=report["harness_version"]
        ),
        run=RunFacts(
            id=report["run_id"],
            started_at=report["started_at"],
            duration_s=round(report["duration_s"], 3),
            target=report["target"],
            grpc=report["grpc"],
            seed=report["seed"],
            **{verdict: counts[verdict] for verdict in ("passed", "failed", "error", "skipped")},
        ),
        result=next((each.result for each in profiles if each.name == CORE), "not declared"),
        profiles=profiles,
        transports={each: each in declared for each in ("grpc", "rest", "sse", "websocket")},
        durabilities=[str(each).removeprefix("DURABILITY_") for each in capabilities.get("durabilities", [])],
        levels=_levels(table.rows),
        rules=[_rule(row) for row in table.rows],
        coverage_percent=percent(*contract_coverage(contract, report).share()),
        failures=[_case(case) for case in report["cases"] if case["verdict"] in ("failed", "error")],
        skipped=[_case(case) for case in report["cases"] if case["verdict"] == "skipped"],
        known=[
            KnownFact(list=each["kind"], pattern=each["pattern"], state=each["state"], cases=len(each["cases"]))
            for each in report["known"]
        ],
        reproduce=_reproduce(report),
    )


def _profiles(table: RuleTable, report: Mapping[str, Any]) -> list[Profile]:
    """Those that the rules know, and those that the deployment declares beside them."""
    declared = list(report["capabilities"].get("profiles", []))
    known = list(dict.fromkeys(row.rule.profile for row in table.rows))
    return [
        _profile(name, name in declared, [row for row in table.rows if row.rule.profile == name], report)
        for name in sorted({*known, *declared}, key=lambda name: (name != CORE, name))
    ]


def _profile(name: str, declared: bool, rows: Sequence[Row], report: Mapping[str, Any]) -> Profile:
    result, reason = _result(declared, rows, report)
    return Profile(name=name, declared=declared, result=result, reason=reason, levels=_levels(rows))


def _result(declared: bool, rows: Sequence[Row], report: Mapping[str, Any]) -> tuple[ProfileResult, str]:
    """What a profile deserves. A failure that a list of known failures names is a failure here."""
    if not declared:
        return "not declared", "The deployment does not claim it."
    if not rows:
        return "not checked", "The harness has no rules for it."
    must = {row.rule.id for row in rows if row.rule.level == "MUST"}
    broken = [row.rule.id for row in rows if any(cell.verdict == "failed" for cell in row.cells.values())]
    # A case that showed rules broken speaks for these alone; one that could not judge, for all that it proves.
    failed = [case for case in report["cases"] if case["verdict"] == "failed"]
    red = [case["id"] for case in failed if must & set(case["tripped"] or case["proves"])]
    if must & set(broken) or red:
        return "failure", f"Broken: {_some(broken)}." if broken else f"Failed: {_some(red)}."
    missing = [row.rule.id for row in rows if row.red]
    if missing:
        return "partial", f"Not judged on every declared transport: {_some(missing)}."
    return "success", "Every MUST that applies is proven on every declared transport."


def _some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _levels(rows: Sequence[Row]) -> dict[str, LevelCount]:
    found: dict[str, LevelCount] = {}
    for level in LEVELS:
        mine = [row.verdict for row in rows if row.rule.level == level]
        proven, unproven = mine.count("proven"), mine.count("unproven")
        found[level] = LevelCount(
            proven=proven,
            unproven=unproven,
            not_applicable=mine.count("not applicable"),
            percent=percent(proven, proven + unproven),
        )
    return found


def _rule(row: Row) -> RuleResult:
    return RuleResult(
        id=row.rule.id,
        level=row.rule.level,
        profile=row.rule.profile,
        sentence=row.rule.sentence,
        verdict=row.verdict,
        reason=row.reason,
        transports={name: cell.verdict for name, cell in row.cells.items()},
    )


def _case(case: Mapping[str, Any]) -> CaseFact:
    return CaseFact(
        case=case["id"], verdict=case["verdict"], reason=case["reason"], rules=case["tripped"], known=case["known"]
    )


def _reproduce(report: Mapping[str, Any]) -> list[str]:
    """The commands that make this report again; the key comes from the environment.

    A run that started a server of its own names the command that does, for that server is gone.
    """
    own = report.get("command", "")
    words = shlex.split(own) or ["qbridge-harness", "itest", "--target", report["target"], "--grpc", report["grpc"]]
    words += ["--seed", report["seed"]]
    for kind in ("failing", "flaky"):
        files = dict.fromkeys(entry["file"] for entry in report["known"] if entry["kind"] == kind)
        words += [word for file in files for word in (f"--known-{kind}", file)]
    found = [shlex.join(words), "qbridge-harness report --run reports/itest --out reports/conformance"]
    keys = report["capabilities"].get("authentication")
    return ["export QBRIDGE_API_KEY=...", *found] if keys and not own else found
