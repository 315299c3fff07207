"""Errors in what is accepted, and in how a Call answers."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from starlette.requests import Request

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.backends import Backend, RemoteBackend
from qbridge_mocks.conforming.bridge import Bridge
from qbridge_mocks.conforming.caller import Caller, current_caller
from qbridge_mocks.conforming.ids import new_traceparent
from qbridge_mocks.conforming.job import Job, State
from qbridge_mocks.conforming.reading import Reads
from qbridge_mocks.conforming.refusal import Refusal
from qbridge_mocks.conforming.rest_door import RestDoor
from qbridge_mocks.conforming.surface import Rpc
from qbridge_mocks.conforming.world import World
from qbridge_mocks.parts import Parts

LOOK_UP_S = 0.01


class CountsNoAttempts(Bridge):
    """Answers a Call without the number of attempts."""

    def call_answer(self, result: v1.Result) -> v1.CallResponse:
        return super().call_answer(replace(result, attempts=0))


class HidesDeadLetters(Bridge):
    """Answers a dead letter's Call with INTERNAL."""

    def call_answer(self, result: v1.Result) -> v1.CallResponse:
        if result.state == State.DEAD and result.error:
            raise Refusal.of("INTERNAL", result.error.message)
        return super().call_answer(result)


class DropsMediaType(RemoteBackend):
    """Loses the content type of the bytes in a reply."""

    def end(self, job: Job, result: v1.ItemResult) -> None:
        if result.reply and result.reply.payload:
            result.reply.payload.content_type = ""
        super().end(job, result)


class WorldWithoutMediaTypes(World):
    """Its remote backends lose content types."""

    remotes = DropsMediaType


class MakesShortIds(World):
    """Makes ids of 12 hexadecimal digits."""

    def new_request_id(self) -> str:
        return f"req_{secrets.token_hex(6)}"


class OverclaimsDurability(World):
    """Says DISK, and keeps nothing on one."""

    def choose_durability(self, request: v1.InternalRequest) -> v1.Durability:
        return v1.Durability(request.durability) or v1.Durability.MEMORY


class OverclaimsDefault(World):
    """Says DISK where a write asks for nothing."""

    def choose_durability(self, request: v1.InternalRequest) -> v1.Durability:
        level = super().choose_durability(request)
        return level if request.durability else v1.Durability.DISK


class ExpectsAnyBackend(World):
    """Believes that a backend which nobody has registered is about to come."""

    def choose_backend(self, request: v1.InternalRequest) -> Backend:
        try:
            return super().choose_backend(request)
        except Refusal as refusal:
            raise Refusal.of("UNAVAILABLE", refusal.error.message) from None


class IgnoresIdempotency(World):
    """Runs a repeated request again."""

    def repeated(self, request: v1.InternalRequest, effect_key: tuple[str, str]) -> Job | None:
        return None


class KnowsFinalOnly(World):
    """Knows a key again once its first request is final, and not before."""

    def repeated(self, request: v1.InternalRequest, effect_key: tuple[str, str]) -> Job | None:
        earlier = super().repeated(request, effect_key)
        return earlier if earlier and earlier.final else None


class LooksUpEarly(Bridge):
    """Lets others pass between looking a key up and storing it."""

    async def call(self, message: v1.CallRequest) -> v1.CallResponse:
        request = message.request
        assert request is not None
        effect_key = (current_caller.get().tenant, request.idempotency_key or request.id)
        known = self.world.repeated(request, effect_key)
        await asyncio.sleep(LOOK_UP_S)
        if not known:
            self.world.by_effect_key.pop(effect_key, None)
        return await super().call(message)


class AcceptsConflicts(World):
    """Answers the first result to a key that comes with another body."""

    def refuse_conflict(self, request: v1.InternalRequest, earlier: Job) -> None:
        if not request.idempotency_key:
            super().refuse_conflict(request, earlier)


class AcceptsIdConflicts(World):
    """Answers the first result to an id that comes with another body."""

    def refuse_conflict(self, request: v1.InternalRequest, earlier: Job) -> None:
        if request.idempotency_key:
            super().refuse_conflict(request, earlier)


class IgnoresKeyHeader(RestDoor):
    """Does not read Idempotency-Key."""

    def headers_into(self, rpc: Rpc, request: Request, members: Reads) -> None:
        if "idempotency-key" not in request.headers:
            super().headers_into(rpc, request, members)


class RunsExpired(World):
    """Takes no notice of deadlines."""

    def seconds_left(self, request: v1.InternalRequest, timeout_s: float) -> float | None:
        return None


class RunsLate(World):
    """Gives a request that comes after its deadline a second more."""

    def seconds_left(self, request: v1.InternalRequest, timeout_s: float) -> float | None:
        left_s = super().seconds_left(request, timeout_s)
        return left_s if left_s is None else max(left_s, 1.0)


class NeverExpires(World):
    """Looks at deadlines at the door, and never again."""

    def arm(self, job: Job, left_s: float | None) -> None:
        if left_s is not None:
            job.deadline = datetime.now(UTC) + timedelta(seconds=left_s)


class DropsTraceId(World):
    """Starts a trace of its own in place of the caller's."""

    def trace_context(self, request: v1.InternalRequest, caller: Caller) -> str:
        return new_traceparent()


class TracelessErrors(Bridge):
    """Leaves the trace out of the errors that it answers."""

    def call_answer(self, result: v1.Result) -> v1.CallResponse:
        if result.error:
            result.error = replace(result.error, trace_id="")
        return super().call_answer(result)


class ShoutsTraceIds(Bridge):
    """Writes the trace of an Accepted in upper case."""

    async def submit(self, message: v1.SubmitRequest) -> v1.SubmitResponse:
        answer = await super().submit(message)
        assert answer.accepted is not None
        answer.accepted.trace_id = answer.accepted.trace_id.upper()
        return answer


class IgnoresTraceHeader(RestDoor):
    """Does not read traceparent."""

    def caller(self, rpc: Rpc, request: Request) -> Caller:
        return replace(super().caller(rpc, request), traceparent="")


MOCKS = {
    "call_without_attempts": Parts(bridge=CountsNoAttempts),
    "dead_is_internal": Parts(bridge=HidesDeadLetters),
    "media_type_of_bytes_dropped": Parts(world=WorldWithoutMediaTypes),
    "made_ids_too_short": Parts(world=MakesShortIds),
    "durability_overclaimed": Parts(world=OverclaimsDurability),
    "default_durability_overclaimed": Parts(world=OverclaimsDefault),
    "unknown_backend_unavailable": Parts(world=ExpectsAnyBackend),
    "idempotency_ignored": Parts(world=IgnoresIdempotency),
    "resend_runs_beside_the_first": Parts(world=KnowsFinalOnly),
    "key_looked_up_too_early": Parts(bridge=LooksUpEarly),
    "conflict_accepted": Parts(world=AcceptsConflicts),
    "id_conflict_accepted": Parts(world=AcceptsIdConflicts),
    "idempotency_header_ignored": Parts(rest=IgnoresKeyHeader),
    "expired_runs_anyway": Parts(world=RunsExpired),
    "past_deadline_runs": Parts(world=RunsLate),
    "deadline_only_at_the_door": Parts(world=NeverExpires),
    "trace_id_dropped": Parts(world=DropsTraceId),
    "error_without_trace": Parts(bridge=TracelessErrors),
    "trace_id_in_capitals": Parts(bridge=ShoutsTraceIds),
    "trace_header_ignored": Parts(rest=IgnoresTraceHeader),
}
