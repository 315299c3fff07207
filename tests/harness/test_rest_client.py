"""The harness's REST client on answers that a healthy deployment does not give."""

from __future__ import annotations

import httpx
import pytest
import respx
import uvicorn

from qbridge_harness.clients.rest import KEEPALIVE_S, RestClient
from qbridge_harness.clients.target import Target, Unreachable

BASE = "http://bridge.test"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (httpx.ReadError(""), "ReadError"),
        (httpx.RemoteProtocolError("Server disconnected without sending a response."), "Server disconnected"),
    ],
)
async def test_a_lost_connection_is_named_even_where_it_has_no_words(fault: httpx.HTTPError, words: str) -> None:
    client = RestClient(Target(BASE, "", ""))
    with respx.mock(base_url=BASE) as mock:
        mock.post("/v1/backends").mock(side_effect=fault)
        with pytest.raises(Unreachable, match=f"POST {BASE}/v1/backends: .*{words}"):
            await client.send("POST", "/v1/backends")
    await client.close()


def test_an_idle_connection_is_given_up_before_a_usual_server_drops_it() -> None:
    assert KEEPALIVE_S < uvicorn.Config("none:app").timeout_keep_alive / 2
