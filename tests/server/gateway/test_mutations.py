"""Mutated messages at every door: each gets an answer of the table, never INTERNAL, and the server stays healthy."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any, cast

import grpc
import httpx
import pytest
from google.rpc import error_details_pb2, status_pb2
from hypothesis import HealthCheck, given, settings, strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from qbridge_contract.convert import to_pb
from qbridge_contract.errors import BY_NAME
from qbridge_contract.services import RPCS
from qbridge_server.config import ServerConfig
from qbridge_server.serve import Addresses, Server

from .conftest import echo, new_request_id

MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
UNARY = [rpc for rpc in RPCS if not rpc.client_streaming and not rpc.server_streaming]


@pytest.fixture(scope="module")
def addresses() -> Iterator[Addresses]:
    """A server on a loop of its own, checked to be well at the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    async def start() -> Server:
        server = Server(ServerConfig(grpc="127.0.0.1:0", rest="127.0.0.1:0"))
        await server.start()
        return server

    server = run(start())
    yield server.addresses
    assert httpx.post(f"{server.addresses.rest}/v1/call", json=echo()).status_code == 200
    assert httpx.get(f"{server.addresses.rest}/v1/health").json()["state"] == "HEALTH_STATE_SERVING"
    run(server.stop())
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def good_call() -> dict[str, Any]:
    """A call that every door takes, with a field of most kinds."""
    return {
        **echo({"a": [1, 2.5, None, True]}),
        "id": new_request_id(),
        "priority": 3,
        "timeoutS": 1.5,
        "labels": {"colour": "blue"},
        "retry": {"crashesMax": 1},
    }


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mutated_trees(draw: Any) -> Any:
    """A good call with some of its places overwritten, removed or added."""
    tree = good_call()
    for _ in range(draw(st.integers(1, 3))):
        holder: Any = tree
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(holder[key], dict | list) and draw(st.booleans()):
                holder = holder[key]
                continue
            action = draw(st.sampled_from(("put", "drop", "add")))
            if action == "put" or isinstance(holder, list):
                holder[key] = draw(values)
            elif action == "drop":
                del holder[key]
            else:
                holder[draw(st.text(max_size=10))] = draw(values)
            break
    return tree


@st.composite
def mutated_bytes(draw: Any, good: bytes) -> bytes:
    """Good bytes with some cut, flipped, doubled or put in."""
    data = bytearray(good)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        action = draw(st.sampled_from(("cut", "flip", "double", "insert")))
        if action == "cut":
            del data[place : place + draw(st.integers(1, 8))]
        elif action == "flip" and data:
            data[place] ^= draw(st.integers(1, 255))
        elif action == "double":
            data[place:place] = data[place : place + 16]
        else:
            data[place:place] = draw(st.binary(min_size=1, max_size=8))
    return bytes(data)


def is_of_the_table(response: httpx.Response) -> bool:
    """A success, or a problem whose code and status go together."""
    if response.is_success:
        return True
    body = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert body["code"] in BY_NAME, body
    return bool(body["code"] != "INTERNAL" and body["status"] == response.status_code)


@MANY
@given(tree=mutated_trees())
def test_mutated_json_at_the_rest_door(addresses: Addresses, tree: Any) -> None:
    for path in ("/v1/call", "/v1/requests", "/v1/backends", "/v1/keys"):
        assert is_of_the_table(httpx.post(f"{addresses.rest}{path}", content=json.dumps(tree), headers=JSON))


JSON = {"content-type": "application/json"}


@MANY
@given(data=st.data())
def test_mutated_bytes_at_the_rest_door(addresses: Addresses, data: Any) -> None:
    body = data.draw(mutated_bytes(json.dumps(good_call()).encode()))
    assert is_of_the_table(httpx.post(f"{addresses.rest}/v1/call", content=body, headers=JSON))


@MANY
@given(data=st.data())
def test_mutated_bytes_at_the_grpc_door(addresses: Addresses, data: Any) -> None:
    rpc = data.draw(st.sampled_from(UNARY))
    good = _good_bytes(rpc)
    body = data.draw(mutated_bytes(good))
    reason = _grpc_reason(addresses.grpc, rpc.path, body)
    assert reason == "" or (reason in BY_NAME and reason != "INTERNAL"), (rpc.path, body)


def _grpc_reason(address: str, path: str, body: bytes) -> str:
    """The reason in the details of the answer's status; empty for a success, `bare` for a status without details."""
    with grpc.insecure_channel(address) as channel:
        try:
            call: Any = channel.unary_unary(path)
            call(body, timeout=10)
        except grpc.RpcError as error:
            metadata: dict[str, Any] = dict(cast(Any, error).trailing_metadata())
        else:
            return ""
    info = error_details_pb2.ErrorInfo()
    status = status_pb2.Status.FromString(metadata.get("grpc-status-details-bin", b""))
    found = any(each.Unpack(info) for each in status.details if each.Is(info.DESCRIPTOR))
    return info.reason if found else "bare"


def _good_bytes(rpc: Any) -> bytes:
    from google.protobuf import json_format

    message = to_pb(rpc.request())
    if rpc.name in ("Call", "Submit"):
        json_format.ParseDict({"request": good_call()}, message)
    data: bytes = message.SerializeToString()
    return data or b"\x0a\x02hi"


@MANY
@given(data=st.data())
def test_mutated_frames_at_the_websocket_door(addresses: Addresses, data: Any) -> None:
    good = json.dumps({"submits": [good_call()], "cancels": [new_request_id()]})
    frame = data.draw(mutated_bytes(good.encode())).decode("utf-8", "replace")
    with connect(addresses.rest.replace("http", "ws", 1) + "/v1/session") as socket:
        socket.recv(10)
        try:
            socket.send(frame)
            answer = json.loads(socket.recv(10))
        except ConnectionClosed as closed:
            raise AssertionError("closed without a word") from closed
    code = answer.get("error", {}).get("code") or answer.get("goAway", {}).get("error", {}).get("code", "")
    assert code.removeprefix("ERROR_CODE_") != "INTERNAL"
