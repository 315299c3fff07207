"""The implementation in TypeScript: it shares no line with ours, and passes `core` with no special treatment."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import grpc
import httpx
import pytest

from qbridge_contract.v1 import backend_pb2, backend_pb2_grpc, bridge_pb2, bridge_pb2_grpc
from qbridge_harness.clients import Target
from qbridge_harness.contract import load_contract
from qbridge_harness.engine import Options, Report, run
from qbridge_harness.language import load_suites, plan_cases
from qbridge_harness.rules import load_rules

from .node_mock import NODE_MOCK, PROGRAM, RunningNode, build, node_mock

KEEPALIVE = httpx.Limits(keepalive_expiry=1)
"""Below the 5 s after which the server drops an idle connection."""
CASES = Path(__file__).parents[2] / "cases"
KEY = "the-first-secret"
BODY_BYTES = 20_000_000
WAIT_S = 20.0


@pytest.fixture(scope="module")
def missing() -> str:
    """What the program cannot be built for want of; nothing where it is built, newer than its sources."""
    return build()


@pytest.fixture(autouse=True)
def built(missing: str, missing_service: Callable[[str], NoReturn]) -> None:
    """Skips, or fails in CI, where there is no program to test."""
    if missing:
        missing_service(missing)


@pytest.fixture
async def node() -> AsyncIterator[RunningNode]:
    """One that asks for no keys."""
    async with node_mock() as running:
        yield running


async def judge(running: RunningNode, key: str, only: Sequence[str] = ()) -> Report:
    """The harness's report on all cases but the long ones, or on some of those."""
    contract = load_contract()
    planned = plan_cases(load_suites([CASES], contract, load_rules()), only=list(only), skip_tags=["full"])
    return await run(planned, Target(running.rest, running.grpc, key), contract, Options(jobs=6))


def red(report: Report) -> dict[str, str]:
    """Whatever neither passed nor was skipped, and why."""
    return {case.id: case.reason for case in report.cases if case.verdict not in ("passed", "skipped")}


@pytest.mark.slow
async def test_it_passes_every_case_that_applies() -> None:
    async with node_mock(key=KEY, routes=[("agent.*", "agent")]) as running:
        report = await judge(running, KEY)
    assert not red(report)
    assert report.count("passed") > 200


async def test_without_keys_everybody_may_call() -> None:
    async with node_mock() as running:
        report = await judge(running, "", only=["smoke", "errors", "claims/every-stream"])
    assert not red(report)
    assert report.count("passed") > 30


async def test_it_claims_what_it_keeps_and_no_more(node: RunningNode) -> None:
    async with httpx.AsyncClient(base_url=node.rest, timeout=WAIT_S, limits=KEEPALIVE) as http:
        claims = (await http.get("/v1/capabilities")).json()
    assert claims["profiles"] == ["core"]
    assert claims["durabilities"] == ["DURABILITY_MEMORY"]
    assert claims["transports"] == ["grpc", "rest", "sse", "websocket"]


async def test_a_route_sends_what_names_no_backend() -> None:
    async with (
        node_mock(routes=[("ec*", "echo")]) as running,
        httpx.AsyncClient(base_url=running.rest, timeout=WAIT_S, limits=KEEPALIVE) as http,
    ):
        routed = await http.post("/v1/call", json={"operation": {"invoke": {"name": "echo"}}})
        lost = await http.post("/v1/call", json={"operation": {"invoke": {"name": "dance"}}})
    assert routed.status_code == 200
    assert (lost.status_code, lost.json()["code"]) == (404, "NOT_FOUND")


def nested(levels: int) -> dict[str, Any]:
    """A call whose payload nests so deep."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return {"backend": "echo", "operation": {"invoke": {"name": "echo", "payload": {"json": value}}}}


async def test_what_nests_without_bottom_is_refused_and_the_next_is_served(node: RunningNode) -> None:
    async with httpx.AsyncClient(base_url=node.rest, timeout=WAIT_S, limits=KEEPALIVE) as http:
        deep = await http.post("/v1/call", json=nested(25))
        bottomless = await http.post("/v1/call", content="[" * 1_000_000, headers={"content-type": "application/json"})
        fine = await http.post("/v1/call", json=nested(24))
    assert (deep.status_code, deep.json()["code"]) == (400, "MALFORMED")
    assert (bottomless.status_code, bottomless.json()["code"]) == (400, "MALFORMED")
    assert fine.json()["reply"] == {"payload": nested(24)["operation"]["invoke"]["payload"]}


async def test_nesting_is_bounded_alike_over_grpc(node: RunningNode) -> None:
    message = bridge_pb2.CallRequest()
    message.request.backend = "echo"
    message.request.operation.invoke.name = "echo"
    value = message.request.operation.invoke.payload.json
    for _ in range(25):
        value = value.list_value.values.add()
    value.number_value = 1
    async with grpc.aio.insecure_channel(node.grpc) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await bridge_pb2_grpc.BridgeServiceStub(channel).Call(message, timeout=WAIT_S)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "nests too deep" in (refused.value.details() or "")


@pytest.mark.parametrize("deadline_s", [2**60, -(2**60)])
async def test_a_time_that_json_cannot_say_is_refused(node: RunningNode, deadline_s: int) -> None:
    message = bridge_pb2.CallRequest()
    message.request.operation.invoke.name = "echo"
    message.request.deadline.seconds = deadline_s
    async with grpc.aio.insecure_channel(node.grpc) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await bridge_pb2_grpc.BridgeServiceStub(channel).Call(message, timeout=WAIT_S)
    assert "no time between" in (refused.value.details() or "")


async def test_the_process_of_a_deleted_backend_finishes_what_it_has(node: RunningNode) -> None:
    async with (
        httpx.AsyncClient(base_url=node.rest, timeout=WAIT_S, limits=KEEPALIVE) as http,
        grpc.aio.insecure_channel(node.grpc) as channel,
    ):
        await http.post("/v1/backends", json={"name": "leaving"})
        call = backend_pb2_grpc.BackendServiceStub(channel).Execute(timeout=WAIT_S)
        await call.write(backend_pb2.ExecuteRequest(attach=backend_pb2.Attach(backend="leaving")))
        assert (await call.read()).WhichOneof("kind") == "attached"
        work = {"backend": "leaving", "operation": {"invoke": {"name": "work"}}}
        running = (await http.post("/v1/requests", json=work)).json()["requestId"]
        item = (await call.read()).batch.items[0]
        waiting = (await http.post("/v1/requests", json=work)).json()["requestId"]
        await http.delete("/v1/backends/leaving")
        assert (await call.read()).WhichOneof("kind") == "go_away"
        result = backend_pb2.ItemResult(request_id=item.request_id, epoch=item.epoch)
        result.reply.payload.text = "done"
        await call.write(backend_pb2.ExecuteRequest(results=[result]))
        assert await call.read() is grpc.aio.EOF
        states = [(await http.get(f"/v1/requests/{name}")).json()["state"] for name in (running, waiting)]
    assert states == ["REQUEST_STATE_SUCCEEDED", "REQUEST_STATE_DEAD"]


async def test_a_body_far_beyond_the_limit_is_refused(node: RunningNode) -> None:
    async with httpx.AsyncClient(base_url=node.rest, timeout=WAIT_S, limits=KEEPALIVE) as http:
        headers = {"content-type": "application/json"}
        refused = await http.post("/v1/call", content=b"x" * BODY_BYTES, headers=headers)
        healthy = await http.get("/v1/health")
    assert (refused.status_code, refused.json()["code"]) == (413, "TOO_LARGE")
    assert healthy.json()["state"] == "HEALTH_STATE_SERVING"


async def test_what_is_no_http_is_answered_as_a_problem(node: RunningNode) -> None:
    host, port = node.rest.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=WAIT_S) as connection:
        connection.sendall(b"what is this\r\n\r\n")
        answer = b""
        while chunk := connection.recv(65_536):
            answer += chunk
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "MALFORMED"


def test_a_route_that_is_none_is_a_mistake_of_the_call() -> None:
    done = subprocess.run(
        ["node", str(PROGRAM), "--route", "x"], capture_output=True, text=True, timeout=WAIT_S, check=False
    )
    assert done.returncode == 2
    assert "GLOB=BACKEND" in done.stderr


def test_its_code_has_one_form() -> None:
    prettier = NODE_MOCK / "node_modules/prettier/bin/prettier.cjs"
    done = subprocess.run(
        ["node", str(prettier), "--check", "src", "scripts"],
        cwd=NODE_MOCK,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert done.returncode == 0, f"{done.stderr}run: npm run format, in mocks/node"


def test_the_lock_file_names_hashes_and_no_hosts() -> None:
    text = (NODE_MOCK / "package-lock.json").read_text()
    packages = {name: row for name, row in json.loads(text)["packages"].items() if name}
    assert packages
    assert "://" not in "".join(line for line in text.splitlines() if "funding" not in line and '"url"' not in line)
    assert not [name for name, row in packages.items() if not row.get("integrity") or "resolved" in row]
