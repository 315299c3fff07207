"""SARIF: findings stand at the line where the promise is written, in the form that review tools read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from qbridge_harness.contract import Contract, Violation
from qbridge_harness.engine import Report
from qbridge_harness.reports import places
from qbridge_harness.reports.places import Place, Places
from qbridge_harness.reports.sarif import render_sarif
from qbridge_harness.rules import load_rules

ROOT = Path(__file__).parents[3]
_TEXT = {"type": "object", "properties": {"text": {"type": "string", "minLength": 1}}, "required": ["text"]}
_LOCATION = {
    "type": "object",
    "properties": {
        "id": {"type": "integer", "minimum": 0},
        "message": _TEXT,
        "physicalLocation": {
            "type": "object",
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "properties": {
                        "uri": {"type": "string", "format": "uri-reference"},
                        "uriBaseId": {"const": "SRCROOT"},
                    },
                    "required": ["uri"],
                },
                "region": {
                    "type": "object",
                    "properties": {"startLine": {"type": "integer", "minimum": 1}},
                    "required": ["startLine"],
                },
            },
            "required": ["artifactLocation", "region"],
        },
    },
    "required": ["physicalLocation"],
}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_RULE = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "shortDescription": _TEXT,
        "fullDescription": _TEXT,
        "help": _TEXT,
        "defaultConfiguration": {"type": "object", "properties": {"level": _LEVEL}},
        "properties": {"type": "object"},
    },
    "required": ["id"],
}
_RESULT = {
    "type": "object",
    "properties": {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": _LEVEL,
        "message": _TEXT,
        "locations": {"type": "array", "items": _LOCATION, "minItems": 1, "maxItems": 1},
        "relatedLocations": {"type": "array", "items": _LOCATION},
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
        "suppressions": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"kind": {"enum": ["inSource", "external"]}, "justification": {"type": "string"}},
                "required": ["kind"],
            },
        },
        "properties": {"type": "object"},
    },
    "required": ["message", "ruleId", "locations"],
}
_NOTIFICATION = {
    "type": "object",
    "properties": {"level": _LEVEL, "message": _TEXT, "locations": {"type": "array", "items": _LOCATION}},
    "required": ["message"],
}
# The part of the SARIF 2.1.0 schema that we use, closed: a name that is not of the standard is refused.
_RUN = {
    "type": "object",
    "properties": {
        "tool": {
            "type": "object",
            "properties": {
                "driver": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string"},
                        "semanticVersion": {"type": "string"},
                        "rules": {"type": "array", "items": _RULE, "uniqueItems": True},
                    },
                    "required": ["name"],
                }
            },
            "required": ["driver"],
        },
        "invocations": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "executionSuccessful": {"type": "boolean"},
                    "startTimeUtc": {"type": "string", "format": "date-time"},
                    "toolExecutionNotifications": {"type": "array", "items": _NOTIFICATION},
                },
                "required": ["executionSuccessful"],
            },
        },
        "originalUriBaseIds": {"type": "object"},
        "results": {"type": "array", "items": _RESULT},
        "properties": {"type": "object"},
    },
    "required": ["tool"],
}
_LOG = {
    "type": "object",
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "items": _RUN, "minItems": 1},
    },
    "required": ["version", "runs"],
}


def _closed(node: Any) -> Any:
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: _closed(value) for key, value in node.items()}
    return {"additionalProperties": False} | found if isinstance(node.get("properties"), dict) else found


@pytest.fixture(scope="module")
def validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(_closed(_LOG), validate_formats=True)


def sarif(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(render_sarif(report).encode("utf-8", "replace"))
    return found


def results(report: Report) -> dict[str, list[dict[str, Any]]]:
    """Name of a case -> its results."""
    found: dict[str, list[dict[str, Any]]] = {}
    for result in sarif(report)["runs"][0]["results"]:
        name = result.get("properties", {}).get("case", "/list").split("/")[1]
        found.setdefault(name, []).append(result)
    return found


def place(result: dict[str, Any]) -> tuple[str, str]:
    """The file of a result, and the text of its line in this checkout."""
    physical = result["locations"][0]["physicalLocation"]
    uri = physical["artifactLocation"]["uri"]
    return uri, (ROOT / uri).read_text(encoding="utf-8").splitlines()[physical["region"]["startLine"] - 1].strip()


def test_it_is_sarif(report: Report, validator: Any) -> None:
    assert [error.message for error in validator.iter_errors(sarif(report))] == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda log: log.update(version="2.0"),
        lambda log: log["runs"][0]["results"][0].update(rule="x"),
        lambda log: log["runs"][0]["results"][0].update(level="fatal"),
        lambda log: log["runs"][0]["results"][0].update(locations=[]),
        lambda log: log["runs"][0]["tool"].pop("driver"),
    ],
)
def test_it_could_be_none(spoil: Callable[[dict[str, Any]], object], report: Report, validator: Any) -> None:
    log = sarif(report)
    spoil(log)
    assert not validator.is_valid(log)


def test_only_failures_are_findings(report: Report) -> None:
    assert set(results(report)) == {"failed", "violated", "untestable", "known", "flaky", "list"}


def test_an_error_is_a_notification_of_the_tool(report: Report) -> None:
    invocation = sarif(report)["runs"][0]["invocations"][0]
    assert invocation["executionSuccessful"] is False
    texts = [each["message"]["text"] for each in invocation["toolExecutionNotifications"]]
    assert texts == ["shop/error/transport:rest: The harness broke down: KeyError: ***"]


def test_a_broken_rule_stands_at_its_row(report: Report) -> None:
    (found,) = results(report)["failed"]
    assert place(found) == ("contracts/rules/core.yaml", "- id: GW-CALL-001")
    assert found["relatedLocations"][0]["physicalLocation"]["region"] == {"startLine": 7}


def test_a_violation_stands_at_its_operation_and_its_rpc(report: Report) -> None:
    rest, grpc = results(report)["violated"]
    assert (rest["ruleId"], grpc["ruleId"]) == ("GW-MSG-001", "contract-message")
    assert place(rest) == ("contracts/openapi/openapi.json", '"post": {')
    uri, text = place(grpc)
    assert uri == "contracts/proto/qbridge_contract/v1/bridge.proto"
    assert text.startswith("rpc Call(")


def test_what_is_known_is_suppressed(report: Report) -> None:
    found = results(report)
    assert [each["justification"] for each in found["known"][0]["suppressions"]] == [
        "The case is on known-failing.txt."
    ]
    assert "suppressions" not in found["failed"][0]


def test_a_list_that_is_no_longer_true_is_a_finding_in_the_list(report: Report) -> None:
    (found,) = results(report)["list"]
    assert found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "cases/known-failing.txt"


def test_rules_come_from_the_contract(report: Report) -> None:
    run = sarif(report)["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    known = {rule["id"]: rule for rule in rules}["GW-CALL-001"]
    assert known["fullDescription"]["text"].startswith("A Call answers the result")
    assert known["defaultConfiguration"] == {"level": "error"}


def test_the_same_failure_has_the_same_fingerprint_in_the_next_run(report: Report) -> None:
    first = results(report)["failed"][0]["partialFingerprints"]
    report.run_id, report.seed = "run-2", "another"
    assert results(report)["failed"][0]["partialFingerprints"] == first


def line(place: Place | None) -> str:
    """What stands there."""
    assert place is not None
    return (ROOT / place.path).read_text(encoding="utf-8").splitlines()[place.line - 1]


def test_every_rule_and_every_rpc_has_a_line(contract: Contract) -> None:
    found = Places()
    for rule in load_rules() or {}:
        assert rule in line(found.rule(rule))
    for rpc in contract.rpcs.values():
        assert f"rpc {rpc.method}(" in line(found.rpc(rpc.name))
        assert not rpc.http_path or found.operation(rpc.http_method, rpc.http_path.replace("{request_id}", "req_1"))


def test_an_installed_harness_finds_rpcs_in_the_openapi_document(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It has no proto files."""
    monkeypatch.setattr(places, "__file__", str(tmp_path / "a" / "b" / "c" / "places.py"))
    found = Places().violation(Violation("deployment", "BridgeService/Call (grpc)", "descriptor", "x"))
    assert found is not None
    assert found.path == "contracts/openapi/openapi.json"


def test_a_case_elsewhere_keeps_its_whole_path(report: Report, tmp_path: Path) -> None:
    report.cases[6].file = str(tmp_path / "my case.yaml")
    uri = results(report)["untestable"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert uri == {"uri": (tmp_path / "my case.yaml").as_uri()}
