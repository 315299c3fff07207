"""Who may ask the server: only who has the token, under a name of its own, and never another page's script."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from qbridge_harness.clients import Target
from qbridge_harness.contract import Contract
from qbridge_harness.engine import Options
from qbridge_harness.language import Suite, plan_cases
from qbridge_harness.server.app import create_app
from qbridge_harness.server.guard import is_loopback
from qbridge_harness.server.harness import Harness
from qbridge_harness.server.history import History
from qbridge_harness.server.runs import Runs

SUITE = "purpose: A test.\ncases:\n  - {name: good, act: [{check: 1, is: 1}]}\n"
TOKEN = "a-token/of+signs="
Client = Callable[..., httpx.AsyncClient]


@pytest.fixture
def history() -> Iterator[History]:
    with closing(History.open(None)) as opened:
        yield opened


@pytest.fixture
async def client(
    fake: Any, suite: Callable[[str], Suite], contract: Contract, history: History
) -> AsyncIterator[Client]:
    """Makes clients of a server with a token, or without."""
    runs = Runs(Target(fake.url, "127.0.0.1:1"), contract, Options(), history)
    harness = Harness(plan_cases([suite(SUITE)]), runs, fake.url, "127.0.0.1:1")

    def make(token: str = "", hosts: tuple[str, ...] = (), **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(create_app(harness, token=token, hosts=hosts))
        plain = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.AsyncClient(transport=transport, base_url="http://localhost:7500", headers=plain)

    yield make
    await runs.close()


@pytest.mark.parametrize(
    "path", ["/cases", "/runs", "/run/here", "/runs/x", "/compare?before=a&after=b", "/openapi.json"]
)
async def test_without_the_token_nothing_is_told(client: Client, fake: Any, path: str) -> None:
    for given in (
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": f"Basic {TOKEN}"},
        {"authorization": "Bearer"},
    ):
        answer = await client(TOKEN, **given).get(path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"
    assert fake.asked == []


async def test_the_token_opens_everything(client: Client) -> None:
    http = client(TOKEN, authorization=f"bearer {TOKEN}")
    assert (await http.get("/run/here")).status_code == 200
    assert (await http.get("/health")).json()["cases"] == 1


async def test_the_page_and_a_bare_health_need_no_token(client: Client, fake: Any) -> None:
    http = client(TOKEN)
    assert "<title>Q-Bridge harness</title>" in (await http.get("/")).text
    assert (await http.get("/assets/app.js")).status_code == 200
    health = (await http.get("/health")).json()
    assert (health["status"], health["known"], health["target"]) == ("ok", False, "")


@pytest.mark.parametrize("path", ["/assets/../app.py", "/assets/%2e%2e/app.py", "/assets/none.js", "/nowhere"])
async def test_a_path_leads_nowhere_else(client: Client, path: str) -> None:
    answer = await client().get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("host", "served"),
    [
        ("localhost:7500", True),
        ("127.0.0.1:7500", True),
        ("[::1]:7500", True),
        ("192.168.1.7", True),
        ("harness.example", True),
        ("HARNESS.example:80", True),
        ("rebound.example:7500", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("", False),
        ("[", False),
    ],
)
async def test_a_name_that_was_not_told_is_not_served(client: Client, host: str, served: bool) -> None:
    answer = await client(hosts=("harness.example",), host=host).get("/run/here")
    assert answer.status_code == (200 if served else 421)
    if not served:
        assert "--allow-host" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "headers", "allowed"),
    [
        ("POST", "/run/here", {"origin": "http://localhost:7500"}, True),
        ("POST", "/run/here", {"origin": "http://localhost:7501"}, False),
        ("POST", "/run/here", {"origin": "https://evil.example"}, False),
        ("POST", "/run/here", {"origin": "null"}, False),
        ("GET", "/runs", {"origin": "https://evil.example"}, False),
        ("GET", "/run/here", {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors"}, False),
        ("GET", "/run/here", {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}, False),
        ("GET", "/run/here", {"sec_fetch_site": "same-site", "sec_fetch_mode": "no-cors"}, False),
        ("GET", "/", {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}, True),
        ("GET", "/runs", {"sec_fetch_site": "same-origin", "sec_fetch_mode": "cors"}, True),
        ("GET", "/run/here", {"sec_fetch_site": "none", "sec_fetch_mode": "navigate"}, True),
    ],
)
async def test_a_page_of_another_origin_drives_nothing(
    client: Client, method: str, path: str, headers: dict[str, str], allowed: bool
) -> None:
    answer = await client(**headers).request(method, path)
    assert (answer.status_code != 403) is allowed
    assert (answer.status_code < 300) is allowed


async def test_every_answer_says_what_a_browser_may_do_with_it(client: Client) -> None:
    http = client()
    for path in ("/", "/cases", "/nowhere", "/assets/app.js"):
        headers = (await http.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)],
)
def test_loopback_is_known(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
