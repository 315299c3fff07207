"""A door without keys is for this host's programs: a web page that the user happens to visit stays outside."""

from __future__ import annotations

import json
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from qbridge_server.gateway.keys import Keyring
from qbridge_server.runtime import SystemClock, SystemRng

from .conftest import Doors, echo

FOREIGN = (
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1.evil.example"},
    {"host": "evil.example:7401"},
    {"host": "127.0.0.1.evil.example"},
)
OWN = (
    {"origin": "http://localhost:3000"},
    {"origin": "http://127.0.0.1:7401", "host": "localhost:7401"},
    {"host": "[::1]:7401"},
    {"host": "LOCALHOST"},
    {"host": "bridge.localhost:7401"},
)
BODY = json.dumps(echo()).encode()
TYPED = {"content-type": "application/json"}


@pytest.mark.parametrize("path", ["/v1/call", "/v1/keys"])
async def test_a_foreign_page_may_not_post(doors: Doors, path: str) -> None:
    for headers in FOREIGN:
        response = await doors.http.post(path, content=BODY, headers={**TYPED, **headers})
        assert (response.status_code, response.json()["code"]) == (403, "PERMISSION_DENIED"), headers


@pytest.mark.parametrize("path", ["/v1/requests", "/v1/capabilities", "/metrics"])
async def test_a_foreign_page_may_not_read(doors: Doors, path: str) -> None:
    for headers in FOREIGN:
        response = await doors.http.get(path, headers=headers)
        assert (response.status_code, response.json()["code"]) == (403, "PERMISSION_DENIED"), headers


async def test_a_page_of_this_host_may(doors: Doors) -> None:
    for headers in OWN:
        response = await doors.http.post("/v1/call", content=BODY, headers={**TYPED, **headers})
        assert response.status_code == 200, headers


async def test_a_page_must_name_the_media_type_and_a_program_need_not(doors: Doors) -> None:
    assert (await doors.http.post("/v1/call", content=BODY)).status_code == 200
    response = await doors.http.post("/v1/call", content=BODY, headers={"origin": "http://localhost:3000"})
    assert (response.status_code, response.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_a_foreign_page_opens_no_session(doors: Doors, origin: Any) -> None:
    address = doors.server.addresses.rest.replace("http", "ws", 1)
    async with connect(f"{address}/v1/session", origin=origin) as socket:
        assert json.loads(await socket.recv())["error"]["code"] == "PERMISSION_DENIED"
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4403


async def test_with_keys_the_key_decides_and_the_origin_does_not(serve: Any, tmp_path: Any) -> None:
    file = tmp_path / "keys.json"
    key = Keyring(file, clock=SystemClock(), rng=SystemRng()).create("page", "acme", ["call"])[1]
    doors = await serve(key, keys=file)
    headers = {**TYPED, "origin": "https://app.example", "host": "bridge.example"}
    assert (await doors.http.post("/v1/call", content=BODY, headers=headers)).status_code == 200
