"""What a message promises beyond its types: each promise passes a sound message and catches a broken one."""

from __future__ import annotations

from typing import Any

import pytest

from qbridge_harness.contract import Checks, Contract

from . import documents

VALUES, ERROR, ORDER, TRACE = "GW-MSG-002", "GW-ERR-006", "GW-WATCH-001", "GW-TRACE-003"
LIMITS = {
    "messageBytesMax": 1,
    "frameItemsMax": 1,
    "sessionItemsMax": 1,
    "laneItemsMax": 1,
    "batchItemsMax": 1,
    "topKMax": 1,
    "timeoutSDefault": 1,
    "resultTtlS": 1,
}
CAPABILITIES = {
    "contractVersion": "v1",
    "product": "fake/1",
    "profiles": ["core"],
    "transports": ["rest", "grpc"],
    "durabilities": ["DURABILITY_MEMORY", "DURABILITY_DISK"],
    "limits": LIMITS,
}
FAILED: dict[str, Any] = {"state": "REQUEST_STATE_FAILED", "error": documents.error("BACKEND_FAILED")}
ITEM = {
    "requestId": "req_1",
    "epoch": "7",
    "operation": {"invoke": {"name": "a"}},
    "attempt": 1,
    "effectKey": "k",
}
KEY = {"keyId": "key_1", "name": "n", "tenant": "t", "scopes": ["call"], "createdAt": documents.AT}
NAMELESS = {"state": "HEALTH_STATE_SERVING"}
HASTY = {"priority": 12, "operation": documents.INVOKE}
BACKEND = {"name": "echo", "state": "BACKEND_STATE_READY", "version": 1}


def without(document: dict[str, Any], *names: str, **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names} | changes


def failed(**changes: Any) -> dict[str, Any]:
    """A result that failed."""
    return without(documents.result(**FAILED), "reply") | changes


def found(checks: Checks, contract: Contract, kind: str, document: dict[str, Any]) -> dict[str, str]:
    """What a deployment's message breaks: sentence -> rule."""
    message = contract.parse_json(contract.descriptor(kind), document)
    return {each.message: each.rules[0] for each in checks.message("deployment", "here", message)}


@pytest.fixture(scope="module")
def checks(contract: Contract) -> Checks:
    return Checks(contract)


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("Result", documents.result()),
        ("Result", failed()),
        ("Result", without(failed(state="REQUEST_STATE_REJECTED"), "requestId", "traceId")),
        ("Accepted", documents.accepted()),
        ("RequestRecord", documents.record("QUEUED")),
        ("RequestRecord", documents.record("SUCCEEDED")),
        ("RequestEvent", documents.event(1, "QUEUED")),
        ("Capabilities", CAPABILITIES),
        ("Health", {"state": "HEALTH_STATE_SERVING", "dependencies": [{"name": "a", "state": "HEALTH_STATE_SERVING"}]}),
        ("ExecuteItem", ITEM),
        ("Backend", BACKEND),
        ("ApiKey", KEY),
        ("Error", documents.error("QUEUE_FULL", retryable=True, retryAfterS=1)),
        ("Error", documents.error("BACKEND_FAILED", retryable=True)),
    ],
)
def test_a_sound_message_passes(kind: str, document: dict[str, Any], checks: Checks, contract: Contract) -> None:
    assert found(checks, contract, kind, document) == {}


@pytest.mark.parametrize(
    ("kind", "document", "told", "rule"),
    [
        ("Result", documents.result(state="REQUEST_STATE_RUNNING"), "a result has a final state", VALUES),
        ("Result", without(documents.result(), "reply"), "SUCCEEDED, but has no reply", VALUES),
        ("Result", documents.result(error=documents.error("INTERNAL")), "SUCCEEDED, but has an error", VALUES),
        ("Result", without(failed(), "error"), "FAILED, but has no error", VALUES),
        ("Result", failed(reply=documents.reply()), "FAILED, but has a reply", VALUES),
        ("Result", without(documents.result(), "traceId"), ".trace_id is missing", VALUES),
        ("Result", without(documents.result(), "requestId"), ".request_id is missing", VALUES),
        ("Result", documents.result(traceId="A" * 32), "32 hexadecimal digits", TRACE),
        ("Accepted", without(documents.accepted(), "durability"), ".durability is missing", VALUES),
        ("Accepted", documents.accepted(traceId="1"), "32 hexadecimal digits", TRACE),
        ("RequestRecord", without(documents.record("SUCCEEDED"), "result"), "but has no result", VALUES),
        ("RequestRecord", documents.record("QUEUED", result=documents.result()), "has a result already", VALUES),
        ("RequestRecord", without(documents.record("QUEUED"), "createdAt"), ".created_at is missing", VALUES),
        ("RequestRecord", documents.record("QUEUED", request=HASTY), "Record.request.priority", VALUES),
        ("RequestEvent", documents.event(0, "QUEUED"), "numbered from 1", ORDER),
        ("RequestEvent", without(documents.event(2, "SUCCEEDED"), "result"), "but has no result", ORDER),
        ("RequestEvent", documents.event(1, "QUEUED", result=documents.result()), "has a result already", ORDER),
        ("RequestEvent", without(documents.event(1, "QUEUED"), "at"), ".at is missing", VALUES),
        ("Capabilities", without(CAPABILITIES, "profiles"), ".profiles is missing", VALUES),
        ("Capabilities", without(CAPABILITIES, "limits"), ".limits is missing", VALUES),
        ("Capabilities", CAPABILITIES | {"limits": without(LIMITS, "topKMax")}, "limits.top_k_max is missing", VALUES),
        ("Capabilities", CAPABILITIES | {"transports": ["smoke"]}, ".transports has smoke", VALUES),
        ("Capabilities", CAPABILITIES | {"durabilities": ["DURABILITY_DISK", "DURABILITY_MEMORY"]}, "order", VALUES),
        ("Health", {"uptimeS": 1}, ".state is missing", VALUES),
        ("Health", {"state": "HEALTH_STATE_SERVING", "uptimeS": -1}, "which is no time", VALUES),
        ("Health", {"state": "HEALTH_STATE_SERVING", "dependencies": [NAMELESS]}, "dependencies.name is", VALUES),
        ("ExecuteItem", without(ITEM, "effectKey"), ".effect_key is missing", VALUES),
        ("ExecuteItem", without(ITEM, "epoch"), ".epoch is missing", VALUES),
        ("Backend", without(BACKEND, "version"), ".version is missing", VALUES),
        ("Backend", BACKEND | {"name": "No Such"}, "Backend.name: ", VALUES),
        ("ApiKey", without(KEY, "scopes"), ".scopes is missing", VALUES),
        ("Error", documents.error("NOT_FOUND", ""), ".message is missing", ERROR),
        ("Error", documents.error("NOT_FOUND", retryable=True), ".retryable of NOT_FOUND is False", ERROR),
        ("Error", documents.error("QUEUE_FULL"), ".retryable of QUEUE_FULL is True", ERROR),
        ("Error", documents.error("UNSPECIFIED"), "not in the error table", ERROR),
        ("Error", documents.error("NOT_FOUND", retryAfterS=-2), "no time to wait", ERROR),
        ("Error", documents.error("INVALID_ARGUMENT", violations=[{"message": "m"}]), "names no field", ERROR),
        ("ListResponse", {"records": [documents.record("SUCCEEDED")]}, "a list leaves the replies out", VALUES),
    ],
)
def test_a_broken_promise_is_caught(
    kind: str, document: dict[str, Any], told: str, rule: str, checks: Checks, contract: Contract
) -> None:
    texts = found(checks, contract, kind, document)
    assert [texts[text] for text in texts if told in text] == [rule], texts
    assert len(texts) == 1, texts


def test_a_promise_holds_at_any_depth(checks: Checks, contract: Contract) -> None:
    texts = found(checks, contract, "SessionResponse", {"results": [without(documents.result(), "reply")]})
    assert list(texts) == ["SessionResponse.results is SUCCEEDED, but has no reply."]


def test_what_the_harness_sends_is_held_to_the_limits_of_values_only(checks: Checks, contract: Contract) -> None:
    descriptor = contract.rpcs["BridgeService/Call"].request
    message = contract.parse_json(descriptor, {"request": {"priority": 12, "operation": {"invoke": {"name": "a"}}}})
    violations = checks.message("harness", "here", message)
    assert [(each.blame, each.check) for each in violations] == [("harness", "values")]
