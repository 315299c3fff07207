"""A run always ends, whatever breaks it; a cancelled one leaves nothing on its target; what is kept has a bound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import apsw
import httpx
import pytest

from qbridge_harness.clients import Target
from qbridge_harness.contract import Contract
from qbridge_harness.engine import Options
from qbridge_harness.language import PlannedCase, Suite, plan_cases
from qbridge_harness.server import runs as module
from qbridge_harness.server.app import create_app
from qbridge_harness.server.harness import Harness
from qbridge_harness.server.history import History, HistoryUnusable, Retention
from qbridge_harness.server.record import INTERRUPTED, RunRecord
from qbridge_harness.server.runs import Limits, Run, Runs
from qbridge_harness.server.store import Store
from qbridge_mocks import start

SUITE = """
purpose: A test.
cases:
  - {name: good, act: [{check: 1, is: 1}]}
  - {name: slow, act: [{call: Call, with: {operation: {invoke: {name: a}}}}]}
"""
BUSY = """
purpose: Cases that are in the middle of something.
axes: {transport: [grpc, websocket]}
cases:
  - name: busy
    arrange:
      - {backend: "${unique}", as: worker, does: [{hold: true}]}
      - {open: Session, as: session}
    act:
      - {call: Call, transport: rest, with: {backend: "${unique}", operation: {invoke: {name: a}}}}
"""


@pytest.fixture
def planned(suite: Callable[[str], Suite]) -> list[PlannedCase]:
    return plan_cases([suite(SUITE)])


@pytest.fixture
def history() -> Iterator[History]:
    with closing(History.open(None)) as opened:
        yield opened


@pytest.fixture
async def runs(fake: Any, contract: Contract, history: History) -> AsyncIterator[Runs]:
    made = Runs(Target(fake.url, "127.0.0.1:1"), contract, Options(), history)
    yield made
    await made.close()


@asynccontextmanager
async def asking(planned: list[PlannedCase], runs: Runs) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the harness's server."""
    app = create_app(Harness(planned, runs, "", ""))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        yield http


async def begin(runs: Runs, planned: list[PlannedCase], key: str = "") -> Run:
    """A run that is new."""
    run = await runs.start("here", planned, Options(), key)
    assert isinstance(run, Run)
    return run


async def until(run: Run, state: str) -> None:
    """Waits until a run is in a state."""
    async with asyncio.timeout(20):
        while run.record.state != state:
            await run.changed.wait()


@pytest.mark.parametrize("kind", [KeyError, ValueError])
async def test_a_run_that_breaks_is_over_and_answers_a_problem(
    kind: type[Exception], runs: Runs, planned: list[PlannedCase], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: object, **__: object) -> None:
        raise kind("a bug of the engine")

    monkeypatch.setattr(module, "run_cases", breaks)
    async with asyncio.timeout(20), asking(planned, runs) as http:
        answer = await http.get("/run/here/good")
        assert (answer.status_code, answer.json()["title"]) == (500, "The harness broke")
        assert "a bug of the engine" in answer.text
        assert [run["state"] for run in (await http.get("/runs")).json()] == ["broken"]


async def test_whoever_waits_for_a_run_is_answered_when_the_harness_closes(
    runs: Runs, planned: list[PlannedCase], fake: Any
) -> None:
    fake.hold = asyncio.Event()
    busy, behind = await begin(runs, planned[1:]), await begin(runs, planned[:1])
    waiting = asyncio.gather(runs.wait(busy), runs.wait(behind))
    await until(busy, "running")
    async with asyncio.timeout(20):
        await runs.close()
        await waiting
    fake.hold.set()
    assert [run.record.state for run in (busy, behind)] == ["interrupted", "interrupted"]
    assert behind.record.problem == INTERRUPTED


async def test_so_many_run_at_once_and_the_others_wait_their_turn(
    fake: Any, contract: Contract, history: History, planned: list[PlannedCase]
) -> None:
    fake.hold = asyncio.Event()
    runs = Runs(Target(fake.url, "127.0.0.1:1"), contract, Options(), history, Limits(at_once=2))
    started = [await begin(runs, planned[1:]) for _ in range(3)]
    await until(started[1], "running")
    assert [run.record.state for run in started] == ["running", "running", "queued"]
    await runs.cancel(started[0])
    await until(started[2], "running")
    await runs.close()


async def test_a_cancelled_run_leaves_nothing_on_the_target(
    suite: Callable[[str], Suite], contract: Contract, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = plan_cases([suite(BUSY)])
    async with await start("conforming", key="the-first-secret") as mock:
        both, accept = asyncio.Event(), mock.world.accept

        def noticed(*arguments: Any, **options: Any) -> Any:
            accepted = accept(*arguments, **options)
            if len(mock.world.in_order) == len(planned):
                both.set()
            return accepted

        monkeypatch.setattr(mock.world, "accept", noticed)
        before = set(mock.world.backends)
        runs = Runs(Target(mock.rest, mock.grpc, "the-first-secret"), contract, Options(), history)
        run = await begin(runs, planned)
        await asyncio.wait_for(both.wait(), 20)
        ports = {int(address.rsplit(":", 1)[1]) for address in (mock.rest, mock.grpc)}
        assert len(set(mock.world.backends) - before) == len(planned)
        assert connections_to(ports) >= 4
        await asyncio.wait_for(runs.cancel(run), 20)
        assert set(mock.world.backends) == before
        assert connections_to(ports) == 0
        assert run.record.state == "cancelled"
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith(("own backend", run.record.id))]


def connections_to(ports: set[int]) -> int:
    """Open TCP connections of this machine to ports of IPv4."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[3] == "01" and int(row[2].rsplit(":", 1)[1], 16) in ports for row in rows)


async def test_a_cancelled_run_tells_which_cases_it_had_judged(
    runs: Runs, planned: list[PlannedCase], fake: Any
) -> None:
    fake.hold = asyncio.Event()
    run = await begin(runs, planned)
    async for event in runs.follow(run, 0, 20):
        if event is not None and event.kind == "case":
            break
    await runs.cancel(run)
    fake.hold.set()
    kept = await runs.history.do(Store.get, run.record.id)
    assert kept is not None
    assert (kept.state, kept.finished, kept.counts) == ("cancelled", 1, {"passed": 1})
    assert [case.id for case in await runs.history.do(Store.cases, run.record.id)] == ["here/good"]
    assert await runs.history.do(Store.report, run.record.id) is None


async def test_the_history_outlives_the_harness_with_events_and_report(
    tmp_path: Path, fake: Any, contract: Contract, planned: list[PlannedCase]
) -> None:
    file = tmp_path / "deep" / "harness.db"
    with closing(History.open(file)) as history:
        runs = Runs(Target(fake.url, "127.0.0.1:1"), contract, Options(), history)
        async with asking(planned, runs) as http:
            first = await http.post("/run/here/good", headers={"idempotency-key": "k"})
            url = first.json()["url"]
            stream = (await http.get(url, headers={"accept": "text/event-stream"})).text
    with closing(History.open(file)) as history:
        runs = Runs(Target(fake.url, "127.0.0.1:1"), contract, Options(), history)
        async with asking(planned, runs) as http:
            assert (await http.get(url)).json()["report"]["summary"] == "1 passed, 0 failed"
            resumed = await http.get(url, headers={"accept": "text/event-stream", "last-event-id": "2"})
            assert resumed.text == stream[stream.index("event: case") :]
            assert "1 passed" in (await http.get(url, headers={"accept": "text/html"})).text
            again = await http.post("/run/here/good", headers={"idempotency-key": "k"})
            assert again.json()["id"] == first.json()["id"]


async def test_a_run_that_died_with_the_harness_is_interrupted(tmp_path: Path) -> None:
    file = tmp_path / "harness.db"
    with closing(Store(str(file))) as store:
        for number, state in enumerate(("queued", "running")):
            record = RunRecord(f"run_{number}", "here", "http://target", 1, {}, state=state)  # type: ignore[arg-type]
            store.add(record, "", "")
    with closing(History.open(file)) as history:
        found = await history.do(Store.newest, 10)
        assert [(run.state, run.problem) for run in found] == [("interrupted", INTERRUPTED)] * 2
        events = await history.do(Store.events, "run_1", 0)
        assert [(event.number, event.kind, event.data["state"]) for event in events] == [(1, "done", "interrupted")]


async def test_retention_keeps_the_newest_and_forgets_keys_with_their_runs(
    fake: Any, contract: Contract, planned: list[PlannedCase]
) -> None:
    with closing(History.open(None, Retention(keep_runs=2))) as history:
        runs = Runs(Target(fake.url, "127.0.0.1:1"), contract, Options(), history)
        started = []
        for number in range(4):
            started.append(await begin(runs, planned[:1], f"key {number}"))
            await asyncio.wait_for(runs.wait(started[-1]), 20)
        assert [run.id for run in await runs.newest(10)] == [run.record.id for run in reversed(started[2:])]
        assert await history.do(Store.by_key, "key 1") is None
        assert await history.do(Store.events, started[0].record.id, 0) == []
        assert await history.do(Store.cases, started[0].record.id) == []


async def test_retention_forgets_what_is_too_old(tmp_path: Path) -> None:
    file = tmp_path / "harness.db"
    with closing(Store(str(file))) as store:
        for day in ("2020-01-01", "2999-01-01"):
            record = RunRecord(f"run_{day}", "here", "", 1, {}, state="done", created_at=f"{day}T00:00:00.000Z")
            store.add(record, "", "")
    with closing(History.open(file, Retention(keep_days=1))) as history:
        assert [run.id for run in await history.do(Store.newest, 10)] == ["run_2999-01-01"]


def test_a_history_has_one_owner(tmp_path: Path) -> None:
    file = tmp_path / "harness.db"
    with closing(History.open(file)), pytest.raises(HistoryUnusable, match=r"another harness uses it.*--history"):
        History.open(file)
    History.open(file).close()


@pytest.mark.parametrize("name", ["file", "newer", "folder/harness.db"])
def test_what_is_no_history_is_refused_with_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"something else " * 100)
    (tmp_path / "folder").touch()
    with closing(Store(str(tmp_path / "newer"))) as store:
        store._db.pragma("user_version", 99)
    with pytest.raises(HistoryUnusable, match="--history PATH"):
        History.open(tmp_path / name)


@pytest.mark.parametrize("error", [apsw.FullError("disk full"), TypeError("a bug of the report")])
async def test_a_history_that_cannot_be_written_loses_no_run(
    error: Exception, runs: Runs, planned: list[PlannedCase], monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise error

    monkeypatch.setattr(Store, "finish", breaks)
    async with asking(planned, runs) as http:
        assert (await asyncio.wait_for(http.get("/run/here/good"), 20)).status_code == 200
