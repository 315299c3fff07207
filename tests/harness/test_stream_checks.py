"""Streams on real sockets: each broken frame, event and end is caught by the rule that it breaks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from qbridge_harness.clients import Target
from qbridge_harness.clients.streams import Ended
from qbridge_harness.clients.websocket import WsMessageStream
from qbridge_harness.contract import Checks, Contract
from qbridge_harness.log import Log

from . import documents

GOOD = {"results": [documents.result()]}
PROBLEM = documents.problem("MALFORMED", 400, "Malformed message")
Frames = list[str | bytes]


async def rules_of(contract: Contract, frames: Frames, close_code: int = 1000) -> list[str]:
    """The rules that a session breaks which sends these frames and closes so."""

    async def answer(socket: ServerConnection) -> None:
        for frame in frames:
            await socket.send(frame)
        await socket.close(close_code)

    log = Log()
    async with asyncio.timeout(10), serve(answer, "127.0.0.1", 0) as server:
        stream = await open_session(server, contract, log)
        assert isinstance(stream, WsMessageStream)
        while not isinstance(await stream.receive(), Ended):
            pass
        await stream.close()
    assert {violation.blame for violation in log.violations} <= {"deployment"}
    return sorted({rule for violation in log.violations for rule in violation.rules})


async def open_session(server: Server, contract: Contract, log: Log) -> WsMessageStream | Ended:
    port = next(iter(server.sockets)).getsockname()[1]
    target = Target(f"http://127.0.0.1:{port}", "127.0.0.1:1")
    rpc = contract.rpcs["BridgeService/Session"]
    return await WsMessageStream.open(target, rpc, Checks(contract), log, "/v1/session", {})


@pytest.mark.parametrize(
    ("frames", "close_code", "rules"),
    [
        ([json.dumps(GOOD)], 1000, []),
        ([json.dumps({"error": PROBLEM})], 4400, []),
        ([json.dumps(GOOD).encode()], 1000, ["GW-SESS-007"]),
        (["nonsense"], 1000, ["GW-SESS-007"]),
        ([json.dumps({"colour": "red"})], 1000, ["GW-MSG-001"]),
        ([json.dumps({"results": [documents.result(state="REQUEST_STATE_RUNNING")]})], 1000, ["GW-MSG-002"]),
        ([json.dumps({"error": PROBLEM})], 1000, ["GW-ERR-003"]),
        ([json.dumps({"error": PROBLEM}), json.dumps(GOOD)], 4400, ["GW-ERR-003"]),
        ([json.dumps({"error": PROBLEM | {"title": "Oops"}})], 4400, ["GW-ERR-003"]),
        ([], 4400, ["GW-ERR-003"]),
    ],
)
async def test_frames_of_a_websocket(frames: Frames, close_code: int, rules: list[str], contract: Contract) -> None:
    assert await rules_of(contract, frames, close_code) == rules


@pytest.mark.parametrize(
    ("media", "problem", "rules"),
    [
        ("application/problem+json", documents.problem("NOT_FOUND", 404, "Not found"), []),
        ("text/plain", documents.problem("NOT_FOUND", 404, "Not found"), ["GW-ERR-001"]),
        ("application/problem+json", {"oops": 1}, ["GW-ERR-001"]),
    ],
)
async def test_a_refused_handshake_is_a_problem(
    media: str, problem: dict[str, Any], rules: list[str], contract: Contract
) -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        response = connection.respond(HTTPStatus.NOT_FOUND, json.dumps(problem))
        del response.headers["content-type"]
        response.headers["content-type"] = media
        return response

    async def never(socket: ServerConnection) -> None:
        raise AssertionError("the handshake was refused")

    log = Log()
    async with asyncio.timeout(10), serve(never, "127.0.0.1", 0, process_request=refuse) as server:
        assert isinstance(await open_session(server, contract, log), Ended)
    assert sorted({rule for violation in log.violations for rule in violation.rules}) == rules


def events(*documents_: tuple[str, str, dict[str, Any]]) -> bytes:
    """Server-sent events: name, id, data."""
    return "".join(
        f"event: {name}\nid: {event_id}\ndata: {json.dumps(data)}\n\n" for name, event_id, data in documents_
    ).encode()


QUEUED, DONE = documents.event(1, "QUEUED"), documents.event(2, "SUCCEEDED")
WATCH = "- {sse: /v1/requests/req_1/events, expect: {}}"


@pytest.mark.parametrize(
    ("media", "body", "rules"),
    [
        ("text/event-stream", events(("QUEUED", "1", QUEUED), ("SUCCEEDED", "2", DONE)), []),
        ("application/json", events(("QUEUED", "1", QUEUED)), ["GW-WATCH-004"]),
        ("text/event-stream", events(("message", "1", QUEUED)), ["GW-WATCH-004"]),
        ("text/event-stream", events(("QUEUED", "7", QUEUED)), ["GW-WATCH-004"]),
        ("text/event-stream", events(("QUEUED", "1", QUEUED | {"colour": "red"})), ["GW-MSG-001"]),
        ("text/event-stream", events(("QUEUED", "1", QUEUED | {"at": None})), ["GW-MSG-002"]),
        ("text/event-stream", events(("QUEUED", "1", QUEUED), ("QUEUED", "1", QUEUED)), ["GW-WATCH-001"]),
        (
            "text/event-stream",
            events(("SUCCEEDED", "2", DONE), ("QUEUED", "3", QUEUED | {"sequence": 3})),
            ["GW-WATCH-001"],
        ),
        ("text/event-stream", events(("error", "", {"code": "NOPE"})), ["GW-ERR-001"]),
    ],
)
async def test_events_of_a_watch(
    media: str, body: bytes, rules: list[str], fake: Any, judge_steps: Callable[..., Any], answers: Any
) -> None:
    fake.says("GET /v1/requests/req_1/events", answers(200, body, media))
    case = await judge_steps(WATCH.replace("expect: {}", "expect: {error: {$one_of: [{$any: true}, {$absent: true}]}}"))
    assert sorted({rule for violation in case.violations for rule in violation.rules}) == rules, case.reason
