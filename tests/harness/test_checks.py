"""Every check of a message passes a good one and catches a bad one, and blames the right side."""

from __future__ import annotations

from typing import Any

import pytest

from qbridge_harness.clients.errors import from_details, from_error, from_problem
from qbridge_harness.contract import Checks, Contract

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
    assert {violation.blame for violation in found} == {"deployment"}


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
    body = {"requestId": "req_1", "durability": "DURABILITY_DISK", "traceId": "0" * 32}
    assert checks.rest_response(rpc, 202, {"content-type": "application/json"}, body) == []


@pytest.mark.parametrize(
    ("status", "media", "body", "check"),
    [
        (200, "application/json", {"requestId": "req_1"}, "status"),
        (202, "text/plain", {"requestId": "req_1"}, "media-type"),
        (202, "application/json", {"requestId": "req_1", "colour": "red"}, "descriptor"),
        (202, "application/json", {"requestId": 12}, "descriptor"),
        (202, "application/json", {"durability": "DURABILITY_STONE"}, "descriptor"),
        (202, "application/json", {"request_id": "req_1"}, "schema"),
        (202, "application/json", [], "descriptor"),
    ],
)
def test_a_bad_response_is_caught(
    status: int, media: str, body: Any, check: str, checks: Checks, contract: Contract
) -> None:
    found = checks.rest_response(contract.rpcs["BridgeService/Submit"], status, {"content-type": media}, body)
    assert check in {violation.check for violation in found}
    assert {violation.blame for violation in found} == {"deployment"}


def test_what_the_harness_sends_wrongly_is_its_own_fault(checks: Checks, contract: Contract) -> None:
    rpc = contract.rpcs["BridgeService/Call"]
    good = {"backend": "echo", "operation": {"invoke": {"name": "a"}}}
    assert checks.rest_request(rpc, good) == []
    found = checks.rest_request(rpc, good | {"colour": "red"})
    assert found[0].blame == "harness"


def test_unknown_fields_of_protobuf_are_caught_at_any_depth(checks: Checks, contract: Contract) -> None:
    message = contract.new("CallResponse")
    message.result.request_id = "req_1"  # type: ignore[attr-defined]
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


def test_json_messages_of_streams_are_checked(checks: Checks, contract: Contract) -> None:
    rpc = contract.rpcs["BridgeService/Session"]
    assert checks.json_message("harness", "here", rpc, {"cancels": ["a"]}, request=True) == []
    assert checks.json_message("deployment", "here", rpc, {"cancels": ["a"]}, request=False)[0].blame == "deployment"


def test_errors_of_all_transports_have_one_form(contract: Contract) -> None:
    assert from_problem(GOOD_PROBLEM)["code"] == "QUEUE_FULL"
    assert from_problem("nonsense")["code"] == ""
    assert from_error({"code": "ERROR_CODE_NOT_FOUND", "message": "m"})["code"] == "NOT_FOUND"
    assert from_details(contract, b"\xff\xff") == (None, "", [])
