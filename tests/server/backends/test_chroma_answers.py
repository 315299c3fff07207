"""The Chroma client on answers that a healthy server cannot give: lost connections, silence, errors of no JSON."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import respx

from qbridge_server.backends.chroma.client import ChromaClient, ChromaError
from qbridge_server.ports import BackendLost

URL = "http://chroma.test:8000"


@pytest.fixture
async def client() -> AsyncIterator[ChromaClient]:
    made = ChromaClient(URL)
    yield made
    await made._http.aclose()


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("no route"),
        httpx.ReadTimeout("silent"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("the server disconnected in the middle of its answer"),
        httpx.DecodingError("no gzip"),
    ],
    ids=lambda fault: type(fault).__name__,
)
async def test_a_broken_connection_is_a_lost_backend_that_names_the_server(
    client: ChromaClient, respx_mock: respx.MockRouter, fault: httpx.HTTPError
) -> None:
    respx_mock.get(f"{URL}/api/v2/heartbeat").mock(side_effect=fault)
    with pytest.raises(BackendLost, match=rf"Chroma at {URL}: {type(fault).__name__} {fault}"):
        await client.heartbeat()


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (502, b"<html>Bad Gateway</html>"),
        (500, b""),
        (500, b"\xff\xfe not utf-8"),
        (400, b"[]"),
        (400, b'{"message": 7}'),
        (404, b"null"),
    ],
)
async def test_an_error_whose_body_is_no_error_of_chroma_keeps_its_status(
    client: ChromaClient, respx_mock: respx.MockRouter, status: int, content: bytes
) -> None:
    respx_mock.get(f"{URL}/api/v2/heartbeat").respond(status, content=content)
    with pytest.raises(ChromaError) as caught:
        await client.heartbeat()
    assert caught.value.status == status
