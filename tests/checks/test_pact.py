"""The pact that the SDK writes is the one that is published, and the reference server keeps it."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pact import Verifier
from pact.error import MismatchesError

from qbridge._transports import rest
from qbridge._transports._http_messages import url_of
from tests.checks import consumer
from tests.checks.conftest import Target
from tests.checks.consumer import ABSENT, DONE, FILE, WAITING
from tests.checks.proxy import Damage, Exchange, damaged

# The verifier stops its own state server without closing its socket.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(autouse=True)
def _pact_alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """pact's library would report its use to its makers; what it leaves open is collected within its own test."""
    monkeypatch.setenv("PACT_DO_NOT_TRACK", "true")
    yield
    gc.collect()


def states(address: str) -> dict[str, Any]:
    """What the interactions need to be true, made true through the API alone."""

    def a_request_has_succeeded(**_: Any) -> None:
        operation = {"invoke": {"name": "echo", "payload": {"text": "hello"}}}
        httpx.post(
            f"{address}/v1/call", json={"id": DONE, "backend": "echo", "operation": operation}
        ).raise_for_status()

    def a_request_waits(**_: Any) -> None:
        backend = httpx.post(f"{address}/v1/backends", json={"name": ABSENT})
        assert backend.status_code in (201, 409)
        operation = {"invoke": {"name": "anything", "payload": {"text": "hello"}}}
        request = {"id": WAITING, "backend": ABSENT, "operation": operation}
        httpx.post(f"{address}/v1/requests", json=request).raise_for_status()

    return {"a request has succeeded": a_request_has_succeeded, "a request waits": a_request_waits}


def verified(address: str, states_at: str = "") -> dict[str, Any]:
    """Replays the published pact against a bridge; answers pact's results. Raises RuntimeError where one fails."""
    verifier = Verifier("qbridge", host="127.0.0.1").add_transport(url=address).add_source(FILE)
    verifier.state_handler(states(states_at or address), teardown=False)
    verifier.set_request_timeout(20_000).set_coloured_output(enabled=False)
    verifier.verify()
    return verifier.results


def test_the_published_pact_is_what_the_sdk_asks_for() -> None:
    assert FILE.read_text() == consumer.text_of(consumer.exercise()), "run: python -m tests.checks.consumer"


def test_it_speaks_of_every_kind_of_call_and_of_errors() -> None:
    interactions = json.loads(FILE.read_text())["interactions"]
    asked = {(each["request"]["method"], each["request"]["path"].rpartition(":")[2]) for each in interactions}
    assert {("GET", "/v1/capabilities"), ("POST", "/v1/call"), ("POST", "/v1/requests"), ("POST", "cancel")} <= asked
    problems = [each["response"] for each in interactions if each["response"]["status"] >= 400]
    assert len(problems) >= 3
    assert all(each["headers"]["Content-Type"] == ["application/problem+json"] for each in problems)


def test_the_reference_server_keeps_the_pact(open_server: Target) -> None:
    verified(open_server.address)


# ---------------------------------------------------------------- it can fail


def another_media_type_for_errors(exchange: Exchange) -> None:
    if exchange.status >= 400:
        exchange.headers["content-type"] = "application/json"


def another_code(exchange: Exchange) -> None:
    exchange.body = exchange.body.replace(b'"code":"NOT_FOUND"', b'"code":"GONE"')


def a_status_of_its_own(exchange: Exchange) -> None:
    exchange.status = 200 if exchange.status == 202 else exchange.status


def a_member_is_missing(exchange: Exchange) -> None:
    exchange.body = exchange.body.replace(b'"requestId"', b'"request"')


def cancels_nothing(exchange: Exchange) -> None:
    exchange.body = exchange.body.replace(b"REQUEST_STATE_CANCELLED", b"REQUEST_STATE_QUEUED")


@pytest.mark.parametrize(
    "damage", [another_media_type_for_errors, another_code, a_status_of_its_own, a_member_is_missing, cancels_nothing]
)
def test_a_planted_defect_breaks_the_pact(open_server: Target, damage: Damage) -> None:
    with damaged(open_server.address, damage) as address, pytest.raises(RuntimeError, match="erif"):
        verified(address, states_at=open_server.address)


def test_an_sdk_that_asks_for_something_else_cannot_write_the_pact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "url_of", lambda route, request: f"{url_of(route, request)}?colour=blue")
    with pytest.raises(MismatchesError, match="Missing request"):
        consumer.exercise()
