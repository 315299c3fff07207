"""BridgeService: the application behind Submit, Call, Session, Get, Watch, List, Cancel and Explain, at every door."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import msgspec

from qbridge_contract.errors import BridgeError
from qbridge_contract.servicer import BridgeServicer
from qbridge_contract.structs import (
    Accepted,
    CallRequest,
    CallResponse,
    CancelRequest,
    CancelResponse,
    Durability,
    Error,
    ErrorCode,
    ExplainRequest,
    ExplainResponse,
    GetRequest,
    GetResponse,
    InternalRequest,
    Limits,
    ListRequest,
    ListResponse,
    RequestEvent,
    RequestRecord,
    RequestState,
    Result,
    SessionRequest,
    SessionResponse,
    SubmitRequest,
    SubmitResponse,
    WatchRequest,
    WatchResponse,
)
from qbridge_server.gateway.admission import Admission
from qbridge_server.gateway.context import CallContext
from qbridge_server.gateway.explain import Explainer
from qbridge_server.gateway.quota import Quotas
from qbridge_server.gateway.session import Session, waits_for_log
from qbridge_server.gateway.telemetry import Telemetry
from qbridge_server.ports import PLACE, Appended, Buffer, Entry, Spawn, place_of

PAGE_SIZE_DEFAULT = 50
FINAL = frozenset(
    {
        RequestState.REJECTED,
        RequestState.SUCCEEDED,
        RequestState.FAILED,
        RequestState.CANCELLED,
        RequestState.EXPIRED,
        RequestState.DEAD,
    }
)


class BridgeApplication(BridgeServicer):
    """Work for backends: admitted, appended, waited for.

    `frames` makes the way back of a session.
    """

    def __init__(
        self,
        buffer: Buffer,
        admission: Admission,
        quotas: Quotas,
        explainer: Explainer,
        telemetry: Telemetry,
        limits: Limits,
        *,
        frames: Callable[[], Session.Transport],
        spawn: Spawn,
    ) -> None:
        self._buffer = buffer
        self._admission = admission
        self._quotas = quotas
        self._explainer = explainer
        self._telemetry = telemetry
        self._limits = limits
        self._frames = frames
        self._spawn = spawn
        self.draining = False
        self.sessions: set[Session] = set()
        """Those that are open."""
        self._waiting: set[asyncio.Future[Result]] = set()
        self._watching: set[asyncio.Event] = set()
        self._closed = False

    async def call(self, context: CallContext, request: CallRequest) -> CallResponse:
        """Accepts a request, waits for it, and answers its result; raises its error."""
        assert request.request is not None
        return CallResponse(result=await self.run(context, request.request))

    async def run(self, context: CallContext, request: InternalRequest) -> Result:
        """Call without its envelope: the embedded door comes in here."""
        entry = self.admit(context, request, self._limits.timeout_s_default)
        finished: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._when_done(entry, finished)
        waiting = self._waiting
        waiting.add(finished)
        try:
            append = self._append_whole if waits_for_log(entry) else self._append
            appended = await append(entry)
            if appended.error is not None:
                raise BridgeError(_traced(appended.error, entry))
            result = await (self.outcome(appended.entry) if appended.replayed else finished)
        except asyncio.CancelledError:
            if entry.durability is Durability.MEMORY:
                self._spawn(self._buffer.cancel(entry), f"abandoned {entry.request.id}")
            raise
        finally:
            waiting.discard(finished)
        if result.error is not None:
            raise BridgeError(result.error)
        if appended.replayed:
            result = msgspec.structs.replace(result, replayed=True)
        return result

    async def submit(self, context: CallContext, request: SubmitRequest) -> SubmitResponse:
        """Accepts a request and answers at once."""
        assert request.request is not None
        entry = self.admit(context, request.request)
        entry.on_done = self._finished
        append = self._append_whole if waits_for_log(entry) else self._append
        appended = await append(entry)
        if appended.error is not None:
            raise BridgeError(_traced(appended.error, entry))
        kept = appended.entry
        return SubmitResponse(
            accepted=Accepted(
                request_id=kept.request.id,
                durability=kept.durability,
                replayed=appended.replayed,
                trace_id=kept.trace_id,
            )
        )

    def session(self, context: CallContext, requests: AsyncIterator[SessionRequest]) -> AsyncIterator[SessionResponse]:
        """A stream of frames: see `Session`."""
        return Session(self, self._buffer, self._frames(), self._limits, self._spawn).run(context, requests)

    async def get(self, context: CallContext, request: GetRequest) -> GetResponse:
        """All that is known of a request, waiting up to `wait_s` for it to become final."""
        entry = await self.entry(context, request.request_id)
        if request.wait_s and entry.state not in FINAL:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(request.wait_s):
                    await self.outcome(entry)
        return GetResponse(record=record_of(entry))

    async def watch(self, context: CallContext, request: WatchRequest) -> AsyncIterator[WatchResponse]:
        """The events of a request behind `after_sequence`, until it is final."""
        entry = await self.entry(context, request.request_id)
        sequence = request.after_sequence
        changed = asyncio.Event()

        def wake(_entry: Entry) -> None:
            changed.set()

        watchers = entry.watchers = entry.watchers if entry.watchers is not None else []
        watchers.append(wake)
        self._watching.add(changed)
        try:
            while True:
                changed.clear()
                while sequence < len(entry.events):
                    sequence += 1
                    yield WatchResponse(event=_event(entry, sequence))
                if entry.state in FINAL:
                    return
                await changed.wait()
                if self._closed:
                    raise _closed()
        finally:
            watchers.remove(wake)
            self._watching.discard(changed)

    async def list(self, context: CallContext, request: ListRequest) -> ListResponse:
        """The caller's requests, newest first."""
        limit = request.page_size or PAGE_SIZE_DEFAULT
        if request.page_token and not PLACE.fullmatch(request.page_token):
            raise BridgeError.of(ErrorCode.INVALID_ARGUMENT, "The page token is not one that this server made.")
        state = None if request.state is RequestState.UNSPECIFIED else request.state
        entries = await self._buffer.list(context.caller.tenant, request.backend, state, request.page_token, limit + 1)
        page = entries[:limit]
        more = place_of(page[-1]) if len(entries) > limit else ""
        return ListResponse(records=[record_of(entry, reply=False) for entry in page], next_page_token=more)

    async def cancel(self, context: CallContext, request: CancelRequest) -> CancelResponse:
        """Cancels a request that is not final; what is final stays as it is."""
        entry = await self.entry(context, request.request_id)
        await self._buffer.cancel(entry)
        return CancelResponse(record=record_of(entry))

    async def explain(self, context: CallContext, request: ExplainRequest) -> ExplainResponse:
        """Why a request waits, or where its time went."""
        return self._explainer.explain(await self.entry(context, request.request_id))

    def admit(self, context: CallContext, request: InternalRequest, timeout_s_default: float = 0.0) -> Entry:
        """The entry of a request, its quota taken. Raises BridgeError with the trace id."""
        if self.draining:
            raise _draining()
        try:
            entry = self._admission.admit(request, context, timeout_s_default)
        except BridgeError as error:
            self._telemetry.refused(error.code)
            raise
        if self._quotas.take(context.caller.tenant):
            entry.watchers = [self._quota_back]
        return entry

    def drain(self) -> None:
        """Takes nothing new, and says so on every session; what was accepted goes on."""
        self.draining = True
        for session in list(self.sessions):
            session.leave(_draining().error)

    def end_waits(self) -> None:
        """Ends whoever still waits with UNAVAILABLE, and every session: nothing becomes final here any more."""
        self._closed = True
        for session in list(self.sessions):
            session.end()
        for finished in self._waiting:
            if not finished.done():
                finished.set_exception(_closed())
        for changed in self._watching:
            changed.set()

    async def _append_whole(self, entry: Entry) -> Appended:
        """Appends an entry to its end, though the caller goes meanwhile."""
        appended: Appended = await asyncio.shield(self._spawn(self._append(entry), f"append {entry.request.id}"))
        return appended

    async def _append(self, entry: Entry) -> Appended:
        appended = (await self._buffer.append((entry,)))[0]
        if appended.entry is not entry or appended.error is not None:
            self.not_taken(entry, appended)
        return appended

    def not_taken(self, entry: Entry, appended: Appended) -> None:
        """Gives back the quota of an entry that was refused, or repeats an earlier one."""
        if appended.error is not None:
            self._telemetry.refused(appended.error.code)
        if entry.watchers:
            self._quotas.give_back(entry.caller.tenant)

    async def outcome(self, entry: Entry) -> Result:
        """The result of an entry that is in the buffer, once it is final."""
        if entry.result is not None and entry.state in FINAL:
            return entry.result
        finished: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

        def watch(changed: Entry) -> None:
            if changed.state in FINAL and changed.result is not None and not finished.done():
                finished.set_result(changed.result)

        watchers = entry.watchers = entry.watchers if entry.watchers is not None else []
        watchers.append(watch)
        self._waiting.add(finished)
        try:
            return await finished
        finally:
            watchers.remove(watch)
            self._waiting.discard(finished)

    def done(self, entry: Entry) -> None:
        """Counts an entry that is final."""
        self._telemetry.finished(entry)

    async def entry(self, context: CallContext, request_id: str) -> Entry:
        """The caller's entry. Raises NOT_FOUND, for another tenant's too."""
        entry = await self._buffer.get(context.caller.tenant, request_id)
        if entry is None:
            raise BridgeError.of(
                ErrorCode.NOT_FOUND,
                f"There is no request {request_id}; results in memory are kept for {self._limits.result_ttl_s:g} s.",
            )
        return entry

    def _when_done(self, entry: Entry, finished: asyncio.Future[Result]) -> None:
        telemetry = self._telemetry

        def done(entry: Entry) -> None:
            telemetry.finished(entry)
            if not finished.done():
                assert entry.result is not None
                finished.set_result(entry.result)

        entry.on_done = done

    def _finished(self, entry: Entry) -> None:
        self._telemetry.finished(entry)

    def _quota_back(self, entry: Entry) -> None:
        if entry.state in FINAL:
            self._quotas.give_back(entry.caller.tenant)


def record_of(entry: Entry, reply: bool = True) -> RequestRecord:
    """All that is known of an entry; without its reply for lists."""
    result = entry.result
    if result is not None and not reply and result.reply is not None:
        result = msgspec.structs.replace(result, reply=None)
    changed_wall = entry.events[-1][1] if entry.events else entry.accepted_wall
    return RequestRecord(
        request=entry.request,
        state=entry.state,
        result=result,
        lane=entry.lane,
        attempts=entry.attempts,
        durability=entry.durability,
        created_at=datetime.fromtimestamp(entry.accepted_wall, UTC),
        updated_at=datetime.fromtimestamp(changed_wall, UTC),
    )


def _event(entry: Entry, sequence: int) -> RequestEvent:
    state, wall = entry.events[sequence - 1]
    return RequestEvent(
        request_id=entry.request.id,
        sequence=sequence,
        state=state,
        at=datetime.fromtimestamp(wall, UTC),
        result=entry.result if state in FINAL else None,
    )


def _draining() -> BridgeError:
    message = "The deployment is draining; another one may serve you."
    return BridgeError.of(ErrorCode.UNAVAILABLE, message, retry_after_s=1.0)


def _closed() -> BridgeError:
    return BridgeError.of(
        ErrorCode.UNAVAILABLE,
        "The bridge closed before the request was final; a durable one goes on at its next start.",
        retry_after_s=1.0,
    )


def _traced(error: Error, entry: Entry) -> Error:
    return msgspec.structs.replace(error, trace_id=entry.trace_id)
