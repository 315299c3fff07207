"""Errors in sessions: their window, their frames, their ends."""

from __future__ import annotations

import asyncio

from starlette.types import Message

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.bridge import Bridge
from qbridge_mocks.conforming.job import Job
from qbridge_mocks.conforming.refusal import Refusal
from qbridge_mocks.conforming.rest_door import RestDoor
from qbridge_mocks.conforming.session import Session
from qbridge_mocks.conforming.socket_door import SocketDoor
from qbridge_mocks.parts import Parts

LINGER_S = 0.3


class NamesNoWindow(Session):
    """Begins with a window of nothing."""

    def credit(self) -> v1.Credit:
        return v1.Credit()


class TakesFramesWhole(Session):
    """Refuses what stands behind a refused item of the same frame."""

    refusal: Refusal | None = None

    def take(self, frame: v1.SessionRequest) -> None:
        self.refusal = None
        super().take(frame)

    def submit(self, request: v1.InternalRequest, place: str) -> v1.Accepted:
        if self.refusal:
            raise self.refusal
        try:
            return super().submit(request, place)
        except Refusal as refusal:
            self.refusal = refusal
            raise


class SaysAcceptedItself(Session):
    """Leaves Accepted out of the answer to a frame, for those that say it at another time."""

    def say(self, answer: v1.SessionResponse) -> None:
        if answer.results:
            super().say(v1.SessionResponse(results=answer.results))

    def accept(self, job: Job, asked_id: str, replayed: bool) -> None:
        """Says that one request is accepted."""
        accepted = v1.Accepted(request_id=asked_id, durability=job.durability, replayed=replayed, trace_id=job.trace_id)
        self.outbox.put_nowait(v1.SessionResponse(accepted=[accepted]))


class AcceptsWithResult(SaysAcceptedItself):
    """Says Accepted in the frame before the result, whenever that is."""

    async def answer(self, job: Job, asked_id: str, replayed: bool, size: int) -> None:
        await job.done.wait()
        self.accept(job, asked_id, replayed)
        await super().answer(job, asked_id, replayed, size)


class AcceptsLate(SaysAcceptedItself):
    """Lingers with Accepted, so that a quick result overtakes it."""

    async def answer(self, job: Job, asked_id: str, replayed: bool, size: int) -> None:
        try:
            async with asyncio.timeout(LINGER_S):
                await super().answer(job, asked_id, replayed, size)
        except TimeoutError:
            self.accept(job, asked_id, replayed)
            await super().answer(job, asked_id, replayed, size)
        else:
            self.accept(job, asked_id, replayed)


class CancelsWhenBroken(Session):
    """Cancels what it was to keep in memory, and what nobody on the stream waits for any more."""

    async def answer(self, job: Job, asked_id: str, replayed: bool, size: int) -> None:
        try:
            await super().answer(job, asked_id, replayed, size)
        except asyncio.CancelledError:
            if job.request.durability == v1.Durability.MEMORY:
                self.world.cancel(job)
            raise


class LeavesWithCaller(Session):
    """Ends when its caller's side ends."""

    async def drain(self) -> None:
        return


class PassesOverBinary(SocketDoor):
    """Takes a binary frame for an empty one."""

    def text_of(self, received: Message) -> str:
        return received.get("text") or "{}"


class DoorOfBinary(RestDoor):
    """Its sockets pass over binary frames."""

    sockets = PassesOverBinary


def bridge_of(kind: type[Session]) -> type[Bridge]:
    """A bridge that opens such sessions."""
    return type(f"BridgeOf{kind.__name__}", (Bridge,), {"sessions": kind})


MOCKS = {
    "session_without_credit": Parts(bridge=bridge_of(NamesNoWindow)),
    "session_frame_is_a_unit": Parts(bridge=bridge_of(TakesFramesWhole)),
    "accepted_with_the_result": Parts(bridge=bridge_of(AcceptsWithResult)),
    "accepted_after_the_result": Parts(bridge=bridge_of(AcceptsLate)),
    "broken_session_cancels": Parts(bridge=bridge_of(CancelsWhenBroken)),
    "half_close_ends_session": Parts(bridge=bridge_of(LeavesWithCaller)),
    "binary_frame_passed_over": Parts(rest=DoorOfBinary),
}
