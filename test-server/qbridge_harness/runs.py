"""The runs of the server: started, followed, remembered. A bounded number run at once and are kept."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Literal

from qbridge_harness.clients import Target, Unreachable
from qbridge_harness.contract import Contract
from qbridge_harness.engine import CaseResult, Options, Report, run as run_cases
from qbridge_harness.language import PlannedCase
from qbridge_harness.language.values import ulid

log = logging.getLogger("qbridge.harness")

State = Literal["queued", "running", "done", "unreachable", "broken"]
KEPT_MAX = 200
QUEUED_MAX = 32


class Busy(Exception):
    """Too many runs wait; ask again later."""


@dataclass(slots=True)
class Run:
    """One run: its cases so far, and its report in the end."""

    id: str
    prefix: str
    planned: list[PlannedCase]
    state: State = "queued"
    problem: str = ""
    cases: list[CaseResult] = field(default_factory=list)
    report: Report | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("done", "unreachable", "broken")

    def document(self) -> dict[str, Any]:
        """What the API answers of it."""
        document: dict[str, Any] = {"id": self.id, "prefix": self.prefix, "state": self.state}
        document |= {"planned": len(self.planned), "finished": len(self.cases)}
        if self.problem:
            document["problem"] = self.problem
        if self.report is not None:
            document["report"] = self.report.to_json()
        return document

    def touch(self) -> None:
        """Wakes everybody who follows the run."""
        self.changed.set()
        self.changed = asyncio.Event()


class Runs:
    """Runs one after the other against one target, and keeps the last ones."""

    def __init__(self, target: Target, contract: Contract, options: Options) -> None:
        self._target = target
        self._contract = contract
        self._options = options
        self._room = asyncio.Semaphore(1)
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._keys: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, prefix: str, planned: list[PlannedCase], key: str = "") -> Run:
        """Starts a run, or gives the one that the same idempotency key started. Raises Busy."""
        known = self._runs.get(self._keys.get(key, ""))
        if key and known is not None:
            return known
        if sum(run.state == "queued" for run in self._runs.values()) >= QUEUED_MAX:
            raise Busy(f"{QUEUED_MAX} runs wait already.")
        run = Run("run_" + ulid(), prefix, planned)
        self._runs[run.id] = run
        if key:
            self._keys[key] = run.id
        self._forget()
        task = asyncio.create_task(self._work(run), name=run.id)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return run

    def get(self, run_id: str) -> Run | None:
        """A run that is still kept."""
        return self._runs.get(run_id)

    def list(self) -> list[Run]:
        """The runs that are kept, newest first."""
        return list(reversed(self._runs.values()))

    async def wait(self, run: Run) -> None:
        """Returns once the run is over."""
        while not run.over:
            await run.changed.wait()

    async def close(self) -> None:
        """Cancels what runs; each case still cleans up after itself, and whoever waits is answered."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for run in self._runs.values():
            if not run.over:
                run.state, run.problem = "broken", "The harness stopped before the run was over."
                run.touch()

    async def _work(self, run: Run) -> None:
        """Runs it once its turn comes. Whatever happens, it is over in the end: somebody may wait for that."""
        try:
            async with self._room:
                run.state = "running"
                run.touch()
                await self._run(run)
        except (Unreachable, ValueError) as error:
            run.state, run.problem = "unreachable", str(error)
        except Exception as error:
            log.exception("a run broke", extra={"run": run.id})
            run.state, run.problem = "broken", f"{type(error).__name__}: {error}"
        finally:
            run.touch()

    async def _run(self, run: Run) -> None:
        def on_case(case: CaseResult) -> None:
            run.cases.append(case)
            run.touch()

        run.report = await run_cases(run.planned, self._target, self._contract, self._options, on_case, run.id)
        run.state = "done"

    def _forget(self) -> None:
        """Forgets the oldest runs that are over, with their keys."""
        over = [run_id for run_id, run in self._runs.items() if run.over]
        gone = over[: max(0, len(self._runs) - KEPT_MAX)]
        if not gone:
            return
        for run_id in gone:
            del self._runs[run_id]
        self._keys = {key: run_id for key, run_id in self._keys.items() if run_id in self._runs}
