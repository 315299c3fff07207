"""The engine against a small fake: what passes, what fails, what is skipped, and whose fault it is."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from qbridge_harness.clients.target import KeyRefused

from . import documents

CALL = "- {call: Call, with: {backend: echo, operation: {invoke: {name: a}}}"
RESULT = documents.result()
KEYED = {"transports": ["rest"], "profiles": ["core"], "authentication": True}
NOT_FOUND = {
    "type": "urn:qbridge:error:NOT_FOUND",
    "title": "Not found",
    "status": 404,
    "detail": "Nothing there.",
    "code": "NOT_FOUND",
    "retryable": False,
}


async def test_a_case_whose_expectations_hold_passes(fake: Any, answers: Any, judge_steps: Callable[..., Any]) -> None:
    fake.says("POST /v1/call", answers(200, RESULT))
    case = await judge_steps(f"{CALL}, expect: {{result: {{attempts: 1, replayed: false}}}}}}")
    assert (case.verdict, case.reason) == ("passed", "")
    assert [message.direction for message in case.messages] == ["sent", "received"]
    assert case.coverage == ["BridgeService/Call rest 200"]


async def test_a_mismatch_fails_with_its_place(fake: Any, answers: Any, judge_steps: Callable[..., Any]) -> None:
    fake.says("POST /v1/call", answers(200, RESULT))
    case = await judge_steps(f"{CALL}, expect: {{result: {{attempts: 2}}}}}}")
    assert case.verdict == "failed"
    assert case.reason == "act, line 5, call Call: result.attempts: expected 2, got 1"


async def test_an_error_that_nobody_expects_fails(fake: Any, answers: Any, judge_steps: Callable[..., Any]) -> None:
    fake.says("POST /v1/call", answers(404, NOT_FOUND, "application/problem+json"))
    case = await judge_steps(CALL + "}")
    assert "It answered the error NOT_FOUND: Nothing there." in case.reason


async def test_an_expected_error_passes(fake: Any, answers: Any, judge_steps: Callable[..., Any]) -> None:
    fake.says("POST /v1/call", answers(404, NOT_FOUND, "application/problem+json"))
    case = await judge_steps(CALL + ", expect: {error: NOT_FOUND, status: 404}}")
    assert case.verdict == "passed"


async def test_a_broken_message_fails_a_case_that_would_pass(
    fake: Any, answers: Any, judge_steps: Callable[..., Any]
) -> None:
    fake.says("POST /v1/call", answers(200, RESULT | {"colour": "red"}))
    case = await judge_steps(CALL + "}")
    assert case.verdict == "failed"
    assert {violation.blame for violation in case.violations} == {"deployment"}
    assert "fault of the deployment" in case.reason


async def test_a_case_that_sends_nonsense_unasked_is_blamed_on_the_harness(
    fake: Any, answers: Any, judge_steps: Callable[..., Any]
) -> None:
    fake.says("POST /v1/call", answers(200, RESULT))
    case = await judge_steps("- {rest: POST /v1/call, body: {colour: red}}")
    assert {violation.blame for violation in case.violations} == {"harness"}
    allowed = await judge_steps("- {rest: POST /v1/call, body: {colour: red}, invalid: true}")
    assert allowed.verdict == "passed"


async def test_what_cannot_be_a_message_is_not_sent(fake: Any, judge_steps: Callable[..., Any]) -> None:
    case = await judge_steps("- {call: Get, with: {requestId: [a]}}")
    assert "is no GetRequest" in case.reason
    assert not any(path.startswith("/v1/requests") for _, path, _ in fake.asked)


async def test_an_undeclared_capability_skips_with_its_reason(judge: Callable[..., Any]) -> None:
    step = "act: [{check: 1, is: 1}]"
    report = await judge(
        "purpose: A test.\ncases:\n"
        f"  - {{name: profile, needs: {{profile: vector}}, {step}}}\n"
        f"  - {{name: transport, axes: {{transport: [grpc, rest]}}, {step}}}\n"
        f"  - {{name: variable, needs: {{variable: agent}}, {step}}}\n"
        f"  - {{name: durability, needs: {{durability: DISK}}, {step}}}\n"
        f"  - {{name: keys, needs: {{authentication: true}}, {step}}}\n"
    )
    reasons = {case.id: case.reason for case in report.cases if case.verdict == "skipped"}
    assert reasons == {
        "here/profile": "the deployment does not declare the profile vector",
        "here/transport/transport:grpc": "the deployment does not declare the transport grpc",
        "here/variable": "the run names no agent: --var agent=NAME",
        "here/durability": "the deployment does not declare the durability DISK",
        "here/keys": "the deployment takes calls without keys",
    }
    assert report.summary == "1 passed, 0 failed, 5 skipped"


async def test_a_missing_prerequisite_is_an_untestable_failure(judge: Callable[..., Any]) -> None:
    report = await judge("purpose: A test.\nneeds: {operation: query}\ncases: [{name: a, act: [{check: 1, is: 1}]}]\n")
    assert report.cases[0].verdict == "failed"
    assert report.cases[0].reason.startswith("untestable: no backend lists the operation query")


async def test_a_key_without_a_scope_makes_its_cases_untestable(
    fake: Any, answers: Any, judge: Callable[..., Any]
) -> None:
    fake.says("GET /v1/capabilities", answers(200, KEYED))
    fake.says("GET /v1/requests", answers(200, {}))
    fake.says("GET /v1/keys", answers(403, {}))
    report = await judge(
        "purpose: A test.\ncases:\n"
        "  - {name: a, needs: {scope: admin}, act: [{check: 1, is: 1}]}\n"
        "  - {name: b, needs: {scope: call}, act: [{check: 1, is: 1}]}\n"
    )
    assert [case.reason for case in report.cases] == ["untestable: the run's key lacks the scope admin", ""]


async def test_a_refused_key_is_told_once(fake: Any, answers: Any, judge: Callable[..., Any]) -> None:
    fake.says("GET /v1/capabilities", answers(200, KEYED))
    fake.says("GET /v1/requests", answers(401, {}))
    with pytest.raises(KeyRefused, match="QBRIDGE_API_KEY"):
        await judge("purpose: A test.\ncases: [{name: a, act: [{check: 1, is: 1}]}]\n")


async def test_capabilities_that_cannot_be_read_make_needs_untestable(
    fake: Any, answers: Any, judge: Callable[..., Any]
) -> None:
    fake.says("GET /v1/capabilities", answers(200, {"colour": "red"}))
    report = await judge("purpose: A test.\ncases: [{name: a, needs: {profile: core}, act: [{check: 1, is: 1}]}]\n")
    assert report.cases[0].reason.startswith("untestable: the capabilities cannot be read")


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (404, {}, "GET /v1/capabilities answered the status 404, not 200"),
        (500, {"transports": ["rest"], "profiles": ["core"]}, "GET /v1/capabilities answered the status 500, not 200"),
        (200, {"profiles": ["core"]}, "the capabilities name no transports"),
        (200, {"transports": ["rest"]}, "the capabilities name no profiles"),
        (200, {}, "the capabilities name no transports and no profiles"),
    ],
)
async def test_capabilities_that_say_nothing_skip_no_case(
    status: int, body: Any, reason: str, fake: Any, answers: Any, judge: Callable[..., Any]
) -> None:
    fake.says("GET /v1/capabilities", answers(status, body))
    report = await judge(
        "purpose: A test.\ncases:\n"
        "  - {name: needs, needs: {profile: core}, act: [{check: 1, is: 1}]}\n"
        "  - {name: axis, axes: {transport: [rest, websocket]}, act: [{check: 1, is: 1}]}\n"
    )
    assert report.cases[0].reason == f"untestable: {reason}"
    assert [case.verdict for case in report.cases] == ["failed", "passed", "passed"]


async def test_waiting_ends_with_the_expectation(fake: Any, answers: Any, judge_steps: Callable[..., Any]) -> None:
    queued, done = documents.record("QUEUED"), documents.record("SUCCEEDED")
    fake.says("GET /v1/requests/r", answers(200, queued), answers(200, queued), answers(200, done))
    case = await judge_steps(
        "- wait_until: {call: Get, with: {requestId: r}, expect: {result: {state: REQUEST_STATE_SUCCEEDED}}}\n"
        "  every_s: 0.001\n  in_a_row: 2"
    )
    assert case.verdict == "passed"
    assert case.steps[0].attempts == 4


async def test_waiting_gives_up_on_a_terminal_state(fake: Any, answers: Any, judge_steps: Callable[..., Any]) -> None:
    fake.says("GET /v1/requests/r", answers(200, documents.record("DEAD")))
    case = await judge_steps(
        "- wait_until: {call: Get, with: {requestId: r}, expect: {result: {state: REQUEST_STATE_SUCCEEDED}}}\n"
        "  unless: {result: {state: REQUEST_STATE_DEAD}}"
    )
    assert "It can no longer hold" in case.reason
    assert case.steps[0].attempts == 1


async def test_waiting_tells_the_last_mismatch(fake: Any, answers: Any, judge_steps: Callable[..., Any]) -> None:
    fake.says("GET /v1/requests/r", answers(200, documents.record("QUEUED")))
    case = await judge_steps(
        "- wait_until: {call: Get, with: {requestId: r}, expect: {result: {state: REQUEST_STATE_SUCCEEDED}}}\n"
        "  within_s: 0.05\n  every_s: 0.01"
    )
    assert "did not hold within 0.05 s" in case.reason
    assert "REQUEST_STATE_QUEUED" in case.reason


async def test_a_target_that_hangs_ends_with_the_steps_time(
    fake: Any, answers: Any, judge_steps: Callable[..., Any]
) -> None:
    fake.says("POST /v1/call", answers(200, RESULT))
    fake.hold = asyncio.Event()
    try:
        case = await judge_steps(CALL + ", timeout_s: 0.05}")
    finally:
        fake.hold.set()
    assert "It took longer than 0.05 s." in case.reason


async def test_a_case_has_a_time_of_its_own_and_still_cleans_up(
    fake: Any, answers: Any, judge: Callable[..., Any]
) -> None:
    fake.says("POST /v1/call", answers(200, RESULT))
    fake.says("DELETE /v1/backends/b", answers(200, {}))
    fake.hold = asyncio.Event()
    try:
        report = await judge(
            "purpose: A test.\ncases:\n  - name: it\n    timeout_s: 0.05\n    act:\n"
            f"      {CALL}}}\n    cleanup:\n      - {{call: Backend.Delete, with: {{name: b}}}}\n"
        )
    finally:
        fake.hold.set()
    assert "The case took longer than 0.05 s." in report.cases[0].reason
    assert ("DELETE", "/v1/backends/b", b"") in fake.asked


async def test_cleanup_runs_after_a_failure_and_acts_stop_at_it(judge: Callable[..., Any]) -> None:
    report = await judge(
        "purpose: A test.\ncases:\n  - name: it\n"
        "    act: [{check: 1, is: 2}, {check: 3, is: 3}]\n"
        "    assert: [{check: 4, is: 4}]\n"
        "    cleanup: [{check: 5, is: 5}]\n"
    )
    assert [step.phase for step in report.cases[0].steps] == ["act", "cleanup"]


async def test_all_assertions_are_tried(judge: Callable[..., Any]) -> None:
    report = await judge("purpose: A test.\ncases:\n  - {name: it, assert: [{check: 1, is: 2}, {check: 2, is: 3}]}\n")
    assert [step.verdict for step in report.cases[0].steps] == ["failed", "failed"]


async def test_values_are_captured_repeated_and_compared(
    fake: Any, answers: Any, judge_steps: Callable[..., Any]
) -> None:
    fake.says("POST /v1/requests", answers(202, documents.accepted()), answers(202, documents.accepted("req_2")))
    case = await judge_steps(
        "- set: {seen: ''}\n"
        "- repeat:\n"
        "    - call: Submit\n"
        "      with: {backend: echo, operation: {invoke: {name: '${name}'}}}\n"
        "      capture: {seen: result.requestId}\n"
        "  over: [a, b]\n"
        "  as: name\n"
        "- {check: '${seen}', is: req_2}"
    )
    assert case.verdict == "passed", case.reason
    assert [b'"name":"a"' in body for _, path, body in fake.asked if path == "/v1/requests"] == [True, False]


async def test_a_capture_that_is_not_there_fails_with_what_is(
    fake: Any, answers: Any, judge_steps: Callable[..., Any]
) -> None:
    fake.says("POST /v1/call", answers(200, RESULT))
    case = await judge_steps(CALL + ", capture: {x: result.nothing}}")
    assert "result has no 'nothing'; it has" in case.reason


async def test_paths_and_queries_follow_the_binding(fake: Any, answers: Any, judge_steps: Callable[..., Any]) -> None:
    fake.says("GET /v1/requests/a b", answers(200, documents.record("QUEUED")))
    case = await judge_steps("- {call: Get, with: {requestId: a b, waitS: 1.5}}")
    assert case.verdict == "passed", case.reason


@pytest.mark.parametrize(
    ("broken", "holds"),
    [
        ("unknown_field", lambda body: b'"noSuchField":1' in body),
        ("truncated", lambda body: not body.endswith(b"}}}}}")),
        ("bad_utf8", lambda body: b"\xff\xfe" in body),
    ],
)
async def test_a_message_is_broken_as_asked(
    broken: str, holds: Callable[[bytes], bool], fake: Any, answers: Any, judge_steps: Callable[..., Any]
) -> None:
    fake.says("POST /v1/call", answers(200, RESULT))
    step = "- {call: Call, with: {backend: echo, operation: {invoke: {name: a, payload: {text: '~~~~'}}}}"
    case = await judge_steps(f"{step}, break: {broken}}}")
    assert case.violations == []
    assert holds(next(body for _, path, body in fake.asked if path == "/v1/call"))


async def test_bodies_can_be_text_bytes_and_filler(fake: Any, answers: Any, judge_steps: Callable[..., Any]) -> None:
    fake.says("POST /v1/call", answers(200, RESULT))
    data = base64.b64encode(b"\x00\xff").decode()
    case = await judge_steps(
        "- {rest: POST /v1/call, text: 'nonsense', invalid: true}\n"
        f"- {{rest: POST /v1/call, base64: {data}, invalid: true}}\n"
        "- {rest: POST /v1/call, filler_bytes: 1000}"
    )
    assert case.verdict == "passed", case.reason
    bodies = [body for _, path, body in fake.asked if path == "/v1/call"]
    assert bodies[:2] == [b"nonsense", b"\x00\xff"]
    assert len(bodies[2]) == 1000


async def test_server_sent_events_are_read_and_checked(
    fake: Any, answers: Any, judge_steps: Callable[..., Any]
) -> None:
    data = json.dumps(documents.event(1, "QUEUED")).encode()
    event = b"event: QUEUED\nid: 1\ndata: " + data + b"\n\n"
    fake.says("GET /v1/requests/r/events", answers(200, b": hello\n\n" + event, "text/event-stream"))
    case = await judge_steps("- {sse: /v1/requests/r/events, expect: {events: [{sequence: 1}], status: 200}}")
    assert (case.verdict, case.violations) == ("passed", [])
    fake.says("GET /v1/requests/r/events", answers(200, event.replace(b"id: 1", b"id: 7"), "text/event-stream"))
    wrong = await judge_steps("- {sse: /v1/requests/r/events}")
    assert "The id of an event is '7'" in wrong.reason
    fake.says("GET /v1/requests/r/events", answers(200, event, "text/plain"))
    media = await judge_steps("- {sse: /v1/requests/r/events}")
    assert "text/event-stream" in media.reason


async def test_secrets_never_reach_the_log(fake: Any, answers: Any, judge_steps: Callable[..., Any]) -> None:
    fake.says("POST /v1/keys", answers(201, documents.made_key("s3cr3t")))
    case = await judge_steps(
        "- {call: Platform.CreateKey, with: {name: a, tenant: t, scopes: [call]}, expect: {result: {secret: s3cr3t}}}"
    )
    assert case.verdict == "passed", case.reason
    assert "s3cr3t" not in repr(case.messages)


async def test_a_run_can_stop_at_the_first_failure(judge: Callable[..., Any]) -> None:
    report = await judge(
        "purpose: A test.\ncases:\n  - {name: a, act: [{check: 1, is: 2}]}\n  - {name: b, act: [{check: 1, is: 1}]}\n",
        jobs=1,
        fail_fast=True,
    )
    assert [case.verdict for case in report.cases] == ["failed", "skipped"]
    assert not report.ok


async def test_serial_cases_run_alone_and_last(judge: Callable[..., Any]) -> None:
    report = await judge(
        "purpose: A test.\ncases:\n  - {name: a, tags: [serial], act: [{check: 1, is: 1}]}\n"
        "  - {name: b, act: [{check: 1, is: 1}]}\n"
    )
    assert [case.name for case in report.cases] == ["a", "b"]
    assert report.cases[0].started_at >= report.cases[1].started_at


async def test_a_run_of_which_nothing_applied_is_not_a_success(judge: Callable[..., Any]) -> None:
    report = await judge("purpose: A test.\ncases: [{name: a, needs: {profile: x}, act: [{check: 1, is: 1}]}]\n")
    assert not report.ok


async def test_the_steps_of_a_branch_are_reported_under_its_name(
    fake: Any, answers: Any, judge_steps: Callable[..., Any]
) -> None:
    fake.says("GET /v1/requests/r", answers(200, documents.record("QUEUED")))
    fake.says("POST /v1/call", answers(200, RESULT))
    fake.hold = asyncio.Event()
    case = await judge_steps(
        "- parallel:\n"
        f"    hangs: [{CALL.removeprefix('- ')}}}]\n"
        "    fails: [{call: Get, with: {requestId: r}}, {check: 1, is: 2}]\n"
    )
    steps = {(step.branch, step.kind): step for step in case.steps}
    assert {key: step.verdict for key, step in steps.items()} == {
        ("hangs", "call"): "skipped",
        ("fails", "call"): "passed",
        ("fails", "check"): "failed",
    }
    assert steps["hangs", "call"].problems == ["Stopped: the branch fails failed."]
    said = {message.step for message in case.messages if message.title == "GET /v1/requests/r"}
    assert said == {steps["fails", "call"].number}


async def test_a_step_carries_the_rules_that_it_decides(judge: Callable[..., Any]) -> None:
    report = await judge(
        "purpose: A test.\ncases:\n  - name: it\n    proves: [GW-CALL-001, GW-GET-001]\n    act:\n"
        "      - {check: 1, is: 1, proves: [GW-CALL-001]}\n"
        "      - {repeat: [{check: 1, is: 2}], times: 1, proves: [GW-GET-001]}\n"
    )
    case = report.cases[0]
    assert [step.proves for step in case.steps] == [["GW-CALL-001"], ["GW-GET-001"]]
    assert case.tripped == ["GW-GET-001"]


async def test_a_broken_case_is_an_error_and_trips_nothing(judge: Callable[..., Any]) -> None:
    report = await judge(
        "purpose: A test.\ncases:\n  - {name: it, proves: [GW-GET-001], act: [{call: Get, with: {requestId: [a]}}]}\n"
    )
    assert (report.cases[0].verdict, report.cases[0].tripped) == ("error", [])


async def test_a_query_and_the_headers_of_a_step_are_in_the_log(
    fake: Any, answers: Any, judge_steps: Callable[..., Any]
) -> None:
    fake.says("GET /v1/requests/r", answers(200, documents.record("QUEUED")))
    case = await judge_steps("- {call: Get, with: {requestId: r, waitS: 1}, headers: {X-A: b}}")
    assert (case.messages[0].title, case.messages[0].headers) == ("GET /v1/requests/r?waitS=1.0", {"X-A": "b"})
