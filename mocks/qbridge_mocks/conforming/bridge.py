"""BridgeService: the RPCs of a caller, the same behind every door."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.backends import Backend
from qbridge_mocks.conforming.caller import current_caller
from qbridge_mocks.conforming.closing import closing
from qbridge_mocks.conforming.job import Job, State
from qbridge_mocks.conforming.reading import Reader
from qbridge_mocks.conforming.refusal import Refusal
from qbridge_mocks.conforming.session import Session
from qbridge_mocks.conforming.world import LIMITS, World

_REASONS = {
    State.QUEUED: v1.WaitReason.BACKEND_BUSY,
    State.LEASED: v1.WaitReason.RUNNING,
    State.RUNNING: v1.WaitReason.RUNNING,
    State.RETRY_WAIT: v1.WaitReason.RETRY,
}
_SENTENCES = {
    v1.WaitReason.UNSPECIFIED: "It does not wait: it is final.",
    v1.WaitReason.BEHIND_OTHERS: "Others of its lane are ahead.",
    v1.WaitReason.BACKEND_BUSY: "The backend works on the batches in flight.",
    v1.WaitReason.NO_BACKEND: "No process serves the backend.",
    v1.WaitReason.RUNNING: "The backend has it.",
    v1.WaitReason.RETRY: "It waits for its next attempt.",
}
_STAGES = {State.SUBMITTED: "append", State.QUEUED: "queue", State.LEASED: "execute", State.RUNNING: "execute"}


class Bridge(v1.BridgeServiceBase):
    """Submit, wait, follow, stop, explain."""

    sessions: type[Session] = Session

    def __init__(self, world: World, reader: Reader) -> None:
        self.world = world
        self.reader = reader

    async def submit(self, message: v1.SubmitRequest) -> v1.SubmitResponse:
        """Accepts, and answers at once."""
        assert message.request is not None
        job, replayed = self.world.accept(message.request, current_caller.get())
        return v1.SubmitResponse(accepted=accepted(job, replayed))

    async def call(self, message: v1.CallRequest) -> v1.CallResponse:
        """Accepts, waits, and answers the reply, or raises the error."""
        request = message.request
        assert request is not None
        bound_s = request.timeout_s or LIMITS.timeout_s_default
        job, replayed = self.world.accept(request, current_caller.get(), timeout_s=bound_s)
        try:
            async with asyncio.timeout(bound_s if replayed else None):
                await job.done.wait()
        except TimeoutError:
            raise Refusal.of("DEADLINE_EXCEEDED", f"{job.id} is not final yet; ask for it with Get.") from None
        except asyncio.CancelledError:
            # Nobody waits for it any more, and it is held in memory alone.
            if not replayed:
                self.world.cancel(job)
            raise
        return self.call_answer(result_of(job, replayed))

    def call_answer(self, result: v1.Result) -> v1.CallResponse:
        """The answer of a Call. Raises Refusal with the error of a request that did not succeed."""
        if result.error is not None:
            raise Refusal(result.error)
        return v1.CallResponse(result=result)

    async def session(self, messages: AsyncIterator[v1.SessionRequest]) -> AsyncIterator[v1.SessionResponse]:
        """Frames in, frames out."""
        session = self.sessions(self.world, self.reader, current_caller.get())
        frames = session.run(messages)
        async with closing(frames):
            async for frame in frames:
                yield frame

    async def get(self, message: v1.GetRequest) -> v1.GetResponse:
        """The record; waits as long as it is asked to."""
        job = self.find(message.request_id)
        if message.wait_s and not job.final:
            try:
                async with asyncio.timeout(message.wait_s):
                    await job.done.wait()
            except TimeoutError:
                pass
        return v1.GetResponse(record=job.record())

    async def watch(self, message: v1.WatchRequest) -> AsyncIterator[v1.WatchResponse]:
        """The events, until the last one."""
        job = self.find(message.request_id)
        events = self.world.events(job, message.after_sequence)
        async with closing(events):
            async for event in events:
                yield v1.WatchResponse(event=event)

    async def list(self, message: v1.ListRequest) -> v1.ListResponse:
        """A page of records, newest first."""
        page, token = self.world.listed(current_caller.get().tenant, message)
        return v1.ListResponse(records=[job.record(with_reply=False) for job in page], next_page_token=token)

    async def cancel(self, message: v1.CancelRequest) -> v1.CancelResponse:
        """Cancels what is not final."""
        job = self.find(message.request_id)
        self.world.cancel(job)
        return v1.CancelResponse(record=job.record())

    async def explain(self, message: v1.ExplainRequest) -> v1.ExplainResponse:
        """Why it waits, or where its time went."""
        job = self.find(message.request_id)
        backend = self.world.backends.get(job.request.backend)
        ahead = backend.ahead(job) if backend else 0
        reason = _REASONS.get(job.state, v1.WaitReason.UNSPECIFIED)
        if job.state == State.QUEUED and backend:
            if backend.probe()[0] == v1.BackendState.DISCONNECTED:
                reason = v1.WaitReason.NO_BACKEND
            elif ahead:
                reason = v1.WaitReason.BEHIND_OTHERS
        return v1.ExplainResponse(
            request_id=job.id,
            state=job.state,
            reason=reason,
            sentence=_SENTENCES[reason],
            lane=job.request.backend,
            ahead=ahead,
            depth=self.depth(backend),
            durability=job.durability,
            lost_by="Any crash of the process loses it.",
            batch_size=job.batch_size,
            dispatch_reason="idle" if job.attempts else "",
            transport="inline",
            stages=stages(job),
        )

    def depth(self, backend: Backend | None) -> int:
        """How many wait for the backend."""
        return backend.depth() if backend else 0

    def find(self, request_id: str) -> Job:
        """The caller's job of that id. Raises Refusal NOT_FOUND."""
        return self.world.find(current_caller.get().tenant, request_id)


def accepted(job: Job, replayed: bool) -> v1.Accepted:
    """The word that the job is accepted."""
    return v1.Accepted(request_id=job.id, durability=job.durability, replayed=replayed, trace_id=job.trace_id)


def result_of(job: Job, replayed: bool) -> v1.Result:
    """The result of a final job, marked where it is given again."""
    assert job.result is not None
    stored = job.result
    return v1.Result(
        request_id=stored.request_id,
        state=stored.state,
        reply=stored.reply,
        error=stored.error,
        attempts=stored.attempts,
        replayed=replayed,
        trace_id=stored.trace_id,
    )


def stages(job: Job) -> list[v1.StageTime]:
    """How long the job was in each state that it has left."""
    found = []
    for event, then in zip(job.events, job.events[1:], strict=False):
        assert event.at is not None
        assert then.at is not None
        duration_us = (then.at - event.at).total_seconds() * 1e6
        stage = _STAGES.get(State(event.state), "settle")
        found.append(v1.StageTime(stage=stage, started_at=event.at, duration_us=duration_us))
    return found
