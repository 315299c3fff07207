"""The page in a real browser: start, live progress, cancel, compare; nothing from elsewhere, nothing that overflows."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from qbridge_harness.clients import Target
from qbridge_harness.contract import load_contract
from qbridge_harness.engine import Options
from qbridge_harness.language import plan_cases
from qbridge_harness.language.load import parse_suite
from qbridge_harness.server.app import create_app
from qbridge_harness.server.harness import Harness
from qbridge_harness.server.history import History
from qbridge_harness.server.runs import Runs

from . import documents
from .browser import Browser, NoBrowser
from .conftest import CAPABILITIES, FakeDeployment, answer, serving

SUITE = """
purpose: A test.
cases:
  - name: good
    purpose: It is <img src=x onerror=alert(1)> good.
    tags: [quick]
    proves: [GW-SUB-001]
    act: [{check: 1, is: 1}]
  - {name: held, tags: [serial], act: [{call: Call, with: {operation: {invoke: {name: a}}}}]}
  - {name: asks, vars: {word: hello}, proves: [GW-CALL-001], act: [{check: "${word}", is: hello}]}
"""
TOKEN = "the-token"
WATCH = """
window.seen = [];
const note = () => window.seen.push(document.body.innerText);
new MutationObserver(note).observe(document.body, {subtree: true, childList: true});
"""
FITS = """
const fits = (element) => element.scrollWidth <= element.clientWidth;
return [document.documentElement, ...document.querySelectorAll(".table")].every(fits);
"""
TAB, SPACE, ENTER = "\ue004", " ", "\ue007"


@dataclass
class Served:
    """A harness that serves in a thread, and the hands of a test on it."""

    url: str = ""
    loop: asyncio.AbstractEventLoop | None = None
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    server: uvicorn.Server | None = None
    ready: threading.Event = field(default_factory=threading.Event)

    def release(self) -> None:
        """Lets the target answer the call of the case `held`."""
        assert self.loop is not None
        self.loop.call_soon_threadsafe(self.hold.set)

    def cut(self) -> None:
        """Breaks every connection of the page, as a network does."""
        assert self.loop is not None
        assert self.server is not None
        for connection in list(self.server.server_state.connections):
            self.loop.call_soon_threadsafe(connection.transport.abort)

    def run(self, prefix: str, **variables: str) -> None:
        """A run that is over when this returns."""
        body = {"variables": variables}
        with httpx.Client(
            base_url=self.url, trust_env=False, timeout=60, limits=httpx.Limits(keepalive_expiry=1)
        ) as http:
            url = http.post(f"/run/{prefix}", json=body).raise_for_status().json()["url"]
            http.get(url, headers={"accept": "text/event-stream"})


async def serve(served: Served, token: str) -> None:
    """A fake deployment and a harness that judges it, until the server is told to exit."""
    fake = FakeDeployment(hold=served.hold)
    fake.says("GET /v1/capabilities", answer(200, CAPABILITIES))
    fake.says("GET /v1/backends", answer(200, {"backends": []}))
    fake.says("POST /v1/call", answer(200, documents.result()))
    contract = load_contract()
    planned = plan_cases([parse_suite(SUITE, "cases/here.yaml", "here", contract)])
    with closing(History.open(None)) as history, socket.create_server(("127.0.0.1", 0)) as listener:
        methods = ["GET", "POST"]
        async with serving(Starlette(routes=[Route("/{path:path}", fake.handle, methods=methods)])) as target:
            runs = Runs(Target(target, "127.0.0.1:1"), contract, Options(), history)
            app = create_app(Harness(planned, runs, target, "127.0.0.1:1"), token=token)
            served.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            served.loop = asyncio.get_running_loop()
            served.server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none"))
            serving_page = asyncio.create_task(served.server.serve([listener]))
            served.ready.set()
            await serving_page
            served.hold.set()


@contextmanager
def harness(token: str = "") -> Iterator[Served]:
    """The harness in a thread of its own: the browser is driven from this one."""
    served = Served()
    thread = threading.Thread(target=lambda: asyncio.run(serve(served, token)), daemon=True)
    thread.start()
    try:
        assert served.ready.wait(60)
        yield served
    finally:
        if served.server is not None:
            served.release()
            served.server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="module")
def shared_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser | str]:
    """One browser for all tests, or the reason why there is none."""
    try:
        with Browser.start(tmp_path_factory.mktemp("browser")) as started:
            yield started
    except NoBrowser as error:
        yield str(error)


@pytest.fixture
def browser(shared_browser: Browser | str, missing_service: Callable[[str], NoReturn]) -> Iterator[Browser]:
    """The browser; its console must stay empty."""
    if isinstance(shared_browser, str):
        missing_service(shared_browser)
    shared_browser.resize(1100, 800)
    shared_browser.complaints()
    yield shared_browser
    assert shared_browser.complaints() == []
    shared_browser.open("about:blank")


@pytest.fixture
def served() -> Iterator[Served]:
    with harness() as running:
        yield running


def test_a_run_is_started_followed_live_through_a_broken_connection_and_reported(
    browser: Browser, served: Served
) -> None:
    browser.open(served.url)
    browser.wait_for(".suite", "here")
    assert "It is <img src=x onerror=alert(1)> good." in browser.text(".rows")
    browser.click('[aria-label="Run all of here"]')
    browser.wait_for(".case.running", "here/held")
    browser.wait_for("#progress", "2 of 3 cases judged")
    assert sorted(browser.texts(".case.passed .name")) == ["here/asks", "here/good"]
    browser.run(WATCH)
    served.cut()
    browser.wait("return window.seen.some((text) => text.includes('The connection is lost'))")
    browser.wait("return !document.querySelector('.notice')")
    served.release()
    browser.wait_for("#state", "passed")
    browser.wait_for("#progress", "3 passed, 0 failed")
    assert browser.texts(".case .name") == ["here/good", "here/held", "here/asks"]
    assert "here: passed" in browser.run("return document.getElementById('live').textContent")
    browser.click(".case:nth-child(2) summary")
    browser.wait_for(".inside", "call Call")
    browser.click(".wire summary")
    browser.wait_for(".msg", "REQUEST_STATE_SUCCEEDED")
    browser.complaints()  # The browser tells of the connection that the test has cut.


def test_a_run_is_cancelled(browser: Browser, served: Served) -> None:
    browser.open(served.url)
    browser.wait_for(".suite")
    browser.type("#prefix", "here/held")
    browser.press(ENTER)
    browser.wait_for(".case.running", "here/held")
    browser.click("#cancel")
    browser.wait_for("#state", "cancelled")
    browser.wait_for(".notice", "The run was cancelled.")
    browser.wait_for(".case.cancelled", "here/held")
    browser.run("location.reload()")
    browser.wait_for(".case.cancelled", "here/held")


def test_two_runs_are_chosen_by_keyboard_and_compared(browser: Browser, served: Served) -> None:
    served.run("here/asks")
    served.run("here/asks", word="goodbye")
    browser.open(f"{served.url}/#/runs")
    browser.wait_for("tbody tr:nth-child(2)")
    assert browser.texts("tbody .badge") == ["failed", "passed"]
    browser.run("document.querySelector('tbody input').focus()")
    browser.press(SPACE, TAB, TAB, SPACE)
    browser.click("button.primary")
    browser.wait_for("#changed-verdicts", "here/asks")
    assert browser.texts("#changed-verdicts .badge") == ["passed", "failed"]
    assert "goodbye" in browser.text("#changed-verdicts")
    assert "GW-CALL-001" in browser.text("#changed-rules")
    assert browser.text("#told").startswith("1 verdict, 1 rule changed")


def test_cases_are_filtered_and_planned(browser: Browser, served: Served) -> None:
    browser.open(served.url)
    browser.wait_for(".rows li:nth-child(3)")
    browser.type("#search", "held")
    assert browser.texts(".rows .name") == ["held"]
    browser.type("#search", " ")
    for select, value in (("tag", "quick"), ("rule", "GW-SUB-001")):
        browser.choose(f"#{select}", value)
        assert browser.texts(".rows .name") == ["good"]
    browser.type("#prefix", "here/asks")
    browser.click('.start button[type="button"]')
    browser.wait_for(".plan", "1 case, 1 step, 1 rule")
    browser.type("#prefix", "nowhere")
    browser.press(ENTER)
    browser.wait_for(".notice", "No case begins with 'nowhere'")
    browser.complaints()  # The browser tells of the 404.


def test_the_page_asks_for_the_token_until_it_is_right(browser: Browser) -> None:
    with harness(TOKEN) as served:
        browser.open(served.url)
        for token, then in (("wrong", "That token is not the one."), (TOKEN, "")):
            browser.wait_for("#ask[open]", "asks for its token")
            browser.type("#token", token)
            browser.press(ENTER)
            if then:
                browser.wait_for("#ask-problem", then)
        browser.wait_for(".suite", "here")
        browser.complaints()  # The browser tells of each 401.


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_a_phone(browser: Browser, served: Served, scheme: str) -> None:
    served.run("here/asks", word="goodbye " * 40)
    served.run("here/asks")
    browser.resize(375, 700)
    browser.prefer(scheme)
    runs = httpx.get(f"{served.url}/runs", trust_env=False, timeout=60).json()
    one, other = (run["id"] for run in runs)
    for path, selector in (
        ("", ".suite"),
        ("runs", "tbody tr"),
        (f"runs/{other}", ".case"),
        (f"compare/{other}/{one}", "#told"),
    ):
        browser.open("about:blank")
        browser.open(f"{served.url}/#/{path}")
        browser.wait_for(selector)
        assert browser.run(FITS), path
    assert browser.run("return getComputedStyle(document.body).backgroundColor") == (
        "rgb(246, 247, 249)" if scheme == "light" else "rgb(18, 22, 28)"
    )


def test_the_page_asks_nobody_else(browser: Browser, served: Served) -> None:
    browser.open(served.url)
    browser.wait_for(".suite")
    asked = browser.run("return performance.getEntriesByType('resource').map((entry) => new URL(entry.name).origin)")
    assert set(asked) == {served.url}
    script = "const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s)"
    assert browser.run(f"{script}; return window.ran") is None
    browser.complaints()  # The browser tells of the script that it has refused.


def test_where_there_is_no_browser_the_reason_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoBrowser, match="apt-get install chromium chromium-driver"):
        Browser.start(tmp_path)
