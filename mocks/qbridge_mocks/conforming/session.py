"""One session: a stream of frames each way, in which each item stands for itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.caller import Caller
from qbridge_mocks.conforming.job import Job, State
from qbridge_mocks.conforming.reading import Reader, refuse_violations
from qbridge_mocks.conforming.refusal import Refusal
from qbridge_mocks.conforming.world import LIMITS, World

BYTES_MAX = 64 * 1024 * 1024
Outgoing = v1.SessionResponse | Refusal | None


class Session:
    """Reads frames in one task and writes what comes of them in the other."""

    def __init__(self, world: World, reader: Reader, caller: Caller) -> None:
        self.world = world
        self.reader = reader
        self.caller = caller
        self.outbox: asyncio.Queue[Outgoing] = asyncio.Queue()
        self.tasks: set[asyncio.Task[None]] = set()
        self.items = 0
        self.bytes = 0

    async def run(self, frames: AsyncIterator[v1.SessionRequest]) -> AsyncIterator[v1.SessionResponse]:
        """The frames to send. Raises Refusal where the stream itself breaks the contract."""
        yield v1.SessionResponse(credit=self.credit())
        self.spawn(self.read(frames))
        try:
            while (frame := await self.outbox.get()) is not None:
                if isinstance(frame, Refusal):
                    raise frame
                yield frame
        finally:
            for task in self.tasks:
                task.cancel()

    def credit(self) -> v1.Credit:
        """The window."""
        return v1.Credit(items=LIMITS.session_items_max, bytes=BYTES_MAX)

    async def read(self, frames: AsyncIterator[v1.SessionRequest]) -> None:
        """Takes frames until the caller has no more, or breaks one; the stream ends behind the last result."""
        end: Outgoing = None
        try:
            async for frame in frames:
                self.take(frame)
        except Refusal as refusal:
            self.outbox.put_nowait(v1.SessionResponse(go_away=v1.GoAway(error=refusal.error)))
            end = refusal
        await self.drain()
        self.outbox.put_nowait(end)

    async def drain(self) -> None:
        """Waits until all that was accepted has its result."""
        await asyncio.gather(*(task for task in self.tasks if task is not asyncio.current_task()))

    def take(self, frame: v1.SessionRequest) -> None:
        """Does each item of a frame for itself. Raises Refusal TOO_LARGE for a frame with too many of them."""
        if len(frame.submits) + len(frame.cancels) > LIMITS.frame_items_max:
            raise Refusal.of("TOO_LARGE", f"A frame has at most {LIMITS.frame_items_max} items.")
        answer = v1.SessionResponse()
        for index, request in enumerate(frame.submits):
            try:
                answer.accepted.append(self.submit(request, f"submits[{index}]."))
            except Refusal as refusal:
                answer.results.extend(self.refused(request.id, refusal))
        if answer:
            self.say(answer)
        for request_id in frame.cancels:
            job = self.world.jobs.get((self.caller.tenant, request_id))
            if job:
                self.world.cancel(job)

    def say(self, answer: v1.SessionResponse) -> None:
        """Sends what became of a frame's submits."""
        self.outbox.put_nowait(answer)

    def submit(self, request: v1.InternalRequest, place: str) -> v1.Accepted:
        """Accepts one item; its result follows when it is there. Raises Refusal."""
        if not request.id:
            missing = v1.FieldViolation(field=f"{place}id", rule="session.id", message="a session's submit has an id")
            refuse_violations([missing])
        refuse_violations(self.reader.item_violations(request, place))
        size = len(bytes(request))
        if self.items >= LIMITS.session_items_max or self.bytes + size > BYTES_MAX:
            raise Refusal.of("QUEUE_FULL", "The session's window is full.", retry_after_s=1.0)
        asked_id = request.id
        job, replayed = self.world.accept(request, self.caller)
        self.items += 1
        self.bytes += size
        self.spawn(self.answer(job, asked_id, replayed, size))
        return v1.Accepted(request_id=asked_id, durability=job.durability, replayed=replayed, trace_id=job.trace_id)

    def refused(self, request_id: str, refusal: Refusal) -> list[v1.Result]:
        """The results of an item that was not accepted: one."""
        return [v1.Result(request_id=request_id, state=State.REJECTED, error=refusal.error)]

    async def answer(self, job: Job, asked_id: str, replayed: bool, size: int) -> None:
        """Waits for the job and sends its result, under the id that this session gave it."""
        await job.done.wait()
        assert job.result is not None
        self.items -= 1
        self.bytes -= size
        stored = job.result
        result = v1.Result(
            request_id=asked_id,
            state=stored.state,
            reply=stored.reply,
            error=stored.error,
            attempts=stored.attempts,
            replayed=replayed,
            trace_id=stored.trace_id,
        )
        self.outbox.put_nowait(v1.SessionResponse(results=[result]))

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Keeps a task until it ends."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
