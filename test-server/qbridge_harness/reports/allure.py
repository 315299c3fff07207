"""The report as a folder of results for Allure 2 and 3: a result file per case, its messages beside it.

Ids come from the run and the case, so that writing the same report twice gives the same files, and Allure's history
follows a case from run to run.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

from qbridge_harness.contract import load_contract
from qbridge_harness.engine.results import CaseResult, Report, StepResult, Verdict
from qbridge_harness.reports.reproduce import Reproducer
from qbridge_harness.reports.text import explain, mask, run_again

_STATUSES: dict[Verdict, str] = {"passed": "passed", "failed": "failed", "error": "broken", "skipped": "skipped"}
_CATEGORIES = [
    {"name": "Untestable: a prerequisite is missing", "matchedStatuses": ["failed"], "messageRegex": "untestable: .*"},
    {"name": "The deployment breaks a promise", "matchedStatuses": ["failed"]},
    {"name": "The harness could not judge", "matchedStatuses": ["broken"]},
]


def write(report: Report, path: Path) -> None:
    """Writes the folder; what is in it already stays."""
    path.mkdir(parents=True, exist_ok=True)
    reproducer = Reproducer(report, load_contract())
    for case in report.cases:
        result = _result(report, case)
        result["attachments"] = _attachments(path, result["uuid"], case, reproducer)
        _write(path / f"{result['uuid']}-result.json", json.dumps(result, ensure_ascii=False, indent=1))
    environment = {"target": report.target, "grpc": report.grpc, "seed": report.seed, "harness": report.harness_version}
    lines = (f"{name} = {value}\n" for name, value in environment.items())
    _write(path / "environment.properties", "".join(lines))
    _write(path / "categories.json", json.dumps(_CATEGORIES, indent=1))


def _result(report: Report, case: CaseResult) -> dict[str, Any]:
    start = _milliseconds(case.started_at or report.started_at)
    details: dict[str, Any] = {"known": case.known == "failing", "flaky": case.known == "flaky", "muted": not case.red}
    if case.verdict == "passed":
        details["muted"] = False
    else:
        details["message"] = case.reason
        places = [f"{case.file}:{case.line}", *explain(case), f"Again: {run_again(report, case)}"]
        details["trace"] = "\n".join(places)
    return {
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{report.run_id}/{case.id}")),
        "historyId": _digest(case.id),
        "testCaseId": _digest(f"{case.suite}/{case.name}"),
        "fullName": case.id,
        "name": case.id.removeprefix(case.suite + "/"),
        "description": case.purpose,
        "status": _STATUSES[case.verdict],
        "statusDetails": details,
        "stage": "finished",
        "start": start,
        "stop": start + round(case.duration_ms),
        "labels": _labels(case),
        "parameters": [{"name": name, "value": str(value)} for name, value in case.axes.items()],
        "links": [],
        "steps": [_step(step, start) for step in case.steps],
    }


def _labels(case: CaseResult) -> list[dict[str, str]]:
    labels = [("framework", "qbridge-harness"), ("language", "yaml"), ("suite", case.suite)]
    labels += [("tag", tag) for tag in case.tags]
    labels += [("rule", rule) for rule in case.proves]
    return [{"name": name, "value": value} for name, value in labels]


def _step(step: StepResult, start: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": f"{step.phase}, line {step.line}: {step.title}",
        "status": _STATUSES[step.verdict],
        "stage": "finished",
        "start": start + round(step.started_ms),
        "stop": start + round(step.started_ms + step.duration_ms),
        "steps": [],
        "attachments": [],
        "parameters": [],
    }
    if step.problems:
        found["statusDetails"] = {"message": step.problems[0], "trace": "\n".join(step.problems)}
    return found


def _attachments(folder: Path, result: str, case: CaseResult, reproducer: Reproducer) -> list[dict[str, str]]:
    """The messages on the wire, and the commands that send them again."""
    if not case.messages:
        return []
    wire = "\n".join(
        f"{message.at_ms:.1f} ms {'->' if message.direction == 'sent' else '<-'} "
        f"{message.transport}: {message.title}\n{message.text}\n"
        for message in case.messages
    )
    commands = "\n\n".join(command.text for command in reproducer.commands(case).values())
    found = []
    for name, text in (("messages on the wire", wire), ("commands", commands)):
        if text:
            source = f"{uuid.uuid5(uuid.UUID(result), name)}-attachment.txt"
            _write(folder / source, text)
            found.append({"name": name, "source": source, "type": "text/plain"})
    return found


def _write(path: Path, text: str) -> None:
    path.write_text(mask(text) + "\n", encoding="utf-8", errors="replace")


def _milliseconds(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
