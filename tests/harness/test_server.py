"""The harness over HTTP: a curl is a check."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest

from qbridge_harness.clients import Target
from qbridge_harness.contract import Contract
from qbridge_harness.engine import Options
from qbridge_harness.language import PlannedCase, Suite, plan_cases
from qbridge_harness.server.app import create_app
from qbridge_harness.server.harness import BODY_MAX, Harness
from qbridge_harness.server.history import History
from qbridge_harness.server.runs import Limits, Runs

from . import documents

SUITE = """
purpose: A test.
cases:
  - {name: good, tags: [quick], proves: [GW-SUB-001], act: [{check: 1, is: 1}]}
  - {name: bad, act: [{check: 1, is: 2}]}
  - {name: skipped, needs: {profile: vector}, act: [{check: 1, is: 1}]}
  - {name: slow, act: [{call: Call, with: {operation: {invoke: {name: a}}}}]}
  - {name: asks, needs: {variable: word}, act: [{check: "${word}", is: hello}]}
"""


@pytest.fixture
def planned(suite: Callable[[str], Suite]) -> list[PlannedCase]:
    return plan_cases([suite(SUITE)])


@pytest.fixture
def history() -> Iterator[History]:
    opened = History.open(None)
    yield opened
    opened.close()


@pytest.fixture
async def client(
    fake: Any, planned: list[PlannedCase], contract: Contract, history: History
) -> AsyncIterator[httpx.AsyncClient]:
    runs = Runs(Target(fake.url, "127.0.0.1:1"), contract, Options(), history, Limits(waiting_max=2))
    app = create_app(Harness(planned, runs, fake.url, "127.0.0.1:1"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        yield http
    await runs.close()


@pytest.fixture
def held(fake: Any, answers: Any) -> asyncio.Event:
    """Until it is set, the case `slow` waits for its target."""
    fake.says("POST /v1/call", answers(200, documents.result()))
    fake.hold = asyncio.Event()
    hold: asyncio.Event = fake.hold
    return hold


def events(text: str) -> list[tuple[int, str, dict[str, Any]]]:
    """The events of a stream: number, kind, data."""
    found = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found


async def followed(client: httpx.AsyncClient, url: str, after: int = 0) -> httpx.Response:
    """The rest of a run's events, once it is over."""
    headers = {"accept": "text/event-stream", "last-event-id": str(after)}
    return await asyncio.wait_for(client.get(url, headers=headers), 20)


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
    client: httpx.AsyncClient, held: asyncio.Event
) -> None:
    held.set()
    answer = await client.get("/run/here")
    assert "2 passed, 1 failed, 2 skipped" in answer.text
    assert (await client.get("/run/there")).status_code == 404


async def test_cases_are_told_by_prefix_tag_and_rule(client: httpx.AsyncClient) -> None:
    async def names(**query: str) -> list[str]:
        return [case["id"] for case in (await client.get("/cases", params=query)).json()]

    assert await names() == ["here/good", "here/bad", "here/skipped", "here/slow", "here/asks"]
    assert await names(prefix="here/slow") == ["here/slow"]
    assert await names(tag="quick") == await names(rule="GW-SUB-001") == ["here/good"]
    assert (await client.get("/health")).json()["status"] == "ok"


async def test_options_of_a_run_are_its_own(client: httpx.AsyncClient) -> None:
    body = {"variables": {"word": "hello"}, "seed": "a seed", "jobs": 1, "fail_fast": True}
    url = (await client.post("/run/here/asks", json=body)).json()["url"]
    await followed(client, url)
    run = (await client.get(url)).json()
    assert (run["outcome"], run["seed"]) == ("passed", "a seed")
    assert run["options"] == {"jobs": 1, "fail_fast": True, "variables": ["word"]}
    assert "skipped" in (await client.get("/run/here/asks")).text


async def test_each_run_has_a_seed_of_its_own_and_says_it(client: httpx.AsyncClient) -> None:
    runs = [await client.get("/run/here/good", headers={"accept": "application/json"}) for _ in range(2)]
    seeds = {run.json()["report"]["seed"] for run in runs}
    assert len(seeds) == 2
    assert "" not in seeds


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"{", "no JSON"),
        (b"[]", "the body"),
        (b'{"job": 1}', "job"),
        (b'{"jobs": 0}', "jobs"),
        (b'{"seed": 1}', "seed"),
    ],
)
async def test_a_bad_body_is_a_problem_that_names_the_place(
    client: httpx.AsyncClient, content: bytes, word: str
) -> None:
    answer = await client.post("/run/here/good", content=content)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert word in answer.json()["detail"]
    assert (await client.get("/runs")).json() == []


async def test_a_huge_body_is_refused_before_it_is_read(client: httpx.AsyncClient) -> None:
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1600):
            sent += BODY_MAX
            yield b"x" * BODY_MAX

    assert (await client.post("/run/here/good", content=body())).status_code == 413
    assert sent < 10 * BODY_MAX


async def test_a_query_that_is_no_number_is_a_mistake_and_not_a_failed_case(client: httpx.AsyncClient) -> None:
    answer = await client.get("/run/here/good", params={"jobs": "many"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


async def test_a_posted_run_answers_at_once_and_is_followed(client: httpx.AsyncClient, held: asyncio.Event) -> None:
    started = await client.post("/run/here/slow")
    assert started.status_code == 202
    url = started.json()["url"]
    assert started.headers["location"] == url
    assert (await client.get(url)).json()["state"] in ("queued", "running")
    following = asyncio.create_task(followed(client, url))
    held.set()
    told = events((await following).text)
    assert [(number, kind) for number, kind, _ in told] == [(1, "run"), (2, "start"), (3, "case"), (4, "done")]
    assert told[1][2] == {"id": "here/slow"}
    assert told[2][2]["verdict"] == "passed"
    assert told[3][2] == {"state": "done", "outcome": "passed", "summary": "1 passed, 0 failed"}
    assert (await client.get(url)).json()["report"]["counts"]["passed"] == 1
    page = await client.get(url, headers={"accept": "text/html"})
    assert "1 passed, 0 failed" in page.text
    assert "sandbox" in page.headers["content-security-policy"]
    assert [run["id"] for run in (await client.get("/runs")).json()] == [started.json()["id"]]


async def test_a_reader_resumes_after_the_last_event_that_it_has(
    client: httpx.AsyncClient, held: asyncio.Event
) -> None:
    url = (await client.post("/run/here/slow")).json()["url"]
    resumed = asyncio.create_task(followed(client, url, after=2))
    held.set()
    assert [number for number, _, _ in events((await resumed).text)] == [3, 4]
    assert [number for number, _, _ in events((await followed(client, url, after=3)).text)] == [4]
    assert (await followed(client, url, after=4)).status_code == 204


async def test_one_key_is_one_run_and_never_another(client: httpx.AsyncClient, held: asyncio.Event) -> None:
    held.set()
    key = {"idempotency-key": "k"}
    first, second = await asyncio.gather(*(client.post("/run/here/slow", headers=key) for _ in range(2)))
    assert first.json()["id"] == second.json()["id"]
    await followed(client, first.json()["url"])
    assert (await client.post("/run/here/slow", headers=key)).json()["id"] == first.json()["id"]
    other_case = await client.post("/run/here/good", headers=key)
    other_options = await client.post("/run/here/slow", headers=key, json={"jobs": 1})
    assert (other_case.status_code, other_options.status_code) == (409, 409)
    assert first.json()["id"] in other_case.json()["detail"]
    assert len((await client.get("/runs")).json()) == 1


async def test_an_unknown_run_is_a_problem(client: httpx.AsyncClient) -> None:
    for path in ("/runs/none", "/compare?before=none&after=none"):
        assert (await client.get(path)).status_code == 404
    assert (await client.post("/runs/none/cancel")).status_code == 404


async def test_a_target_that_does_not_answer_is_a_bad_gateway(
    planned: list[PlannedCase], contract: Contract, history: History
) -> None:
    runs = Runs(Target("http://127.0.0.1:1", "127.0.0.1:1"), contract, Options(), history)
    app = create_app(Harness(planned, runs, "", ""))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        answer = await http.get("/run/here/good")
    assert answer.status_code == 502
    assert "127.0.0.1:1" in answer.json()["detail"]


async def test_too_many_runs_are_refused_with_the_time_to_ask_again(
    client: httpx.AsyncClient, held: asyncio.Event
) -> None:
    answers = [await client.post("/run/here/slow") for _ in range(4)]
    held.set()
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert answers[-1].headers["content-type"] == "application/problem+json"


async def test_a_cancelled_run_is_over_at_once_and_whoever_waits_is_told(
    client: httpx.AsyncClient, held: asyncio.Event
) -> None:
    waiting = asyncio.create_task(client.get("/run/here/slow"))
    behind = asyncio.create_task(client.get("/run/here/good"))
    async with asyncio.timeout(10):
        while len(found := (await client.get("/runs")).json()) < 2:
            pass  # Each question lets the others go on.
    following = asyncio.create_task(followed(client, f"/runs/{found[-1]['id']}"))
    cancelled = await client.post(f"/runs/{found[-1]['id']}/cancel")
    assert (cancelled.json()["state"], cancelled.json()["problem"]) == ("cancelled", "The run was cancelled.")
    answer = await asyncio.wait_for(waiting, 10)
    assert (answer.status_code, answer.json()["title"]) == (409, "Cancelled")
    assert events((await following).text)[-1][1:] == (
        "done",
        {"state": "cancelled", "outcome": "", "summary": "The run was cancelled."},
    )
    assert (await asyncio.wait_for(behind, 10)).status_code == 200
    again = await client.post(f"/runs/{found[-1]['id']}/cancel")
    assert again.json()["state"] == "cancelled"


async def test_a_run_that_waits_can_be_cancelled_too(client: httpx.AsyncClient, held: asyncio.Event) -> None:
    await client.post("/run/here/slow")
    behind = (await client.post("/run/here/good")).json()["url"]
    assert (await client.post(f"{behind}/cancel")).json()["state"] == "cancelled"
    assert (await client.get(behind)).json()["started_at"] == ""


async def test_a_dry_run_shows_the_plan_and_asks_nothing_of_the_target(client: httpx.AsyncClient, fake: Any) -> None:
    plan = (await client.post("/run/here", params={"dry_run": "true"})).json()
    assert fake.asked == []
    assert [case["id"] for case in plan["cases"]][:2] == ["here/good", "here/bad"]
    assert plan["rules"] == ["GW-SUB-001"]
    assert plan["steps"] == 5
    assert plan["contacts"] == [fake.url, "127.0.0.1:1"]
    assert plan["cases"][2]["needs"] == {"profile": "vector"}
    assert plan["cases"][0]["steps"] == [{"phase": "act", "kind": "check", "title": "", "line": 4}]
    assert (plan["estimated_s"], plan["without_estimate"]) == (None, 5)
    await client.get("/run/here/good")
    after = (await client.post("/run/here", params={"dry_run": "true"})).json()
    assert after["cases"][0]["estimated_ms"] is not None
    assert after["without_estimate"] == 4
    assert len((await client.get("/runs")).json()) == 1


async def test_two_runs_are_compared(client: httpx.AsyncClient, fake: Any, answers: Any) -> None:
    fake.says("POST /v1/call", answers(200, documents.result()))
    bodies = ({"variables": {"word": "hello"}}, {"variables": {"word": "goodbye"}})
    urls = [(await client.post("/run/here", json=body)).json() for body in bodies]
    for run in urls:
        await followed(client, run["url"])
    found = (await client.get("/compare", params={"before": urls[0]["id"], "after": urls[1]["id"]})).json()
    assert [(change["id"], change["before"], change["after"]) for change in found["verdicts"]] == [
        ("here/asks", "passed", "failed")
    ]
    assert "goodbye" in found["verdicts"][0]["reason"]
    assert found["same"] == 4


async def test_a_run_that_is_not_over_is_not_compared(client: httpx.AsyncClient, held: asyncio.Event) -> None:
    run = (await client.post("/run/here/slow")).json()["id"]
    assert (await client.get("/compare", params={"before": run, "after": run})).status_code == 409
