"""Every check of a message passes a good one and catches a bad one, and blames the right side."""

from __future__ import annotations

from typing import Any

import pytest

from qbridge_harness.clients.errors import from_details, from_error, from_problem
from qbridge_harness.contract import Checks, Contract
from qbridge_harness.contract.violation import ALL
from qbridge_harness.rules import load_rules

from . import documents

GOOD_PROBLEM: dict[str, Any] = {
    "type": "urn:qbridge:error:QUEUE_FULL",
    "title": "Queue full",
    "status": 429,
    "detail": "The lane holds 10 requests.",
    "code": "QUEUE_FULL",
    "retryable": True,
    "retryAfterS": 2,
}
PROBLEM_HEADERS = {"content-type": "application/problem+json", "retry-after": "2"}


@pytest.fixture
def checks(contract: Contract) -> Checks:
    return Checks(contract)


def test_the_error_table_comes_from_the_descriptor(contract: Contract) -> None:
    assert len(contract.errors) == 22
    assert contract.errors["QUEUE_FULL"].http_status == 429
    assert contract.errors["QUEUE_FULL"].grpc_status == "RESOURCE_EXHAUSTED"


def test_rpcs_are_found_by_short_and_full_names(contract: Contract) -> None:
    assert contract.find_rpc("Call") is contract.find_rpc("BridgeService/Call")
    assert contract.find_rpc("Backend.Get") is contract.find_rpc("BackendService/Get")
    assert contract.find_rpc("Nothing") is None


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/v1/call", "BridgeService/Call"),
        ("GET", "/v1/requests/req_1", "BridgeService/Get"),
        ("POST", "/v1/requests/req_1:cancel", "BridgeService/Cancel"),
        ("PUT", "/v1/quotas/t", "PlatformService/SetQuota"),
        ("GET", "/v1/nothing", None),
        ("DELETE", "/v1/call", None),
    ],
)
def test_paths_lead_to_their_rpcs(method: str, path: str, name: str | None, contract: Contract) -> None:
    found = contract.match_http(method, path)
    assert (found.name if found else None) == name


def test_a_good_problem_passes(checks: Checks) -> None:
    assert checks.problem("here", 429, PROBLEM_HEADERS, GOOD_PROBLEM) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"type": "about:blank"}, "member type"),
        ({"title": "Oops"}, "member title"),
        ({"status": 500}, "member status"),
        ({"detail": ""}, "member detail"),
        ({"code": "NOT_A_CODE"}, "not in the error table"),
        ({"retryable": False}, "member retryable"),
    ],
)
def test_a_bad_problem_is_caught(change: dict[str, Any], told: str, checks: Checks) -> None:
    found = checks.problem("here", 429, PROBLEM_HEADERS, GOOD_PROBLEM | change)
    assert any(told in violation.message for violation in found)
    assert {(violation.blame, violation.rules) for violation in found} == {("deployment", ("GW-ERR-001",))}


@pytest.mark.parametrize(
    ("change", "told", "rule"),
    [
        ({"retryAfterS": -1}, "no time to wait", "GW-ERR-006"),
        ({"retryAfterS": "soon"}, "no time to wait", "GW-ERR-006"),
        ({"violations": [{"field": "a"}]}, "names its field", "GW-ERR-006"),
        ({"violations": ["a"]}, "names its field", "GW-ERR-006"),
        ({"traceId": "ABC"}, "32 hexadecimal digits", "GW-TRACE-003"),
        ({"traceId": 12}, "32 hexadecimal digits", "GW-TRACE-003"),
    ],
)
def test_members_beyond_rfc_9457_are_checked(change: dict[str, Any], told: str, rule: str, checks: Checks) -> None:
    found = checks.problem("here", 429, PROBLEM_HEADERS, GOOD_PROBLEM | change)
    assert any(told in violation.message and violation.rules == (rule,) for violation in found)


@pytest.mark.parametrize(
    ("header", "told"),
    [("soon", "not a whole number"), ("2.5", "not a whole number"), ("60", "but retryAfterS says 2")],
)
def test_retry_after_says_what_the_member_says(header: str, told: str, checks: Checks) -> None:
    found = checks.problem("here", 429, PROBLEM_HEADERS | {"retry-after": header}, GOOD_PROBLEM)
    assert [(violation.rules, told in violation.message) for violation in found] == [(("GW-ERR-006",), True)]


def test_a_problem_with_another_status_is_caught(checks: Checks) -> None:
    assert "goes with status 429" in checks.problem("here", 503, PROBLEM_HEADERS, GOOD_PROBLEM)[0].message


def test_a_problem_of_another_media_type_or_without_its_headers_is_caught(checks: Checks) -> None:
    assert "application/problem+json" in checks.problem("here", 429, {"retry-after": "1"}, GOOD_PROBLEM)[0].message
    media = {"content-type": "application/problem+json"}
    assert "Retry-After" in checks.problem("here", 429, media, GOOD_PROBLEM)[0].message
    assert "JSON object" in checks.problem("here", 429, PROBLEM_HEADERS, "text")[0].message
    wrong_method = {
        "type": "urn:qbridge:error:METHOD_NOT_ALLOWED",
        "title": "Method not allowed",
        "status": 405,
        "detail": "x",
        "code": "METHOD_NOT_ALLOWED",
        "retryable": False,
    }
    assert "Allow header" in checks.problem("here", 405, media, wrong_method)[0].message


def test_a_good_response_passes(checks: Checks, contract: Contract) -> None:
    rpc = contract.rpcs["BridgeService/Submit"]
    body = documents.accepted()
    assert checks.rest_response(rpc, 202, {"content-type": "application/json"}, body) == []


@pytest.mark.parametrize(
    ("status", "media", "body", "check", "rule"),
    [
        (200, "application/json", documents.accepted(), "status", "GW-MSG-003"),
        (202, "text/plain", documents.accepted(), "media-type", "GW-MSG-003"),
        (202, "application/json", documents.accepted(colour="red"), "descriptor", "GW-MSG-001"),
        (202, "application/json", documents.accepted(requestId=12), "descriptor", "GW-MSG-001"),
        (202, "application/json", documents.accepted(durability="DURABILITY_STONE"), "descriptor", "GW-MSG-001"),
        (202, "application/json", documents.accepted(trace_id="0" * 32), "schema", "GW-MSG-001"),
        (202, "application/json", [], "descriptor", "GW-MSG-001"),
        (202, "application/json", {"requestId": "req_1"}, "promise", "GW-MSG-002"),
        (202, "application/json", documents.accepted(traceId="xyz"), "promise", "GW-TRACE-003"),
    ],
)
def test_a_bad_response_is_caught(
    status: int, media: str, body: Any, check: str, rule: str, checks: Checks, contract: Contract
) -> None:
    found = checks.rest_response(contract.rpcs["BridgeService/Submit"], status, {"content-type": media}, body)
    assert (check, (rule,)) in {(violation.check, violation.rules) for violation in found}
    assert {violation.blame for violation in found} == {"deployment"}


def test_headers_that_the_document_names_must_be_there_and_true(checks: Checks, contract: Contract) -> None:
    rpc = contract.rpcs["BackendService/Get"]
    body = {"name": "echo", "state": "BACKEND_STATE_READY", "version": 3}
    json_type = {"content-type": "application/json"}
    assert checks.rest_response(rpc, 200, json_type | {"etag": '"3"'}, body) == []
    missing = checks.rest_response(rpc, 200, json_type, body)
    assert [(violation.check, violation.rules) for violation in missing] == [("headers", ("GW-MSG-003",))]
    wrong = checks.rest_response(rpc, 200, json_type | {"etag": '"2"'}, body)
    assert [(violation.check, violation.rules) for violation in wrong] == [("etag", ("GW-MSG-003",))]


def test_what_the_harness_sends_wrongly_is_its_own_fault(checks: Checks, contract: Contract) -> None:
    rpc = contract.rpcs["BridgeService/Call"]
    good = {"backend": "echo", "operation": {"invoke": {"name": "a"}}}
    assert checks.rest_request(rpc, good) == []
    found = checks.rest_request(rpc, good | {"colour": "red"})
    assert found[0].blame == "harness"


def test_unknown_fields_of_protobuf_are_caught_at_any_depth(checks: Checks, contract: Contract) -> None:
    message = contract.parse_json(contract.descriptor("CallResponse"), {"result": documents.result()})
    assert checks.message("deployment", "here", message) == []
    message.result.MergeFromString(b"\xf8\xff\x06\x01")  # type: ignore[attr-defined]
    found = checks.message("deployment", "here", message)
    assert "CallResponse.result has the unknown field 14335" in found[0].message


def test_unknown_enum_values_of_protobuf_are_caught(checks: Checks, contract: Contract) -> None:
    message = contract.new("Result")
    message.MergeFromString(b"\x10\x63")
    assert "unknown enum value 99" in checks.message("deployment", "here", message)[0].message


def test_errors_over_grpc_need_their_details(checks: Checks) -> None:
    error = {"code": "NOT_FOUND"}
    assert checks.grpc_error("here", "NOT_FOUND", error, "NOT_FOUND") == []
    assert "no qbridge.v1.Error" in checks.grpc_error("here", "NOT_FOUND", None, "")[0].message
    assert "ErrorInfo" in checks.grpc_error("here", "NOT_FOUND", error, "")[0].message
    assert "goes with NOT_FOUND" in checks.grpc_error("here", "INTERNAL", error, "NOT_FOUND")[0].message
    assert "ErrorInfo says" in checks.grpc_error("here", "NOT_FOUND", error, "INTERNAL")[0].message
    assert "not in the error table" in checks.grpc_error("here", "OK", {"code": "X"}, "X")[0].message


def test_details_that_go_with_an_error_must_be_there(checks: Checks) -> None:
    error = {"code": "QUEUE_FULL", "retryAfterS": 2.0, "violations": []}
    names = ["google.rpc.ErrorInfo", "qbridge.v1.Error", "google.rpc.RetryInfo"]
    assert checks.grpc_error("here", "RESOURCE_EXHAUSTED", error, "QUEUE_FULL", names) == []
    found = checks.grpc_error("here", "RESOURCE_EXHAUSTED", error, "QUEUE_FULL", names[:2])
    assert [(violation.rules, "RetryInfo" in violation.message) for violation in found] == [(("GW-ERR-006",), True)]
    fields = {"code": "INVALID_ARGUMENT", "violations": [{"field": "a", "message": "b"}]}
    found = checks.grpc_error("here", "INVALID_ARGUMENT", fields, "INVALID_ARGUMENT", names[:2])
    assert [(violation.rules, "BadRequest" in violation.message) for violation in found] == [(("GW-ERR-002",), True)]


def test_an_answer_that_is_no_message_breaks_the_form(checks: Checks) -> None:
    assert [violation.rules for violation in checks.unreadable("here", "It is nothing.")] == [("GW-MSG-001",)]


def test_events_of_a_watch_follow_one_another(checks: Checks) -> None:
    event = documents.event(3, "RUNNING")
    assert checks.event_order("here", None, False, event) == []
    assert checks.event_order("here", 2, False, event) == []
    for before, over, told in ((1, False, "came after 1"), (3, False, "came after 3"), (2, True, "after the final")):
        found = checks.event_order("here", before, over, event)
        assert [(violation.rules, told in violation.message) for violation in found] == [(("GW-WATCH-001",), True)]


@pytest.mark.parametrize(("name", "event_id"), [("running", "3"), ("RUNNING", "4"), ("message", "")])
def test_a_server_sent_event_says_what_its_data_says(name: str, event_id: str, checks: Checks) -> None:
    event = documents.event(3, "RUNNING")
    assert checks.event("here", "RUNNING", "3", event) == []
    assert {violation.rules for violation in checks.event("here", name, event_id, event)} == {("GW-WATCH-004",)}


def test_a_stream_of_events_has_its_media_type(checks: Checks) -> None:
    assert checks.stream_media("here", "text/event-stream; charset=utf-8") == []
    assert [violation.rules for violation in checks.stream_media("here", "application/json")] == [("GW-WATCH-004",)]


def test_the_end_of_a_websocket_has_its_form(checks: Checks) -> None:
    assert checks.errors.last_frame("here", GOOD_PROBLEM, 4429) == []
    assert {violation.rules for violation in checks.errors.last_frame("here", GOOD_PROBLEM, 4400)} == {("GW-ERR-003",)}
    assert [violation.rules for violation in checks.frame("here", "binary")] == [("GW-SESS-007",)]
    assert [violation.rules for violation in checks.close("here", "no error")] == [("GW-ERR-003",)]


def test_the_error_event_of_a_stream_is_a_problem(checks: Checks) -> None:
    assert checks.errors.last_event("here", GOOD_PROBLEM) == []
    found = checks.errors.last_event("here", GOOD_PROBLEM | {"title": "Oops"})
    assert [violation.rules for violation in found] == [("GW-ERR-001",)]
    assert "not in the error table" in checks.errors.last_event("here", {})[0].message


def test_an_answer_keeps_the_trace_of_its_request(checks: Checks) -> None:
    asked = f"00-{documents.TRACE}-b7ad6b7169203331-01"
    assert checks.trace("here", asked, documents.result()) == []
    assert checks.trace("here", "", documents.result()) == []
    other = documents.result(traceId="f" * 32)
    assert checks.trace("here", asked, other | {"replayed": True}) == []
    assert [violation.rules for violation in checks.trace("here", asked, other)] == [("GW-TRACE-001",)]


def test_every_rule_that_a_check_trips_exists() -> None:
    assert set(ALL) <= set(load_rules() or {})


def test_json_messages_of_streams_are_checked(checks: Checks, contract: Contract) -> None:
    rpc = contract.rpcs["BridgeService/Session"]
    assert checks.json_message("harness", "here", rpc, {"cancels": ["a"]}, request=True) == []
    assert checks.json_message("deployment", "here", rpc, {"cancels": ["a"]}, request=False)[0].blame == "deployment"


def test_errors_of_all_transports_have_one_form(contract: Contract) -> None:
    assert from_problem(GOOD_PROBLEM)["code"] == "QUEUE_FULL"
    assert from_problem("nonsense")["code"] == ""
    assert from_error({"code": "ERROR_CODE_NOT_FOUND", "message": "m"})["code"] == "NOT_FOUND"
    assert from_details(contract, b"\xff\xff") == (None, "", [])
