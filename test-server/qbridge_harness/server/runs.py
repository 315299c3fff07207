"""The runs of the server: queued, run, followed, cancelled, and kept once they are over."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

import apsw

from qbridge_harness.clients import Target, Unreachable
from qbridge_harness.clients.target import KeyRefused
from qbridge_harness.contract import Contract
from qbridge_harness.engine import CaseResult, Options, Report, run as run_cases
from qbridge_harness.language import PlannedCase
from qbridge_harness.language.fresh import ulid
from qbridge_harness.server.history import History
from qbridge_harness.server.record import INTERRUPTED, CaseRow, Event, RunRecord, State, now
from qbridge_harness.server.store import Store

log = logging.getLogger("qbridge.harness")

CANCELLED = "The run was cancelled."


class Busy(Exception):
    """Too many runs wait; ask again later."""


class KeyTaken(Exception):
    """The idempotency key has started something else."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many runs there may be at a time."""

    at_once: int = 1
    """Runs against the target at the same time; more of them disturb each other's measurements."""
    waiting_max: int = 32


@dataclass(slots=True)
class Run:
    """A run of this process: its progress so far, and its report in the end."""

    record: RunRecord
    planned: list[PlannedCase]
    options: Options
    events: list[Event] = field(default_factory=list)
    cases: list[CaseResult] = field(default_factory=list)
    report: Report | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    ends_as: State | None = None
    """What a cancellation, once asked for, makes of it."""

    def touch(self) -> None:
        """Wakes everybody who follows the run."""
        self.changed.set()
        self.changed = asyncio.Event()


class Runs:
    """Runs against one target, a bounded number at a time and in the queue."""

    def __init__(
        self, target: Target, contract: Contract, options: Options, history: History, limits: Limits | None = None
    ) -> None:
        self.history = history
        self.options = options
        self._target = target
        self._contract = contract
        self._limits = limits or Limits()
        self._room = asyncio.Semaphore(self._limits.at_once)
        self._live: dict[str, Run] = {}
        self._starting = asyncio.Lock()
        self._closed = False

    async def start(
        self, prefix: str, planned: list[PlannedCase], options: Options, key: str = "", fingerprint: str = ""
    ) -> Run | RunRecord:
        """Starts a run, or gives the one that the same idempotency key started. Raises Busy, KeyTaken."""
        async with self._starting:
            if key and (known := await self.history.do(Store.by_key, key)) is not None:
                record, asked = known
                if asked != fingerprint:
                    raise KeyTaken(f"The Idempotency-Key started {record.id} with another case or other options.")
                return self._live.get(record.id) or record
            waiting = sum(run.record.state == "queued" for run in self._live.values())
            if self._closed:
                raise Busy("The harness is stopping.")
            if waiting >= self._limits.waiting_max + self._free():
                raise Busy(f"{waiting} runs wait already, and no more may.")
            run = Run(self._record(prefix, planned, options), planned, options)
            await self.history.do(Store.add, run.record, key, fingerprint)
            self._live[run.record.id] = run
            run.task = asyncio.create_task(self._work(run), name=run.record.id)
            await asyncio.sleep(0)  # It begins now: a task that is cancelled before its first step never runs at all.
            return run

    async def get(self, run_id: str) -> Run | RunRecord | None:
        """A run of this process that is not over, or one of the history."""
        return self._live.get(run_id) or await self.history.do(Store.get, run_id)

    async def newest(self, limit: int) -> list[RunRecord]:
        """The newest runs, newest first."""
        kept = await self.history.do(Store.newest, limit)
        return [self._live[record.id].record if record.id in self._live else record for record in kept]

    async def wait(self, run: Run) -> None:
        """Returns once the run is over."""
        while not run.record.over:
            await run.changed.wait()

    async def follow(self, run: Run, after: int, beat_s: float) -> AsyncIterator[Event | None]:
        """The events past a number, as they come, until the run is over; None for each `beat_s` of silence."""
        seen = after
        while True:
            changed = run.changed
            for event in run.events[seen:]:
                seen = event.number
                yield event
            if run.record.over:
                return
            try:
                await asyncio.wait_for(changed.wait(), beat_s)
            except TimeoutError:
                yield None

    async def cancel(self, run: Run, ends_as: State = "cancelled") -> None:
        """Ends a run: its cases take away what they brought. Returns once that is done."""
        if run.ends_as is None and not run.record.over and run.task is not None:
            run.ends_as = ends_as
            run.task.cancel()
        await self.wait(run)

    async def close(self) -> None:
        """Ends every run as interrupted, cleaned up and kept, so that whoever waits is answered."""
        self._closed = True
        await asyncio.gather(*(self.cancel(run, "interrupted") for run in list(self._live.values())))

    def _free(self) -> int:
        running = sum(run.record.state == "running" for run in self._live.values())
        return max(0, self._limits.at_once - running)

    def _record(self, prefix: str, planned: list[PlannedCase], options: Options) -> RunRecord:
        shown = {"jobs": options.jobs, "fail_fast": options.fail_fast, "variables": sorted(options.variables)}
        return RunRecord("run_" + ulid(), prefix, self._target.rest, len(planned), shown, seed=options.seed)

    async def _work(self, run: Run) -> None:
        """Runs it once its turn comes. Whatever happens, it is over in the end: somebody may wait for that."""
        record = run.record
        began = time.perf_counter()
        state: State = "done"
        try:
            async with self._room:
                record.state, record.started_at = "running", now()
                began = time.perf_counter()
                self._tell(run, "run", {"state": "running", "planned": record.planned})
                await self._judge(run)
        except asyncio.CancelledError:
            state = run.ends_as or "interrupted"
            record.problem = CANCELLED if state == "cancelled" else INTERRUPTED
        except (Unreachable, KeyRefused) as error:
            state, record.problem = "unreachable", str(error)
        except Exception as error:
            log.exception("a run broke", extra={"run": record.id})
            state, record.problem = "broken", f"{type(error).__name__}: {error}"
        record.duration_s = round(time.perf_counter() - began, 3) if record.started_at else 0.0
        with suppress(asyncio.CancelledError):  # A cancel that comes now finds a run that is over.
            await asyncio.shield(self._finish(run, state))

    async def _judge(self, run: Run) -> None:
        def on_start(case: PlannedCase) -> None:
            self._tell(run, "start", {"id": case.id})

        def on_case(case: CaseResult) -> None:
            run.cases.append(case)
            run.record.finished += 1
            run.record.counts[case.verdict] = run.record.counts.get(case.verdict, 0) + 1
            facts = {"verdict": case.verdict, "reason": case.reason, "duration_ms": round(case.duration_ms, 3)}
            self._tell(run, "case", {"id": case.id} | facts)

        record = run.record
        run.report = await run_cases(
            run.planned, self._target, self._contract, run.options, on_case, record.id, on_start=on_start
        )
        record.outcome, record.summary = run.report.outcome, run.report.summary
        record.counts, record.seed = run.report.counts, run.report.seed

    async def _finish(self, run: Run, state: State) -> None:
        """Keeps it first and tells it then: who is told can read it, from this process or the next.

        Where it cannot be kept, whatever the reason, it is told all the same: somebody waits.
        """
        record = run.record
        ended = {"state": state, "outcome": record.outcome, "summary": record.summary or record.problem}
        last = Event(len(run.events) + 1, "done", ended)
        kept = RunRecord(**record.document() | {"state": state, "ended_at": now()})
        rows = [CaseRow(case.id, case.verdict, case.reason, case.duration_ms) for case in run.cases]
        try:
            await self.history.do(Store.finish, kept, last, rows, run.report)
            await self.history.forget()
        except apsw.Error as error:
            log.warning("the run %s was not kept: %s", record.id, error)
        except Exception:
            log.exception("the run %s was not kept", record.id)
        finally:
            run.record = kept
            run.events.append(last)
            del self._live[record.id]
            run.touch()

    def _tell(self, run: Run, kind: Literal["run", "start", "case"], data: dict[str, object]) -> None:
        event = Event(len(run.events) + 1, kind, data)
        run.events.append(event)
        self.history.post(Store.note, run.record.id, event)
        run.touch()
