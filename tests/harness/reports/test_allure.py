"""Allure: the files that its documentation describes, one result per case, the same for the same run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from qbridge_harness.engine import Report
from qbridge_harness.reports import write_reports

_TEXT = {"type": "string"}
_PAIR = {"type": "object", "properties": {"name": _TEXT, "value": _TEXT}, "required": ["name", "value"]}
_DETAILS = {
    "type": "object",
    "properties": {name: {"type": "boolean"} for name in ("known", "muted", "flaky")}
    | {"message": _TEXT, "trace": _TEXT},
    "additionalProperties": False,
}
_ATTACHMENT = {
    "type": "object",
    "properties": {"name": _TEXT, "source": {"type": "string", "pattern": r"-attachment\.\w+$"}, "type": _TEXT},
    "required": ["name", "source", "type"],
}
_MOMENT = {"type": "integer", "minimum": 1_500_000_000_000}
_STEP: dict[str, Any] = {
    "name": _TEXT,
    "status": {"enum": ["failed", "broken", "passed", "skipped"]},
    "statusDetails": _DETAILS,
    "stage": {"const": "finished"},
    "start": _MOMENT,
    "stop": _MOMENT,
    "parameters": {"type": "array", "items": _PAIR},
    "attachments": {"type": "array", "items": _ATTACHMENT},
    "steps": {"type": "array"},
}
_IDS = {name: {"type": "string", "minLength": 1} for name in ("uuid", "historyId", "testCaseId", "fullName")}
# The members of a result file, by Allure's "Test result file" page.
FORM = {
    "type": "object",
    "properties": _STEP
    | _IDS
    | {
        "description": _TEXT,
        "labels": {"type": "array", "items": _PAIR},
        "links": {"type": "array"},
        "steps": {"type": "array", "items": {"type": "object", "properties": _STEP, "additionalProperties": False}},
    },
    "required": [*_IDS, "name", "status", "stage", "start", "stop", "labels"],
    "additionalProperties": False,
}


@pytest.fixture
def written(report: Report, tmp_path: Path) -> Callable[[], dict[str, dict[str, Any]]]:
    """Writes the folder and gives name of a case -> result."""

    def write() -> dict[str, dict[str, Any]]:
        write_reports(report, {"allure": tmp_path / "allure"})
        found = [json.loads(file.read_text()) for file in (tmp_path / "allure").glob("*-result.json")]
        return {each["fullName"].split("/")[1]: each for each in found}

    return write


def test_each_result_is_of_the_form(written: Callable[[], dict[str, dict[str, Any]]], report: Report) -> None:
    validator = jsonschema_rs.Draft202012Validator(FORM)
    found = written()
    assert len(found) == len(report.cases)
    assert [error.message for each in found.values() for error in validator.iter_errors(each)] == []
    assert not validator.is_valid(found["failed"] | {"status": "red"})
    assert not validator.is_valid(found["failed"] | {"colour": "red"})


def test_an_error_is_broken_and_what_is_known_says_so(written: Callable[[], dict[str, dict[str, Any]]]) -> None:
    found = written()
    assert {name: each["status"] for name, each in found.items()} == {
        "passed": "passed",
        "skipped": "skipped",
        "flaky": "failed",
        "known": "failed",
        "error": "broken",
        "violated": "failed",
        "untestable": "failed",
        "failed": "failed",
    }
    assert [found[name]["statusDetails"]["known"] for name in ("known", "flaky", "failed")] == [True, False, False]
    assert [found[name]["statusDetails"]["flaky"] for name in ("known", "flaky", "failed")] == [False, True, False]


def test_steps_labels_and_attachments(written: Callable[[], dict[str, dict[str, Any]]], tmp_path: Path) -> None:
    found = written()["failed"]
    assert [step["status"] for step in found["steps"]] == ["passed", "failed"]
    assert found["steps"][1]["start"] - found["start"] == 1
    assert {"name": "rule", "value": "GW-CALL-001"} in found["labels"]
    assert found["parameters"] == [{"name": "transport", "value": "rest"}]
    texts = [(tmp_path / "allure" / each["source"]).read_text() for each in found["attachments"]]
    assert "2.0 ms -> rest: POST /v1/call" in texts[0]
    assert texts[1].startswith("curl -sS")


def test_the_same_run_gives_the_same_files(
    written: Callable[[], dict[str, dict[str, Any]]], report: Report, tmp_path: Path
) -> None:
    first = written()
    names = sorted(file.name for file in (tmp_path / "allure").iterdir())
    assert written() == first
    assert sorted(file.name for file in (tmp_path / "allure").iterdir()) == names
    report.run_id = "run-2"
    again = written()["failed"]
    assert again["uuid"] != first["failed"]["uuid"]
    assert again["historyId"] == first["failed"]["historyId"]


def test_the_folder_says_what_was_judged(written: Callable[[], dict[str, dict[str, Any]]], tmp_path: Path) -> None:
    written()
    assert "seed = seed-7" in (tmp_path / "allure" / "environment.properties").read_text()
    assert len(json.loads((tmp_path / "allure" / "categories.json").read_text())) == 3
