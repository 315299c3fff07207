"""JSON and NDJSON: their form is written down and kept, and the live one is there while the run goes."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from qbridge_harness.cli import main
from qbridge_harness.clients import Target
from qbridge_harness.contract import Contract
from qbridge_harness.engine import Options, Report, run
from qbridge_harness.language import PlannedCase, Suite, plan_cases
from qbridge_harness.reports.json import render_json, schema
from qbridge_harness.reports.ndjson import EVENTS, EventLog

SUITE = """
purpose: A test.
cases:
  - {name: good, proves: [GW-CALL-001], act: [{check: 1, is: 1}]}
  - {name: bad, act: [{check: "<script>\\u0001", is: b}]}
  - {name: skipped, needs: {profile: vector}, act: [{check: 1, is: 1}]}
  - {name: untestable, needs: {operation: query}, act: [{check: 1, is: 1}]}
  - {name: violated, axes: {transport: [rest]}, act: [{rest: GET /v1/health}]}
"""


def closed(node: Any) -> Any:
    """The schema, refusing every field that it does not describe: readers may ignore those, we may not forget them."""
    if isinstance(node, list):
        return [closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: closed(value) for key, value in node.items()}
    return found | {"additionalProperties": False} if isinstance(node.get("properties"), dict) else found


@pytest.fixture(scope="module")
def validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(closed(schema()))


@pytest.fixture
async def ran(fake: Any, answers: Any, judge: Callable[..., Any]) -> Report:
    """A real run, with a failure of each kind."""
    fake.says("GET /v1/health", answers(200, {"colour": "red"}))
    report: Report = await judge(SUITE)
    return report


async def test_a_real_run_is_of_the_form_that_is_written_down(ran: Report, validator: Any) -> None:
    document = json.loads(render_json(ran))
    assert [error.message for error in validator.iter_errors(document)] == []
    assert [case["verdict"] for case in document["cases"]] == ["passed", "failed", "skipped", "failed", "failed"]
    assert document["counts"] == {"passed": 1, "failed": 3, "error": 0, "skipped": 1}
    assert document["cases"][4]["violations"][0]["blame"] == "deployment"
    assert document["coverage"] == {"PlatformService/GetHealth rest 200": 1}


def test_every_verdict_is_of_that_form(report: Report, validator: Any) -> None:
    written = render_json(report).encode("utf-8", "replace").decode()
    assert [error.message for error in validator.iter_errors(json.loads(written))] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), 2),
        (("cases", 0, "verdict"), "green"),
        (("cases", 0, "extra"), 1),
        (("cases", 5, "violations", 0, "blame"), "nobody"),
        (("known", 0, "state"), "fine"),
        (("rules", "GW-CALL-001", "rest"), "maybe"),
        (("counts", "error"), -1),
    ],
)
def test_the_form_can_be_broken(path: tuple[Any, ...], value: Any, report: Report, validator: Any) -> None:
    document = json.loads(render_json(report).encode("utf-8", "replace"))
    place = document
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    assert not validator.is_valid(document)


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--report"]) == 0
    assert json.loads(capsys.readouterr().out) == schema()


def test_no_field_of_version_1_goes_away() -> None:
    """What programs read already. A name may be added here, never taken away."""
    found = schema()
    assert {
        "run_id",
        "target",
        "grpc",
        "started_at",
        "seed",
        "outcome",
        "summary",
        "counts",
        "rules",
        "coverage",
    } < set(found["required"])
    needed = {name: set(each["required"]) for name, each in found["$defs"].items()}
    assert {"id", "file", "line", "verdict", "reason", "proves", "tripped", "axes", "steps"} < needed["CaseResult"]
    assert {"phase", "title", "line", "verdict", "problems", "started_ms", "duration_ms"} < needed["StepResult"]
    assert {"at_ms", "direction", "transport", "title", "text"} < needed["Message"]
    assert {"blame", "where", "check", "message", "rules"} < needed["Violation"]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


async def test_ndjson_is_written_while_the_run_goes(
    fake: Any, answers: Any, suite: Callable[[str], Suite], contract: Contract, tmp_path: Path
) -> None:
    """While a case waits for its answer, its start is in the file already."""
    fake.hold = asyncio.Event()
    fake.says("POST /v1/call", answers(200, {}))
    body = "purpose: A test.\ncases:\n  - {name: slow, act: [{rest: POST /v1/call, body: {}, invalid: true}]}\n"
    planned, target = plan_cases([suite(body)]), Target(fake.url, "127.0.0.1:1")
    path, begun = tmp_path / "deep" / "run.ndjson", asyncio.Event()

    def started(case: PlannedCase) -> None:
        events.case_started(case)
        begun.set()

    with EventLog(path, "run-1") as events:
        events.run_started(planned, target, "seed-1")
        task = asyncio.create_task(run(planned, target, contract, Options(), events.case_finished, "run-1", started))
        await asyncio.wait_for(begun.wait(), 10)
        assert [event["event"] for event in lines(path)] == ["run-started", "case-started"]
        fake.hold.set()
        events.run_finished(await asyncio.wait_for(task, 20))
    found = lines(path)
    assert tuple(event["event"] for event in found) == EVENTS
    assert {event["run"] for event in found} == {"run-1"}
    assert found[0] | {"at": ""} == {
        "event": "run-started",
        "at": "",
        "run": "run-1",
        "target": fake.url,
        "grpc": "127.0.0.1:1",
        "seed": "seed-1",
        "cases_planned": 1,
    }
    assert found[2]["verdict"] == "failed"
    assert found[2]["violations"]
    assert found[3]["counts"]["failed"] == 1


def test_ndjson_keeps_one_event_a_line_whatever_is_in_it(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "run.ndjson"
    with EventLog(path, "run-1") as events:
        for case in report.cases:
            events.case_finished(copy.deepcopy(case))
    found = lines(path)
    assert [event["verdict"] for event in found] == [case.verdict for case in report.cases]
    assert found[-1]["problems"][0]["problem"].startswith("ünïcode 漢字")


def test_a_run_that_breaks_off_says_so(tmp_path: Path) -> None:
    path = tmp_path / "run.ndjson"

    def break_off() -> None:
        with EventLog(path, "run-1") as events:
            events.run_started([], Target("http://h", "h:1"), "s")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        break_off()
    assert lines(path)[-1]["problem"] == "ValueError: no"
