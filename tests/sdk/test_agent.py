"""Orchestrator to agent to answer: a routing rule, an agent in its own process, one trace, every door."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import websockets

import qbridge
from qbridge import _trace

if TYPE_CHECKING:
    from .conftest import ServerProcess

AGENT = Path(__file__).parents[2] / "examples" / "agent.py"
QUESTION, PAGE = "What does the with statement do?", "with"
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def agent(server: ServerProcess) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(AGENT), "--target", server.grpc]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "librarian is ready\n"
        yield process
        process.terminate()
        assert process.wait(timeout=20) == 0


@pytest.mark.parametrize("door", ["grpc", "rest"])
async def test_the_answer_comes_back_with_the_callers_trace(
    server: ServerProcess, agent: subprocess.Popen[str], door: str
) -> None:
    token = _trace.current.set(TRACEPARENT)
    try:
        async with qbridge.aconnect(getattr(server, door)) as client:
            answer = await client.call("", "ask", QUESTION)
    finally:
        _trace.current.reset(token)
    assert (answer["page"], answer["trace"]) == (PAGE, TRACE)
    assert "context manager" in answer["answer"]


async def test_over_websocket_too(server: ServerProcess, agent: subprocess.Popen[str]) -> None:
    request = {
        "id": qbridge._ids.RequestIds().new(),
        "operation": {"invoke": {"name": "ask", "payload": {"text": QUESTION}}},
        "traceparent": TRACEPARENT,
    }
    async with websockets.connect(server.rest.replace("http", "ws") + "/v1/session") as socket:
        await socket.send(json.dumps({"submits": [request]}))
        results: list[dict[str, object]] = []
        while not results:
            results = json.loads(await socket.recv()).get("results", [])
    [result] = results
    assert result["traceId"] == TRACE
    answer = result["reply"]["payload"]["json"]  # type: ignore[index]
    assert (answer["page"], answer["trace"]) == (PAGE, TRACE)
