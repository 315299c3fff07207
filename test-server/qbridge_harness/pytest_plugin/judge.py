"""The engine behind the items: one event loop in a thread, one connection to the deployment for the whole session."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future

from qbridge_harness.clients import Target, Unreachable
from qbridge_harness.clients.target import KeyRefused
from qbridge_harness.contract import Contract
from qbridge_harness.engine import CaseResult, Options
from qbridge_harness.engine.run import Session, open_session, stands_alone
from qbridge_harness.language import PlannedCase
from qbridge_harness.language.plan import relied_on

_CLEANUP_S = 20.0
"""How long a case that is broken off may take to clean up."""


class TargetLost(Exception):
    """Nothing can be asked of the deployment: an error of the first case, and the reason why the others are skipped."""

    def __init__(self, message: str, *, first: bool) -> None:
        super().__init__(message)
        self.first = first


class Judge:
    """Judges one case at a time. The connection is made for the first one."""

    def __init__(self, target: Target, options: Options, contract: Contract) -> None:
        self.target = target
        self.seed = options.seed
        self.planned: list[PlannedCase] = []
        """Every case that was collected: those that one relies on are judged before it, be they selected or not."""
        self._options = options
        self._contract = contract
        self._judged: set[str] = set()
        self._ahead: dict[str, CaseResult] = {}
        """Results of cases that others relied on, until their own turn comes."""
        self._lost = False
        self._session: Future[Session] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closing: asyncio.Event | None = None

    @staticmethod
    def stands_alone(planned: PlannedCase) -> bool:
        """Whether nothing else may run beside the case."""
        return stands_alone(planned)

    def judge(self, planned: PlannedCase) -> CaseResult:
        """The case's result. Raises TargetLost."""
        if self._lost:
            raise TargetLost("nothing can be asked of the target, as the first case says", first=False)
        try:
            session = self._open()
        except Unreachable as error:
            self._lost = True
            raise TargetLost(f"The target does not answer: {str(error).rstrip('.')}.", first=True) from None
        except KeyRefused as error:
            self._lost = True
            raise TargetLost(f"The target does not let the run in: {error}", first=True) from None
        ahead = self._ahead.pop(planned.id, None)
        if ahead is not None:
            return ahead
        if self._loop is None:
            raise RuntimeError("An open session has a loop.")
        future = asyncio.run_coroutine_threadsafe(self._with_prerequisites(session, planned), self._loop)
        try:
            return future.result()
        except BaseException:  # Ctrl-C, or a time-out of pytest's: the case still cleans up after itself.
            future.cancel()
            raise

    def close(self) -> None:
        """Ends the connection and the thread; a case that still runs is broken off and cleans up."""
        if self._loop is not None and self._closing is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._closing.set)
            self._thread.join(_CLEANUP_S)

    def _open(self) -> Session:
        if self._session is None:
            self._session = Future()
            self._thread = threading.Thread(target=self._work, args=(self._session,), name="qbridge", daemon=True)
            self._thread.start()
        return self._session.result()

    def _work(self, opened: Future[Session]) -> None:
        try:
            asyncio.run(self._keep(opened))
        except BaseException as error:
            if opened.done():
                raise
            opened.set_exception(error)

    async def _keep(self, opened: Future[Session]) -> None:
        """Holds the connection open until the end of pytest's session."""
        async with open_session(self.target, self._contract, self._options) as session:
            self._loop, self._closing = asyncio.get_running_loop(), asyncio.Event()
            opened.set_result(session)
            await self._closing.wait()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

    async def _with_prerequisites(self, session: Session, planned: PlannedCase) -> CaseResult:
        for other in relied_on(planned, self.planned) if planned.case.relies_on else ():
            if other.id not in self._judged:
                self._ahead[other.id] = await self._with_prerequisites(session, other)
        self._judged.add(planned.id)
        return await session.judge(planned)
