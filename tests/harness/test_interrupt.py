"""However the harness ends in the middle of a run: who waits is told, the target is clean, the history tells it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from qbridge_harness.server.history import History
from qbridge_harness.server.record import INTERRUPTED
from qbridge_harness.server.store import Store
from qbridge_mocks import Running, start

from .process import serving_harness

KEEPALIVE = httpx.Limits(keepalive_expiry=1)
"""Below the 5 s after which the server drops an idle connection."""
CASES = """
purpose: One case that ends at once, and one that would take a minute.
cases:
  - {name: at-once, act: [{check: 1, is: 1}]}
  - name: long
    arrange:
      - {backend: "${unique}", as: worker, does: [{hold: true}]}
    act:
      - {call: Call, timeout_s: 60, with: {backend: "${unique}", operation: {invoke: {name: a}}}}
"""


class Busy:
    """A target on which the long case has arrived."""

    def __init__(self, mock: Running) -> None:
        self.mock = mock
        self.arrived = asyncio.Event()
        self._accept = mock.world.accept
        mock.world.accept = self._noticed  # type: ignore[method-assign]

    def _noticed(self, *arguments: Any, **options: Any) -> Any:
        accepted = self._accept(*arguments, **options)
        self.arrived.set()
        return accepted


@pytest.fixture
async def busy() -> AsyncIterator[Busy]:
    async with await start("conforming") as mock:
        yield Busy(mock)


@pytest.fixture
def words(busy: Busy, tmp_path: Path) -> list[str]:
    """The words of the command."""
    folder = tmp_path / "cases"
    folder.mkdir()
    (folder / "here.yaml").write_text(CASES)
    target = ["--target", busy.mock.rest, "--grpc", busy.mock.grpc]
    return [str(folder), *target, "--history", str(tmp_path / "harness.db")]


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_signal_ends_the_run_and_cleans_up(
    busy: Busy, words: list[str], tmp_path: Path, sign: signal.Signals, code: int
) -> None:
    before = set(busy.mock.world.backends)
    log = tmp_path / "log"
    async with (
        serving_harness(log, *words) as (url, process),
        httpx.AsyncClient(base_url=url, timeout=60, limits=KEEPALIVE) as http,
    ):
        waiting = asyncio.create_task(http.get("/run/here"))
        await asyncio.wait_for(busy.arrived.wait(), 30)
        assert set(busy.mock.world.backends) != before
        process.send_signal(sign)
        answer = await asyncio.wait_for(waiting, 30)
        assert (answer.status_code, answer.json()["detail"]) == (503, INTERRUPTED)
        assert await asyncio.wait_for(process.wait(), 30) == code
    assert "Traceback" not in log.read_text()
    assert set(busy.mock.world.backends) == before


async def test_a_harness_that_was_killed_finds_its_run_interrupted(
    busy: Busy, words: list[str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    async with (
        serving_harness(log, *words) as (url, process),
        httpx.AsyncClient(base_url=url, timeout=60, limits=KEEPALIVE) as http,
    ):
        run = (await http.post("/run/here")).json()["id"]
        await asyncio.wait_for(busy.arrived.wait(), 30)
        process.kill()
        await process.wait()
    with closing(History.open(tmp_path / "harness.db")) as history:
        record = await history.do(Store.get, run)
        assert record is not None
        assert (record.state, record.problem) == ("interrupted", INTERRUPTED)
        events = await history.do(Store.events, run, 0)
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert [event.kind for event in events][:: len(events) - 1] == ["run", "done"]
    assert "here/at-once" in [event.data["id"] for event in events if event.kind == "case"]
