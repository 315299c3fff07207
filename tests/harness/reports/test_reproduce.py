"""Commands that send a message again: a shell and curl agree with what was sent, and no key is in them."""

from __future__ import annotations

import asyncio
import json
import shlex
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from qbridge_harness.contract import Contract
from qbridge_harness.engine import CaseResult, Report, StepResult
from qbridge_harness.log import Message
from qbridge_harness.reports.reproduce import Command, Reproducer

BODY = '{"operation":{"invoke":{"name":"it\'s $HOME `x` \\"ünï\\" \\\\ 漢"}}}'


@pytest.fixture
def command(report: Report, contract: Contract) -> Callable[..., Command | None]:
    """The command of the last message of a case with one step of a kind."""

    def make(kind: str, *messages: Message) -> Command | None:
        case: CaseResult = report.cases[0]
        case.steps = [StepResult(1, "act", kind, kind, 3)]
        case.messages = list(messages)
        return Reproducer(report, contract).commands(case).get(len(messages) - 1)

    return make


def sent(transport: str, title: str, text: str = "", **headers: str) -> Message:
    return Message(1.0, 1, "sent", transport, title, text, headers)


def words(command: Command | None) -> list[str]:
    """The command as a shell splits it, comments left out."""
    assert command is not None
    return shlex.split(command.text.replace("\\\n", ""), comments=True)


def test_curl_sends_what_was_sent(command: Callable[..., Command]) -> None:
    found = words(command("call", sent("rest", "POST /v1/call", BODY, **{"Idempotency-Key": "it's"})))
    assert found[:6] == ["curl", "-sS", "-i", "-X", "POST", "http://127.0.0.1:7401/v1/call"]
    assert json.loads(found[found.index("--data-binary") + 1]) == json.loads(BODY)
    assert {"idempotency-key: it's", "content-type: application/json"} <= set(found)
    assert "authorization: Bearer $QBRIDGE_API_KEY" in found


async def test_curl_does_it(fake: Any, answers: Any, report: Report, command: Callable[..., Command]) -> None:
    """Run by a shell, the command sends the very bytes, and the key from the environment."""
    fake.says("POST /v1/call", answers(200, {"fine": True}))
    report.target = fake.url
    text = command("call", sent("rest", "POST /v1/call", BODY)).text
    ran = await _shell(text)
    assert "200 OK" in ran
    assert fake.asked == [("POST", "/v1/call", BODY.encode())]


async def _shell(text: str) -> str:
    environment = {"QBRIDGE_API_KEY": "k", "PATH": "/usr/bin:/bin"}
    done = await asyncio.to_thread(
        subprocess.run, ["sh", "-c", text], capture_output=True, text=True, timeout=20, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_query_goes_into_the_url(command: Callable[..., Command]) -> None:
    found = words(command("call", sent("rest", "GET /v1/requests", '{"pageSize": "2", "filter": "a b&c"}')))
    assert "http://127.0.0.1:7401/v1/requests?pageSize=2&filter=a+b%26c" in found
    assert "--data-binary" not in found


def test_the_body_of_a_raw_get_stays_a_body(command: Callable[..., Command]) -> None:
    assert "--data-binary" in words(command("rest", sent("rest", "GET /v1/health", "{}")))


def test_a_stream_of_events_is_not_buffered(command: Callable[..., Command]) -> None:
    found = words(command("sse", sent("sse", "GET /v1/requests/r/events")))
    assert found[:5] == ["curl", "-sS", "-N", "-H", "accept: text/event-stream"]


def test_grpcurl_gets_the_whole_request(command: Callable[..., Command]) -> None:
    """A `call` step logs the part that goes over HTTP; over gRPC it is one field of the request."""
    found = words(command("call", sent("grpc", "BridgeService/Call", BODY)))
    assert found[:4] == ["grpcurl", "-protoset", "descriptor.binpb", "-plaintext"]
    assert found[-2:] == ["127.0.0.1:7400", "qbridge.v1.BridgeService/Call"]
    assert json.loads(found[found.index("-d") + 1]) == {"request": json.loads(BODY)}


def test_grpcurl_of_a_raw_step_is_as_it_was(command: Callable[..., Command]) -> None:
    found = words(command("grpc", sent("grpc", "BridgeService/Call", '{"request": {}}')))
    assert found[found.index("-d") + 1] == '{"request": {}}'


def test_grpcurl_of_a_stream_sends_all_of_its_messages(
    report: Report, contract: Contract, command: Callable[..., Command]
) -> None:
    """Once, at the last one: a page with every prefix of a long stream would be as long as its square."""
    first = sent("grpc", "BridgeService/Session", '{"submits": []}')
    found = command("send", first, sent("grpc", "BridgeService/Session", '{"cancels": []}'))
    assert found.text.startswith("# These are the 2 messages that the case sent over Session.\n")
    assert words(found)[words(found).index("-d") + 1] == '{"submits": []}\n{"cancels": []}'
    assert list(Reproducer(report, contract).commands(report.cases[0])) == [1]


@pytest.mark.parametrize("text", ["4195328 bytes", "bytes AAAA"])
def test_what_grpcurl_cannot_write_is_read_from_a_file(text: str, command: Callable[..., Command]) -> None:
    found = command("grpc", sent("grpc", "BridgeService/Call", text))
    assert "put all of it into request.json" in found.text
    assert "-d @ < request.json" in found.text


def test_tls_is_not_plaintext(report: Report, command: Callable[..., Command]) -> None:
    report.grpc = "grpcs://bridge.example:443"
    found = words(command("call", sent("grpc", "BridgeService/Get", '{"requestId": "r"}')))
    assert "-plaintext" not in found
    assert "bridge.example:443" in found


@pytest.mark.parametrize("text", ['{"a": "' + "x" * 9 + "... (5000 in all)", '{"a": ["... 40 items in all"]}'])
def test_a_body_of_which_only_a_part_is_known_is_read_from_a_file(text: str, command: Callable[..., Command]) -> None:
    found = command("call", sent("rest", "POST /v1/call", text))
    assert "# The log has a part of this body only: put all of it into body.json." in found.text
    assert "@body.json" in words(found)


def test_a_broken_message_says_so(command: Callable[..., Command]) -> None:
    found = command("call", sent("rest", "POST /v1/call (broken: bad_utf8)", "{}"))
    assert "broke this message on its way out (bad_utf8)" in found.text
    assert "http://127.0.0.1:7401/v1/call" in words(found)


def test_no_key_is_in_a_command(command: Callable[..., Command]) -> None:
    key = "qb_" + "0" * 64
    found = command("call", sent("rest", "POST /v1/call", f'{{"k": "{key}"}}', authorization=f"Bearer {key}"))
    assert key not in found.text
    assert found.text.count("$QBRIDGE_API_KEY") == 2


def test_without_keys_there_is_no_header(report: Report, command: Callable[..., Command]) -> None:
    report.capabilities = {}
    assert "authorization" not in command("call", sent("rest", "GET /v1/health")).text


def test_a_web_socket_and_an_own_backend_have_no_command(command: Callable[..., Command | None]) -> None:
    assert command("ws", sent("websocket", "BridgeService/Session", "{}")) is None
    assert command("backend", sent("own grpc", "BackendService/Execute", "{}")) is None
    assert command("call", sent("grpc", "Other/Thing", "{}")) is None
