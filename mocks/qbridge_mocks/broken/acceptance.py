"""Errors in what is accepted, and in what is known of it afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.bridge import Bridge
from qbridge_mocks.conforming.caller import Caller
from qbridge_mocks.conforming.ids import new_traceparent
from qbridge_mocks.conforming.job import Job, State
from qbridge_mocks.conforming.refusal import Refusal
from qbridge_mocks.conforming.session import Session
from qbridge_mocks.conforming.world import World
from qbridge_mocks.parts import Parts


class IgnoresIdempotency(World):
    """Runs a repeated request again."""

    def repeated(self, request: v1.InternalRequest, effect_key: tuple[str, str]) -> Job | None:
        return None


class AcceptsConflicts(World):
    """Answers the first result to a key that comes with another body."""

    def refuse_conflict(self, request: v1.InternalRequest, earlier: Job) -> None:
        return


class DropsTraceId(World):
    """Starts a trace of its own in place of the caller's."""

    def trace_context(self, request: v1.InternalRequest, caller: Caller) -> str:
        return new_traceparent()


class RunsExpired(World):
    """Takes no notice of deadlines."""

    def seconds_left(self, request: v1.InternalRequest, timeout_s: float) -> float | None:
        return None


class OverclaimsDurability(World):
    """Says DISK, and keeps nothing on one."""

    def choose_durability(self, request: v1.InternalRequest) -> v1.Durability:
        return v1.Durability(request.durability) or v1.Durability.MEMORY


class IgnoresCancel(World):
    """Answers Cancel, and lets the request run on."""

    def cancel(self, job: Job) -> None:
        return


class CancelsFinal(World):
    """Turns a finished request into a cancelled one."""

    def cancel(self, job: Job) -> None:
        if job.final and job.result:
            job.result.state = State.CANCELLED
            job.move(State.CANCELLED, job.result)
        super().cancel(job)


class RepeatsRows(World):
    """Begins each page with the last row of the page before."""

    def next_token(self, page: list[Job]) -> str:
        return f"below-{page[-1].order + 1}"


class SkipsEvents(World):
    """Leaves out every third event of a watch, so that the sequence has gaps."""

    def known_events(self, job: Job, after: int) -> list[v1.RequestEvent]:
        return [event for event in super().known_events(job, after) if event.sequence % 3 or event.result]


class ReplaysOnResume(World):
    """Begins a resumed watch with the first event."""

    async def events(self, job: Job, after: int) -> AsyncIterator[v1.RequestEvent]:
        async for event in super().events(job, 0):
            yield event


class SilentSession(Session):
    """Says nothing of the items that it refuses."""

    def refused(self, request_id: str, refusal: Refusal) -> list[v1.Result]:
        return []


class BridgeOfSilentSessions(Bridge):
    """Opens silent sessions."""

    sessions = SilentSession


MOCKS = {
    "idempotency_ignored": Parts(world=IgnoresIdempotency),
    "conflict_accepted": Parts(world=AcceptsConflicts),
    "trace_id_dropped": Parts(world=DropsTraceId),
    "expired_runs_anyway": Parts(world=RunsExpired),
    "durability_overclaimed": Parts(world=OverclaimsDurability),
    "cancel_ignored": Parts(world=IgnoresCancel),
    "cancel_rewrites_final": Parts(world=CancelsFinal),
    "list_repeats_page": Parts(world=RepeatsRows),
    "watch_skips_events": Parts(world=SkipsEvents),
    "watch_resume_replays": Parts(world=ReplaysOnResume),
    "session_drops_refusals": Parts(bridge=BridgeOfSilentSessions),
}
