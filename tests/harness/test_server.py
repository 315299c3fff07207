"""The harness over HTTP: a curl is a check."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from qbridge_harness.clients import Target
from qbridge_harness.contract import Contract
from qbridge_harness.engine import Options
from qbridge_harness.language import Suite, plan_cases
from qbridge_harness.runs import QUEUED_MAX, Runs
from qbridge_harness.server import Harness, create_app

SUITE = """
purpose: A test.
cases:
  - {name: good, tags: [quick], act: [{check: 1, is: 1}]}
  - {name: bad, act: [{check: 1, is: 2}]}
  - {name: skipped, needs: {profile: vector}, act: [{check: 1, is: 1}]}
  - {name: slow, act: [{call: Call, with: {operation: {invoke: {name: a}}}}]}
"""


@pytest.fixture
async def client(fake: Any, suite: Callable[[str], Suite], contract: Contract) -> AsyncIterator[httpx.AsyncClient]:
    runs = Runs(Target(fake.url, "127.0.0.1:1"), contract, Options())
    app = create_app(Harness(plan_cases([suite(SUITE)]), runs, fake.url, "127.0.0.1:1"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://harness") as http:
        yield http
    await runs.close()


async def test_a_passed_case_answers_200_with_text_for_curl(client: httpx.AsyncClient) -> None:
    answer = await client.get("/run/here/good")
    assert answer.status_code == 200
    assert answer.text.splitlines()[-1] == "1 passed, 0 failed"


async def test_a_failed_case_answers_an_error_that_curl_notices(client: httpx.AsyncClient) -> None:
    answer = await client.get("/run/here/bad")
    assert answer.status_code == 422
    assert "expected 2, got 1" in answer.text


async def test_a_run_in_which_nothing_applied_is_no_success(client: httpx.AsyncClient) -> None:
    answer = await client.get("/run/here/skipped")
    assert answer.status_code == 422
    assert "0 passed, 0 failed, 1 skipped" in answer.text


async def test_json_comes_where_it_is_asked_for(client: httpx.AsyncClient) -> None:
    answer = await client.get("/run/here/good", headers={"accept": "application/json"})
    assert answer.json()["report"]["counts"]["passed"] == 1


async def test_a_prefix_runs_all_beneath_it_and_an_unknown_one_none(
    client: httpx.AsyncClient, fake: Any, answers: Any
) -> None:
    fake.says("POST /v1/call", answers(200, {"state": "REQUEST_STATE_SUCCEEDED"}))
    answer = await client.get("/run/here")
    assert "2 passed, 1 failed, 1 skipped" in answer.text
    assert (await client.get("/run/there")).status_code == 404


async def test_cases_and_health_are_told(client: httpx.AsyncClient) -> None:
    assert [case["id"] for case in (await client.get("/cases")).json()] == [
        "here/good",
        "here/bad",
        "here/skipped",
        "here/slow",
    ]
    assert len((await client.get("/cases", params={"tag": "quick"})).json()) == 1
    assert (await client.get("/health")).json()["status"] == "ok"


async def test_a_posted_run_answers_at_once_and_is_followed(client: httpx.AsyncClient, fake: Any, answers: Any) -> None:
    fake.says("POST /v1/call", answers(200, {"state": "REQUEST_STATE_SUCCEEDED"}))
    fake.hold = asyncio.Event()
    started = await client.post("/run/here/slow", headers={"idempotency-key": "k"})
    assert started.status_code == 202
    url = started.json()["url"]
    assert (await client.get(url)).json()["state"] in ("queued", "running")
    again = await client.post("/run/here/slow", headers={"idempotency-key": "k"})
    assert again.json()["id"] == started.json()["id"]
    fake.hold.set()
    events = await client.get(url, headers={"accept": "text/event-stream"})
    names = [line for line in events.text.splitlines() if line.startswith("event:")]
    assert names == ["event: case", "event: done"]
    assert json.loads(events.text.split("data: ")[1].splitlines()[0])["verdict"] == "passed"
    assert (await client.get(url)).json()["state"] == "done"
    page = await client.get(url, headers={"accept": "text/html"})
    assert "1 passed, 0 failed" in page.text
    assert len((await client.get("/runs")).json()) == 1


async def test_an_unknown_run_is_a_problem(client: httpx.AsyncClient) -> None:
    assert (await client.get("/runs/none")).status_code == 404


async def test_a_target_that_does_not_answer_is_a_bad_gateway(
    suite: Callable[[str], Suite], contract: Contract
) -> None:
    runs = Runs(Target("http://127.0.0.1:1", "127.0.0.1:1"), contract, Options())
    app = create_app(Harness(plan_cases([suite(SUITE)]), runs, "", ""))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://harness") as http:
        answer = await http.get("/run/here/good")
    assert answer.status_code == 502
    assert "127.0.0.1:1" in answer.json()["detail"]


async def test_too_many_runs_are_refused(client: httpx.AsyncClient, fake: Any, answers: Any) -> None:
    fake.says("POST /v1/call", answers(200, {"state": "REQUEST_STATE_SUCCEEDED"}))
    fake.hold = asyncio.Event()
    codes = [(await client.post("/run/here/slow")).status_code for _ in range(QUEUED_MAX + 3)]
    fake.hold.set()
    assert codes[0] == 202
    assert codes[-1] == 429
