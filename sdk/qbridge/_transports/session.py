"""One Session stream, shared by every coroutine that calls: the hot path over gRPC.

Takes requests one at a time from awaiting coroutines and gives each its own result; between them are
frames. Nobody lingers: what queued during this turn of the loop, or while the last frame was being written,
goes into the next one. A lone caller's frame leaves at once; 64 callers share theirs.

A broken stream is opened again and what has no result is sent again as it is: a request's id is its
idempotency key, so the bridge answers a repeat with what it has. The session knows bytes and streams,
nothing of channels, keys and payloads: `open_stream` gives it a fresh call.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Callable
from typing import Any

from grpc.aio import EOF, AioRpcError

from qbridge._transports._faults import Faults
from qbridge._transports._grpc_errors import settled_status
from qbridge._transports._pending import Pending, Window, pack
from qbridge.exceptions import QBridgeError, connection_lost, deadline_exceeded, error_from
from qbridge_contract.convert import accepted_from_pb, internal_request_to_pb, result_from_pb
from qbridge_contract.structs import Accepted, Durability, InternalRequest, RequestState, Result
from qbridge_contract.v1.bridge_pb2 import SessionResponse

_INFINITY = float("inf")
_GRACE_S = 0.1
"""How much longer than the bridge we wait for a deadline, so that the bridge's own word wins."""
_PAUSE_S_FIRST, _PAUSE_S_MAX = 0.02, 1.0
"""Between attempts to connect; doubles."""
_SENDS_MAX = 5
"""A request that has seen so many streams break is perhaps what breaks them."""
_FRAME_ITEMS_MAX = 1024
"""Submits and cancels together; the bridge refuses a frame with more."""
_FRAME_CANCELS_MAX = 256
_FRAME_ITEMS_SPLIT = 32
"""Above this a frame takes at most half of what is under way: one half travels while the other is worked on.
Otherwise all callers wait for one frame, and caller and bridge take turns instead of working at once."""


class Session:
    """Calls and submits of all coroutines of one loop, coalesced into the frames of one stream."""

    def __init__(
        self,
        open_stream: Callable[[], Any],
        error_of: Callable[[BaseException], QBridgeError],
        connect_timeout_s: float,
        accept_timeout_s: float,
    ) -> None:
        self._open_stream = open_stream
        self._error_of = error_of
        self._connect_timeout_s = connect_timeout_s
        self._accept_timeout_s = accept_timeout_s
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Pending] = deque()
        self._unanswered: dict[str, Pending] = {}
        self._cancels: list[str] = []
        self._window = Window()
        self._faults = Faults()
        self._going_away = False
        self._wake: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._runner: asyncio.Task[None] | None = None
        self._closed = False
        self.frames_sent = 0
        """How many frames have been written: what coalescing saves can be seen here."""
        self.streams_opened = 0
        """How many streams there have been, the broken ones included."""

    async def call(self, request: InternalRequest) -> Result:
        """Sends a request and waits for its result. Raises its error; ConnectionLost; DeadlineExceeded."""
        pending = self._enqueue(request, request.timeout_s)
        try:
            message = await pending.future
        except asyncio.CancelledError:
            self._give_up(pending)
            raise
        result = result_from_pb(message)
        if result.error is not None:
            raise error_from(result.error)
        return result

    async def submit(self, request: InternalRequest) -> Accepted:
        """Sends a request and waits until it is accepted. Raises why it was refused, or ConnectionLost."""
        pending = self._enqueue(request, self._accept_timeout_s)
        pending.accepted_is_enough = True
        try:
            message = await pending.future
        except asyncio.CancelledError:
            self._give_up(pending)
            raise
        if not isinstance(message, _ResultMessage):
            return accepted_from_pb(message)
        result = result_from_pb(message)  # it was final before its acceptance could be said
        if result.state is RequestState.REJECTED and result.error is not None:
            raise error_from(result.error)
        return Accepted(
            request_id=result.request_id,
            durability=Durability.MEMORY,  # of a higher level the acceptance is always said
            replayed=result.replayed,
            trace_id=result.trace_id,
        )

    @property
    def full(self) -> bool:
        """True where what is queued and unanswered fills the window of the server."""
        return 0 < self._window.items_max <= len(self._queue) + len(self._unanswered)

    async def close(self) -> None:
        """Ends the stream; whoever still waits gets ConnectionLost."""
        self._closed = True
        if self._runner is not None:
            self._runner.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._runner
        self._requeue()
        self._fail_queued(connection_lost("the client was closed before the answer came"))
        if self._timer is not None:
            self._timer.cancel()

    # ------------------------------------------------------------ what the callers do

    def _enqueue(self, request: InternalRequest, timeout_s: float) -> Pending:
        """Puts a request into the queue, which is as long as there are coroutines that wait."""
        if self._closed:
            raise connection_lost("the client is closed; connect again")
        data = internal_request_to_pb(request).SerializeToString()
        loop = self._loop
        deadline = loop.time() + timeout_s + _GRACE_S if timeout_s else _INFINITY
        pending = Pending(request.id, data, loop.create_future(), deadline, timeout_s)
        if (refusal := self._faults.refusal(pending)) is not None:
            raise refusal
        self._queue.append(pending)
        if timeout_s and (self._timer is None or deadline < self._timer.when()):
            self._set_timer(deadline)
        if self._runner is None:
            self._runner = loop.create_task(self._run(), name="qbridge-session")
        wake = self._wake
        if wake is not None and not wake.done():
            wake.set_result(None)
        return pending

    def _give_up(self, pending: Pending) -> None:
        """Nobody waits for this any more: cancel it at the bridge; if it is still here, never send it."""
        if pending.id in self._unanswered:
            self._cancels.append(pending.id)
            self._kick()

    def _set_timer(self, when: float) -> None:
        """One timer for all: it stands at the earliest deadline and looks at everything when it fires."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._expire)

    def _expire(self) -> None:
        self._timer = None
        now, earliest = self._loop.time(), _INFINITY
        for pending in [*self._queue, *self._unanswered.values()]:
            if pending.future.done():
                continue
            if pending.deadline <= now:
                connected = self._window.items_max > 0
                pending.future.set_exception(deadline_exceeded(pending.timeout_s, connected=connected))
                self._give_up(pending)
            else:
                earliest = min(earliest, pending.deadline)
        if earliest != _INFINITY:
            self._set_timer(earliest)

    # ------------------------------------------------------------ what the stream does

    def _kick(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def _kicked(self) -> None:
        self._wake = self._loop.create_future()
        await self._wake

    async def _run(self) -> None:
        """Keeps a stream open while there is something to send or to wait for."""
        pause_s, down_since = _PAUSE_S_FIRST, self._loop.time()
        while True:
            error, worked = await self._stream_once()
            sent = self._requeue()
            if worked:
                pause_s, down_since = _PAUSE_S_FIRST, self._loop.time()
            self._after(error, sent if worked else [], self._loop.time() - down_since)
            if self._queue:
                await asyncio.sleep(pause_s * (0.5 + random.random()))  # noqa: S311 - spreads reconnects
                pause_s = min(pause_s * 2, _PAUSE_S_MAX)
            else:
                await self._kicked()
                pause_s, down_since = _PAUSE_S_FIRST, self._loop.time()

    def _after(self, error: QBridgeError, sent: list[Pending], down_s: float) -> None:
        """Ends what a stream's end leaves no hope for. `sent` is what it had no answer to, if it worked."""
        if not error.error.retryable and sent:
            guilty = self._faults.learn(error, sent)
            self._fail_queued(error, lambda pending: pending is guilty or self._faults.refusal(pending) is not None)
            return
        self._faults.forget()
        if not error.error.retryable or down_s >= self._connect_timeout_s:
            self._fail_queued(error)
        elif any(pending.sends >= _SENDS_MAX for pending in sent):
            guilty = self._faults.learn(error, sent)
            self._fail_queued(error, lambda pending: pending is guilty)

    async def _stream_once(self) -> tuple[QBridgeError, bool]:
        """One stream from open to end: why it ended, and whether it ever worked."""
        self._window, self._going_away = Window(), False
        stream: Any = None
        writer: asyncio.Task[None] | None = None
        try:
            stream = self._open_stream()
            self.streams_opened += 1
            async with asyncio.timeout(self._connect_timeout_s):
                data = await stream.read()
            while data is not EOF:
                self._receive(SessionResponse.FromString(data))
                if writer is None:
                    writer = self._loop.create_task(self._write(stream), name="qbridge-session-writer")
                data = await stream.read()
            return connection_lost("the bridge ended the session"), writer is not None
        except TimeoutError:
            return connection_lost(f"no answer within {self._connect_timeout_s:g} s"), False
        except asyncio.CancelledError as error:
            # grpc.aio raises this, too, when it is the other side that cancelled the stream.
            if asyncio.current_task().cancelling():  # type: ignore[union-attr]
                raise
            return self._error_of(error), writer is not None
        except Exception as error:  # whatever a broken stream raises, its requests live on
            return self._error_of(await settled_status(stream, error)), writer is not None
        finally:
            if stream is not None:
                stream.cancel()  # grpc.aio keeps an abandoned call for ever
            if writer is not None:
                writer.cancel()
                await asyncio.wait([writer])

    async def _write(self, stream: Any) -> None:
        """Writes frames while the stream takes them. A broken stream is the reader's to report."""
        try:
            while not self._going_away:
                cancels, self._cancels = self._cancels[:_FRAME_CANCELS_MAX], self._cancels[_FRAME_CANCELS_MAX:]
                frame, taken = pack(self._queue, self._window, cancels, self._share(), self._faults.frame_bytes_max)
                if not frame:
                    await self._kicked()
                    continue
                for pending in taken:
                    self._unanswered[pending.id] = pending
                self.frames_sent += 1
                await stream.write(frame)
            await stream.done_writing()
        except (AioRpcError, asyncio.InvalidStateError):
            return  # the stream has ended: the reader gets its status, which a cancel would hide
        except Exception:
            stream.cancel()  # the reader must not wait for answers to what was never written
            raise

    def _share(self) -> int:
        """How many requests the next frame takes at most."""
        if self._faults.careful():
            return 0 if any(not pending.future.done() for pending in self._unanswered.values()) else 1
        half = (len(self._queue) + len(self._unanswered) + 1) // 2
        return min(_FRAME_ITEMS_MAX - _FRAME_CANCELS_MAX, max(_FRAME_ITEMS_SPLIT, half))

    def _receive(self, frame: SessionResponse) -> None:
        unanswered = self._unanswered
        for accepted in frame.accepted:
            pending = unanswered.get(accepted.request_id)
            if pending is not None and pending.accepted_is_enough and not pending.future.done():
                pending.future.set_result(accepted)
        for result in frame.results:
            pending = unanswered.pop(result.request_id, None)
            if pending is not None:
                self._window.give_back(len(pending.data))
                if not pending.future.done():
                    pending.future.set_result(result)
        if frame.HasField("credit"):
            self._window.resize(frame.credit.items, frame.credit.bytes)
        if frame.HasField("go_away"):
            self._going_away = True
        if self._queue or self._going_away:
            self._kick()

    def _requeue(self) -> list[Pending]:
        """What was sent and has no answer goes to the head of the queue, in its old order. Returns it."""
        again = [pending for pending in self._unanswered.values() if not pending.future.done()]
        self._unanswered.clear()
        self._queue.extendleft(reversed(again))
        return again

    def _fail_queued(self, error: QBridgeError, where: Callable[[Pending], bool] = lambda pending: True) -> None:
        """Ends what `where` says, or all; each waiter gets an exception of its own."""
        keep: deque[Pending] = deque()
        for pending in self._queue:
            if not where(pending):
                keep.append(pending)
            elif not pending.future.done():
                pending.future.set_exception(type(error)(error.error))
        self._queue = keep


_ResultMessage: Any = type(SessionResponse().results.add())
