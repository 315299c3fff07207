"""Errors in what is known of a request once it is accepted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.backends import Backend
from qbridge_mocks.conforming.bridge import Bridge
from qbridge_mocks.conforming.job import Job, State
from qbridge_mocks.conforming.refusal import Refusal, make_error
from qbridge_mocks.conforming.rest_door import RestDoor
from qbridge_mocks.conforming.world import World
from qbridge_mocks.parts import Parts


class ForgetsLabels(Bridge):
    """Answers Get without the labels of the request."""

    async def get(self, message: v1.GetRequest) -> v1.GetResponse:
        answer = await super().get(message)
        assert answer.record is not None
        assert answer.record.request is not None
        answer.record.request = replace(answer.record.request, labels={})
        return answer


class LosesPatience(Bridge):
    """Answers an error where a wait was too short."""

    async def get(self, message: v1.GetRequest) -> v1.GetResponse:
        answer = await super().get(message)
        if message.wait_s and not self.find(message.request_id).final:
            raise Refusal.of("DEADLINE_EXCEEDED", "The request is not final yet.")
        return answer


class KnowingBridge(Bridge):
    """Tells ids that somebody has sent from those that nobody has."""

    def seen(self, request_id: str) -> bool:
        """Whether anybody has sent the id."""
        return any(job.id == request_id for job in self.world.in_order)


class GetsNothing(KnowingBridge):
    """Takes an id that nobody has sent for a mistake of the caller's."""

    async def get(self, message: v1.GetRequest) -> v1.GetResponse:
        if not self.seen(message.request_id):
            raise Refusal.of("INVALID_ARGUMENT", "The request id is not one of this deployment.")
        return await super().get(message)


class CancelsNothing(KnowingBridge):
    """Takes an id that nobody has sent for a mistake of the caller's."""

    async def cancel(self, message: v1.CancelRequest) -> v1.CancelResponse:
        if not self.seen(message.request_id):
            raise Refusal.of("INVALID_ARGUMENT", "The request id is not one of this deployment.")
        return await super().cancel(message)


class WatchesNothing(KnowingBridge):
    """Answers Watch of an id that nobody has sent."""

    async def watch(self, message: v1.WatchRequest) -> AsyncIterator[v1.WatchResponse]:
        if self.seen(message.request_id):
            async for response in super().watch(message):
                yield response


class ListsEveryState(World):
    """Takes no notice of the state asked for."""

    def listed(self, tenant: str, request: v1.ListRequest) -> tuple[list[Job], str]:
        return super().listed(tenant, replace(request, state=State.UNSPECIFIED))


class RepeatsRows(World):
    """Begins each page with the last row of the page before."""

    def next_token(self, page: list[Job]) -> str:
        return f"below-{page[-1].order + 1}"


class TakesAnyToken(World):
    """Starts over where it does not know a page token."""

    def page_start(self, token: str) -> int:
        try:
            return super().page_start(token)
        except Refusal:
            return super().page_start("")


class IgnoresCancel(World):
    """Answers Cancel, and lets the request run on."""

    def cancel(self, job: Job) -> None:
        return


class CancelsFinal(World):
    """Turns a finished request into a cancelled one."""

    def cancel(self, job: Job) -> None:
        if job.final and job.result:
            error = make_error("CANCELLED", "The caller cancelled the request.", trace_id=job.trace_id)
            job.result = replace(job.result, state=State.CANCELLED, reply=None, error=error)
            job.move(State.CANCELLED, job.result)
        super().cancel(job)


class SeesNoQueue(Bridge):
    """Says of every lane that it is empty."""

    def depth(self, backend: Backend | None) -> int:
        return 0


class SkipsEvents(World):
    """Leaves out the fourth event of a watch, so that the sequence has a gap."""

    def known_events(self, job: Job, after: int) -> list[v1.RequestEvent]:
        return [event for event in super().known_events(job, after) if event.sequence != 4 or event.result]


class ReplaysOnResume(World):
    """Begins a resumed watch with the first event."""

    async def events(self, job: Job, after: int) -> AsyncIterator[v1.RequestEvent]:
        async for event in super().events(job, 0):
            yield event


class WrongEventId(RestDoor):
    """Counts the events of SSE from 0, so that a reader who comes back gets one twice."""

    def event_id(self, event: v1.RequestEvent) -> int:
        return super().event_id(event) - 1


class NamesNoStates(RestDoor):
    """Leaves the names of its events out."""

    def event_text(self, response: v1.WatchResponse) -> str:
        return super().event_text(response).partition("\n")[2]


MOCKS = {
    "record_without_labels": Parts(bridge=ForgetsLabels),
    "wait_ends_in_an_error": Parts(bridge=LosesPatience),
    "unknown_request_is_invalid": Parts(bridge=GetsNothing),
    "list_ignores_state": Parts(world=ListsEveryState),
    "list_repeats_page": Parts(world=RepeatsRows),
    "strange_token_starts_over": Parts(world=TakesAnyToken),
    "cancel_ignored": Parts(world=IgnoresCancel),
    "cancel_rewrites_final": Parts(world=CancelsFinal),
    "cancel_of_nothing_is_invalid": Parts(bridge=CancelsNothing),
    "explain_without_depth": Parts(bridge=SeesNoQueue),
    "watch_skips_events": Parts(world=SkipsEvents),
    "watch_resume_replays": Parts(world=ReplaysOnResume),
    "sse_wrong_id": Parts(rest=WrongEventId),
    "sse_events_without_names": Parts(rest=NamesNoStates),
    "watch_of_nothing_is_empty": Parts(bridge=WatchesNothing),
}
