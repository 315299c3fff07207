"""A session: one stream of frames each way (docs/protocol.md, Session).

The reader admits and appends what frames bring; the writer sends what the transport has packed. Requests that need a
commit are appended in a task of their own, so that the next frame is read while they wait for the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import (
    Credit,
    Durability,
    Error,
    ErrorCode,
    GoAway,
    InternalRequest,
    Limits,
    RequestState,
    Result,
    SessionRequest,
    SessionResponse,
)
from qbridge_server.gateway.context import CallContext
from qbridge_server.gateway.reading import RefusedRequest
from qbridge_server.ports import Buffer, Entry, ResultTransport, Spawn

if TYPE_CHECKING:
    from qbridge_server.gateway.bridge import BridgeApplication


class Session:
    """One session of one caller."""

    class Transport(ResultTransport, Protocol):
        """The way back, with what only a session has."""

        @property
        def waiting(self) -> int:
            """How many results have not left yet."""
            ...

        async def room(self) -> None:
            """Waits while as much has not left yet as the window allows."""
            ...

        def credit(self, credit: Credit) -> None:
            """Queues the window."""
            ...

        def go_away(self, go_away: GoAway) -> None:
            """Queues the farewell."""
            ...

    def __init__(
        self,
        application: BridgeApplication,
        buffer: Buffer,
        transport: Transport,
        limits: Limits,
        spawn: Spawn,
    ) -> None:
        self._application = application
        self._buffer = buffer
        self._transport = transport
        self._limits = limits
        self._spawn = spawn
        self._unanswered: dict[str, Entry] = {}
        """By the id that the caller gave; a repeated request has its earlier entry here."""
        self._appends: set[asyncio.Task[None]] = set()
        self._replays: set[asyncio.Task[None]] = set()
        self._ending = False
        """Takes nothing more: ends once what was accepted is answered."""
        self._left = False
        self._broken: BridgeError | None = None

    async def run(
        self, context: CallContext, requests: AsyncIterator[SessionRequest]
    ) -> AsyncIterator[SessionResponse]:
        """The frames to the caller, until it has no more to say and every result has left."""
        limits = self._limits
        self._transport.credit(Credit(items=limits.session_items_max, bytes=limits.message_bytes_max))
        self._application.sessions.add(self)
        reader = self._spawn(self._read(context, requests), "session reader")
        try:
            async for frame in self._transport.frames():
                yield frame
            if self._broken is not None:
                raise self._broken
        finally:
            # What is being appended goes on: the caller will ask for it again on its next session.
            self._left = True
            self._application.sessions.discard(self)
            reader.cancel()
            for replay in self._replays:
                replay.cancel()

    def leave(self, error: Error) -> None:
        """Says farewell: takes nothing more, and ends once all that was accepted is answered."""
        self._transport.go_away(GoAway(error=error))
        self._ending = True
        self._close_if_answered()

    def end(self) -> None:
        """Ends now: what has no answer yet, the caller asks for again on its next session."""
        self._transport.close()

    async def _read(self, context: CallContext, requests: AsyncIterator[SessionRequest]) -> None:
        try:
            async for frame in requests:
                await self._frame(context, frame)
                await self._transport.room()
        except BridgeError as error:
            self._broken = error
            self._transport.go_away(GoAway(error=error.error))
        finally:
            self._ending = True
            self._close_if_answered()

    async def _frame(self, context: CallContext, frame: SessionRequest) -> None:
        if len(frame.submits) + len(frame.cancels) > self._limits.frame_items_max:
            raise BridgeError.of(
                ErrorCode.TOO_LARGE,
                f"A frame has at most {self._limits.frame_items_max} items; send two frames.",
            )
        at_once: list[Entry] = []
        logged: list[Entry] = []
        for request in frame.submits:
            entry = self._admit(context, request)
            if entry is not None:
                (logged if waits_for_log(entry) else at_once).append(entry)
        if at_once:
            await self._append(at_once)
        if logged:
            self._keep(self._appends, self._spawn(self._append(logged), "session append"))
        if frame.cancels:
            await self._cancel(frame.cancels)

    async def _cancel(self, request_ids: Sequence[str]) -> None:
        """Cancels what is not final, once it is known what each id stands for."""
        if self._appends:
            await asyncio.wait(self._appends)
        for request_id in request_ids:
            entry = self._unanswered.get(request_id)
            if entry is not None:
                await self._buffer.cancel(entry)

    @staticmethod
    def _keep(tasks: set[asyncio.Task[None]], task: asyncio.Task[None]) -> None:
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def _admit(self, context: CallContext, request: InternalRequest) -> Entry | None:
        """The entry of a submit; a refused one gets its result now."""
        unanswered = self._unanswered
        try:
            if type(request) is RefusedRequest:
                raise BridgeError(request.error or Error(code=ErrorCode.INVALID_ARGUMENT))
            if not request.id:
                raise BridgeError.of(ErrorCode.INVALID_ARGUMENT, "A submit on a session needs an id of its own.")
            if request.id in unanswered:
                return None
            if len(unanswered) + self._transport.waiting >= self._limits.session_items_max:
                window = f"{self._limits.session_items_max} requests may be unanswered on a session"
                raise BridgeError.of(ErrorCode.QUEUE_FULL, f"{window}; wait for results.", retry_after_s=0.1)
            entry = self._application.admit(context, request)
        except BridgeError as error:
            self._refuse(request.id, error.error)
            return None
        entry.on_done = self._done
        entry.transport = "frame"
        unanswered[request.id] = entry
        return entry

    async def _append(self, entries: Sequence[Entry]) -> None:
        application, transport = self._application, self._transport
        for entry, appended in zip(entries, await self._buffer.append(entries), strict=True):
            if appended.entry is not entry or appended.error is not None:
                application.not_taken(entry, appended)
            if appended.error is not None:
                self._unanswered.pop(entry.request.id, None)
                self._refuse(entry.request.id, msgspec.structs.replace(appended.error, trace_id=entry.trace_id))
            elif appended.replayed:
                transport.accepted(appended.entry, True)
                self._repeat(entry.request.id, appended.entry)
            else:
                transport.accepted(entry, False)
        self._close_if_answered()

    def _repeat(self, request_id: str, kept: Entry) -> None:
        self._unanswered[request_id] = kept
        if not self._left:
            self._keep(self._replays, self._spawn(self._replay(request_id, kept), "session replay"))

    async def _replay(self, request_id: str, kept: Entry) -> None:
        """Answers a repeated request with the first one's result."""
        try:
            result = await self._application.outcome(kept)
        except BridgeError:
            return  # The bridge closes. Nothing is known of the request yet, so that the caller asks again.
        self._unanswered.pop(request_id, None)
        result = msgspec.structs.replace(result, request_id=request_id, replayed=True)
        self._transport.result(result, kept.result_bytes)
        self._close_if_answered()

    def _done(self, entry: Entry) -> None:
        self._application.done(entry)
        self._unanswered.pop(entry.request.id, None)
        assert entry.result is not None
        if not self._left:
            self._transport.result(entry.result, entry.result_bytes)
        if self._ending:
            self._close_if_answered()

    def _refuse(self, request_id: str, error: Error) -> None:
        result = Result(request_id=request_id, state=RequestState.REJECTED, error=error, trace_id=error.trace_id)
        size = len(error.message) + sum(len(each.field) + len(each.message) for each in error.violations)
        self._transport.result(result, size)

    def _close_if_answered(self) -> None:
        if self._ending and not self._unanswered:
            self._transport.close()


def waits_for_log(entry: Entry) -> bool:
    """Whether a log, where there is one, is asked before the entry is accepted."""
    return entry.durability is not Durability.MEMORY or bool(entry.request.idempotency_key)
