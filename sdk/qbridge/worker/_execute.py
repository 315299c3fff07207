"""The Execute stream of one worker: batches in, results out, again after every loss."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from qbridge import _trace
from qbridge._transports.base import end_stream
from qbridge.worker._task import Task, failure_of, reply_of, task_of
from qbridge_contract.errors import BridgeError
from qbridge_contract.services import BACKEND_EXECUTE, BACKEND_REGISTER
from qbridge_contract.structs import (
    Attach,
    Backend,
    ErrorCode,
    ExecuteItem,
    ExecuteRequest,
    ExecuteResponse,
    ItemResult,
    RegisterRequest,
)

if TYPE_CHECKING:
    from qbridge._client import AsyncClient
    from qbridge.worker._worker import Route, Worker

log = logging.getLogger("qbridge.worker")

_FRAME_ITEMS_MAX = 1024
_PAUSE_S_FIRST, _PAUSE_S_MAX = 0.05, 5.0
_FAREWELL_S = 2.0
"""How long the bridge has to end the stream after our last result."""


class Execution:
    """One worker at work."""

    def __init__(
        self,
        worker: Worker,
        client: AsyncClient,
        stop: asyncio.Event,
        ready: Callable[[Backend], object],
    ) -> None:
        self._worker = worker
        self._client = client
        self._stop = stop
        self._ready = ready
        self._running: set[asyncio.Task[None]] = set()
        self._results: list[ItemResult] = []
        self._changed = asyncio.Event()
        self._attached = False
        self._dismissed = False
        """True once the bridge has said that no more batches will come on the open stream."""
        self._stream = 0
        """Which stream is open: what writes to an older one ends, and leaves the results to the next."""

    async def run(self) -> None:
        """Serves until stopped. Raises what waiting cannot mend."""
        serving = asyncio.ensure_future(self._serve())
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
            self._changed.set()
            if not serving.done():
                await asyncio.wait([serving], timeout=self._worker.drain_s if self._running else _FAREWELL_S)
            if serving.done():
                await serving
        finally:
            await _end(serving, stopping, *self._running)

    async def _serve(self) -> None:
        pause_s = _PAUSE_S_FIRST
        while not self._stop.is_set():
            self._attached = False
            try:
                await self._client.ask(BACKEND_REGISTER, RegisterRequest(backend=self._worker.registration()))
                await self._follow(self._client.transport.bidi(BACKEND_EXECUTE, self._outgoing()))
                log.info("the bridge ended the stream of %s", self._worker.name)
            except BridgeError as error:
                if not error.error.retryable:
                    raise
                log.warning("%s is without its bridge: %s", self._worker.name, error)
            if self._attached:
                pause_s = _PAUSE_S_FIRST
            if not self._stop.is_set():
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, _PAUSE_S_MAX)

    async def _follow(self, responses: AsyncIterator[ExecuteResponse]) -> None:
        """One stream, from attachment to its end."""
        try:
            async for response in responses:
                if response.attached is not None:
                    self._attached = True
                    self._ready(response.attached.backend or Backend())
                elif response.batch is not None:
                    self._start(response.batch.items)
                elif response.go_away is not None:
                    self._dismissed = True
                    self._changed.set()
                    if response.go_away.error is not None:
                        log.info("%s: %s", self._worker.name, response.go_away.error.message)
        finally:
            self._stream += 1
            self._changed.set()
            await end_stream(responses)

    async def _outgoing(self) -> AsyncIterator[ExecuteRequest]:
        """What this side says. When stopped, it says that it is leaving, and ends the stream once the bridge has said

        that no more batches will come, and the results of those that came have left.
        """
        mine = self._stream
        leaving = self._dismissed = False
        yield ExecuteRequest(attach=Attach(backend=self._worker.name, window=self._worker.window))
        while mine == self._stream:
            if self._stop.is_set() and not leaving:
                leaving = True
                yield ExecuteRequest(leaving=True)
                continue
            if self._results:
                results, self._results = self._results[:_FRAME_ITEMS_MAX], self._results[_FRAME_ITEMS_MAX:]
                yield ExecuteRequest(results=results)
                continue
            if leaving and self._dismissed and not self._running:
                return
            self._changed.clear()
            await self._changed.wait()

    # ------------------------------------------------------------ the work

    def _start(self, items: Sequence[ExecuteItem]) -> None:
        """One asyncio task an item; one for all items whose handler takes batches."""
        groups: dict[str, list[ExecuteItem]] = {}
        for item in items:
            task = task_of(item)
            route = self._worker.route(task.name)
            if route is not None and route.batch:
                groups.setdefault(task.name, []).append(item)
            else:
                self._spawn(self._one(item, task, route))
        for name, group in groups.items():
            self._spawn(self._many(group, [task_of(item) for item in group], self._worker.route(name)))

    def _spawn(self, work: Any) -> None:
        running = asyncio.ensure_future(work)
        self._running.add(running)
        running.add_done_callback(self._finished)

    def _finished(self, running: asyncio.Task[None]) -> None:
        self._running.discard(running)
        self._changed.set()

    async def _one(self, item: ExecuteItem, task: Task, route: Route | None) -> None:
        _trace.current.set(task.traceparent)
        if route is None:
            self._fail(item, _unknown(task))
            return
        try:
            async with asyncio.timeout(_remaining_s([task])):
                answer = await _handle(route, task)
            self._results.append(ItemResult(request_id=item.request_id, epoch=item.epoch, reply=reply_of(answer)))
        except Exception as error:  # a handler may raise anything; the caller is told, the worker goes on
            self._fail(item, error)

    async def _many(self, items: list[ExecuteItem], tasks: list[Task], route: Route | None) -> None:
        assert route is not None
        _trace.current.set(tasks[0].traceparent)
        try:
            async with asyncio.timeout(_remaining_s(tasks)):
                answers = await _handle(route, tasks)
            if len(answers) != len(tasks):
                raise ValueError(f"the handler answered {len(answers)} of {len(tasks)} tasks")
        except Exception as error:  # as above, for every item
            for item in items:
                self._fail(item, error)
            return
        for item, answer in zip(items, answers, strict=True):
            try:
                if isinstance(answer, Exception):
                    raise answer
                reply = reply_of(answer)
                self._results.append(ItemResult(request_id=item.request_id, epoch=item.epoch, reply=reply))
            except Exception as error:  # this item's alone
                self._fail(item, error)

    def _fail(self, item: ExecuteItem, error: Exception) -> None:
        if isinstance(error, TimeoutError):
            log.info("%s: %s passed its deadline", self._worker.name, item.request_id)
        elif not isinstance(error, BridgeError):
            log.warning("%s: %s failed", self._worker.name, item.request_id, exc_info=error)
        self._results.append(ItemResult(request_id=item.request_id, epoch=item.epoch, error=failure_of(error)))


async def _handle(route: Route, argument: Any) -> Any:
    if inspect.iscoroutinefunction(route.handler):
        return await route.handler(argument)
    answer = await asyncio.to_thread(route.handler, argument)
    return await answer if inspect.isawaitable(answer) else answer


def _remaining_s(tasks: list[Task]) -> float | None:
    """The time that the last of the tasks still has; None where one has no deadline."""
    deadlines = [task.deadline for task in tasks]
    latest = max((d for d in deadlines if d is not None), default=None)
    if latest is None or None in deadlines:
        return None
    return max(0.0, (latest - datetime.now(UTC)).total_seconds())


def _unknown(task: Task) -> BridgeError:
    return BridgeError.of(ErrorCode.UNIMPLEMENTED, f"this backend does not offer {task.name!r}")


async def _end(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
