"""The pacts that the SDK writes are the ones that are published, and the reference server keeps them."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pact.error import MismatchesError, PactVerificationError

import qbridge
from qbridge._transports import rest as rest_transport
from qbridge._transports._http_messages import url_of
from qbridge_harness.clients import Target as Deployment
from qbridge_harness.contract_checks import pacts
from qbridge_harness.contract_checks.part import Part
from qbridge_harness.contract_checks.places import HTTP_PACT, MESSAGE_PACT, pacts_folder
from qbridge_harness.contract_checks.scenes import SCENES
from tests.checks import consumer, stream_consumer
from tests.checks.conftest import Target
from tests.checks.proxy import Damage, Exchange, damaged
from tests.checks.swap import swapped

TIME_S = 30.0


@pytest.fixture(autouse=True)
def _pact_alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """pact's library would report its use to its makers; what it leaves open is collected within its own test."""
    monkeypatch.setenv("PACT_DO_NOT_TRACK", "true")
    yield
    gc.collect()


def quiet(_: str) -> None:
    """Takes the progress of a part."""


def verified(
    target: Target,
    run: pacts.PactRun,
    *,
    rest: str = "",
    grpc: str = "",
    folder: Path | None = None,
    time_s: float = TIME_S,
) -> Part:
    """A published pact against a deployment, or against what stands before it."""
    deployment = Deployment(rest or target.address, grpc or target.grpc, target.key)
    return pacts.verify_pact(deployment, run, folder or pacts_folder(), time_s, quiet)


def test_the_published_pact_is_what_the_sdk_asks_for() -> None:
    published = (pacts_folder() / HTTP_PACT).read_text()
    assert published == consumer.text_of(consumer.exercise()), "run: make pact"


def test_the_published_message_pact_is_what_the_sdk_takes() -> None:
    published = (pacts_folder() / MESSAGE_PACT).read_text()
    assert published == consumer.text_of(stream_consumer.exercise()), "run: make pact"


def test_the_pact_speaks_of_every_kind_of_call_and_of_errors() -> None:
    interactions = json.loads((pacts_folder() / HTTP_PACT).read_text())["interactions"]
    asked = {(each["request"]["method"], each["request"]["path"].rpartition(":")[2]) for each in interactions}
    assert {("GET", "/v1/capabilities"), ("POST", "/v1/call"), ("POST", "/v1/requests"), ("POST", "cancel")} <= asked
    problems = [each["response"] for each in interactions if each["response"]["status"] >= 400]
    assert len(problems) >= 3
    assert all(each["headers"]["Content-Type"] == ["application/problem+json"] for each in problems)


def test_each_message_of_the_pact_has_a_conversation_that_brings_it() -> None:
    interactions = json.loads((pacts_folder() / MESSAGE_PACT).read_text())["interactions"]
    assert {each["description"] for each in interactions} == set(SCENES)


def test_the_reference_server_keeps_the_pact_again_and_again(open_server: Target) -> None:
    for _ in range(2):
        part = verified(open_server, pacts.HTTP)
        assert part.ok, part.lines


def test_a_server_with_keys_keeps_it_too(keyed_server: Target) -> None:
    part = verified(keyed_server, pacts.HTTP)
    assert part.ok, part.lines


@pytest.mark.parametrize("transport", pacts.MESSAGE_TRANSPORTS)
def test_the_reference_server_keeps_the_message_pact(keyed_server: Target, transport: str) -> None:
    part = verified(keyed_server, pacts.message_run(transport))
    assert part.ok, part.lines
    assert part.figures == ("2 of 2 interactions" if transport == "sse" else "9 of 9 interactions")


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
    ("damage", "broken"),
    [
        (another_media_type_for_errors, "a look at a request that is not there:"),
        (another_code, "a call of a backend that is not there:"),
        (a_status_of_its_own, "a submit:"),
        (a_member_is_missing, "a call that succeeds:"),
        (cancels_nothing, "a cancel of a request that waits:"),
    ],
)
def test_a_planted_defect_breaks_the_pact_and_comes_with_its_curl(
    open_server: Target, damage: Damage, broken: str
) -> None:
    with damaged(open_server.address, damage) as address:
        part = verified(open_server, pacts.HTTP, rest=address)
    assert part.state == "failed"
    assert broken in part.lines
    assert any(line.startswith("  again: curl -i -X ") and address in line for line in part.lines)


@pytest.mark.parametrize(
    ("transport", "old", "new", "broken"),
    [
        ("websocket", b'"credit"', b'"credot"', "the first frame of a session"),
        ("websocket", b'"accepted"', b'"excepted"', "a session accepts a request"),
        ("websocket", b"STATE_REJECTED", b"STATE_RUNNINGS", "a session refuses a request"),
        ("websocket", b"STATE_SUCCEEDED", b"STATE_CANCELLED", "a session answers a request"),
        ("websocket", b'"effectKey"', b'"affectKey"', "a batch comes"),
        ("websocket", b'"attached"', b'"attacked"', "an attachment holds"),
        ("websocket", b'"goAway"', b'"goHome"', "a worker that leaves is let go"),
        ("sse", b'"sequence":1', b'"sequence":7', "a watch begins"),
        ("sse", b"STATE_SUCCEEDED", b"STATE_CANCELLED", "a watch ends with the result"),
        ("grpc", b"hello", b"jello", "a session answers a request"),
        ("grpc", b"hello", b"jello", "a batch comes"),
    ],
)
def test_a_planted_defect_breaks_the_message_pact(
    open_server: Target, tmp_path: Path, transport: str, old: bytes, new: bytes, broken: str
) -> None:
    pact = json.loads((pacts_folder() / MESSAGE_PACT).read_text())
    pact["interactions"] = [each for each in pact["interactions"] if each["description"] == broken]
    (tmp_path / MESSAGE_PACT).write_text(json.dumps(pact))
    before = open_server.grpc if transport == "grpc" else open_server.address
    with swapped(before, old, new) as address:
        rest, grpc = ("", address) if transport == "grpc" else (address, "")
        part = verified(open_server, pacts.message_run(transport), rest=rest, grpc=grpc, folder=tmp_path, time_s=9.0)
    assert part.state == "failed"
    assert f"{broken}:" in part.lines, part.lines


def test_the_swapping_proxy_alone_is_no_defect(open_server: Target) -> None:
    with swapped(open_server.address, b"~", b"~") as address:
        part = verified(open_server, pacts.message_run("websocket"), rest=address)
    assert part.ok, part.lines


def test_a_state_that_nobody_knows_is_a_failure(open_server: Target, tmp_path: Path) -> None:
    text = (pacts_folder() / HTTP_PACT).read_text().replace("a request waits", "a request dreams")
    (tmp_path / HTTP_PACT).write_text(text)
    part = verified(open_server, pacts.HTTP, folder=tmp_path)
    assert part.state == "failed"
    assert any("'a request dreams'" in line for line in part.lines), part.lines


def test_no_run_asks_under_the_ids_and_backends_of_the_pact_or_of_another_run() -> None:
    text = (pacts_folder() / HTTP_PACT).read_text()
    once, again = (json.dumps(pacts.fresh(text)) for _ in range(2))
    assert consumer.DONE in text
    assert '"backend": "echo"' in text
    assert consumer.DONE not in once
    assert '"backend": "echo"' not in once
    assert once != again


def test_an_sdk_that_asks_for_something_else_cannot_write_the_pact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest_transport, "url_of", lambda route, request: f"{url_of(route, request)}?colour=blue")
    with pytest.raises(MismatchesError, match="Missing request"):
        consumer.exercise()


def test_an_sdk_that_overlooks_a_refusal_cannot_write_the_message_pact(monkeypatch: pytest.MonkeyPatch) -> None:
    async def is_answered_all_the_same(*_: object, **__: object) -> str:
        return "hello"

    monkeypatch.setattr(qbridge.AsyncClient, "call", is_answered_all_the_same)
    with pytest.raises(PactVerificationError, match="count: 1"):
        stream_consumer.exercise()
