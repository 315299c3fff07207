"""The report as SARIF 2.1.0: each broken promise at the line where it is written, as code review shows findings.

A violation stands at its RPC or OpenAPI operation, a broken rule at its row, a failure of no rule at its case. What a
list of known results names is suppressed. An error is the harness's own: a notification of the tool, never a finding.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from qbridge_harness.engine.results import CaseResult, KnownEntry, Report
from qbridge_harness.reports.places import Place, Places
from qbridge_harness.reports.text import known_note, mask, run_again
from qbridge_harness.rules import Rule, load_rules

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"MUST": "error", "SHOULD": "warning", "MAY": "note"}
_OWN_RULES = {
    "case-failed": "A case failed that names no rule.",
    "untestable": "A prerequisite is missing that the deployment should have.",
    "contract-message": "A message breaks the form that the contract gives it.",
    "known-result": "A list of known results is no longer true.",
}
"""Findings that no rule of the contract stands behind."""


def render_sarif(report: Report) -> str:
    """The log, one run in it."""
    run = _Sarif(report).run()
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return mask(json.dumps(log, indent=1, ensure_ascii=False)) + "\n"


def write(report: Report, path: Path) -> None:
    """Writes the file."""
    path.write_text(render_sarif(report), encoding="utf-8", errors="replace")


class _Sarif:
    """Gathers the results, and the rules that they name."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._places = Places()
        self._known_rules = load_rules() or {}
        self._rules: dict[str, dict[str, Any]] = {}

    def run(self) -> dict[str, Any]:
        results = [result for case in self._report.cases for result in self._case(case)]
        results += [self._entry(entry) for entry in self._report.known if entry.red]
        errors = [case for case in self._report.cases if case.verdict == "error"]
        return {
            "tool": {
                "driver": {
                    "name": "qbridge-harness",
                    "semanticVersion": self._report.harness_version,
                    "rules": list(self._rules.values()),
                }
            },
            "invocations": [
                {
                    "executionSuccessful": not errors,
                    "startTimeUtc": self._report.started_at,
                    "toolExecutionNotifications": [self._notification(case) for case in errors],
                }
            ],
            "originalUriBaseIds": {
                "SRCROOT": {"description": {"text": "The root of the checkout that holds contracts/ and cases/."}}
            },
            "results": results,
            "properties": {
                "target": self._report.target,
                "grpc": self._report.grpc,
                "seed": self._report.seed,
                "summary": self._report.summary,
            },
        }

    def _case(self, case: CaseResult) -> Iterable[dict[str, Any]]:
        if case.verdict != "failed":
            return
        told: set[str] = set()
        for violation in case.violations:
            told |= set(violation.rules)
            rule = violation.rules[0] if violation.rules else "contract-message"
            place = self._places.violation(violation) or self._places.rule(rule)
            yield self._result(rule, str(violation), case, place, violation.where + violation.check)
        for rule in case.tripped:
            if rule not in told:
                yield self._result(rule, case.reason, case, self._places.rule(rule), rule)
        if not case.violations and not case.tripped:
            yield self._result("untestable" if case.untestable else "case-failed", case.reason, case, None, "")

    def _result(self, rule: str, text: str, case: CaseResult, place: Place | None, mark: str) -> dict[str, Any]:
        here = _location(Place(case.file, case.line))
        again = run_again(self._report, case)
        result = {
            "ruleId": rule,
            "ruleIndex": self._index(rule),
            "level": self._level(rule),
            "message": {"text": f"{case.id}: {text}\nAgain: {again}"},
            "locations": [here if place is None else _location(place)],
            "partialFingerprints": {"case/v1": _digest(rule, case.id, mark)},
            "properties": {"case": case.id, "axes": {name: str(value) for name, value in case.axes.items()}},
        }
        if place is not None:
            result["relatedLocations"] = [{"id": 1, "message": {"text": "The case that shows it."}} | here]
        if not case.red:
            result["suppressions"] = [{"kind": "external", "justification": f"The case is on {known_note(case)}.txt."}]
        return result

    def _entry(self, entry: KnownEntry) -> dict[str, Any]:
        return {
            "ruleId": "known-result",
            "ruleIndex": self._index("known-result"),
            "level": "error",
            "message": {"text": f"{entry.pattern}: {entry.reason}"},
            "locations": [_location(Place(entry.file, entry.line))],
            "partialFingerprints": {"case/v1": _digest("known-result", entry.kind, entry.pattern)},
        }

    def _notification(self, case: CaseResult) -> dict[str, Any]:
        return {
            "level": "error",
            "message": {"text": f"{case.id}: {case.reason}"},
            "locations": [_location(Place(case.file, case.line))],
        }

    def _level(self, rule: str) -> str:
        found = self._known_rules.get(rule)
        return _LEVELS[found.level] if found else "error"

    def _index(self, rule: str) -> int:
        if rule not in self._rules:
            self._rules[rule] = _descriptor(rule, self._known_rules.get(rule))
        return list(self._rules).index(rule)


def _descriptor(rule_id: str, rule: Rule | None) -> dict[str, Any]:
    """A rule as SARIF describes it. The rules are no pages on the web, so that there is no helpUri to give."""
    if rule is None:
        text = _OWN_RULES.get(rule_id, "A rule that the harness does not know.")
        return {"id": rule_id, "shortDescription": {"text": text}, "defaultConfiguration": {"level": "error"}}
    about = f"{rule.level}, for {rule.operation} over {', '.join(rule.transports)}; profile {rule.profile}."
    return {
        "id": rule_id,
        "shortDescription": {"text": f"{rule.level}: {rule.operation}"},
        "fullDescription": {"text": rule.sentence},
        "help": {"text": f"{rule.sentence} ({about})"},
        "defaultConfiguration": {"level": _LEVELS[rule.level]},
        "properties": {"tags": [rule.level, rule.profile]},
    }


def _location(place: Place) -> dict[str, Any]:
    region = {"startLine": max(place.line, 1)}
    return {"physicalLocation": {"artifactLocation": _artifact(place.path), "region": region}}


def _artifact(path: str) -> dict[str, str]:
    """A file below the working folder by its relative path, which review tools need; any other by its whole one."""
    file = Path(path)
    if file.is_absolute():
        if not file.is_relative_to(Path.cwd()):
            return {"uri": file.as_uri()}
        file = file.relative_to(Path.cwd())
    return {"uri": quote(file.as_posix()), "uriBaseId": "SRCROOT"}


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "replace")).hexdigest()[:32]
