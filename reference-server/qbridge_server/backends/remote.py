"""The remote backend: processes elsewhere that dial in and answer Execute.

Each attached process has a window of batches. A batch goes to the process with most room; when a process goes away,
what it still holds is lost with it, and the batcher's crash budget decides what happens next.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import (
    Backend as BackendSpec,
    BackendState,
    Error,
    ErrorCode,
    ExecuteBatch,
    ExecuteGoAway,
    ExecuteItem,
    ExecuteResponse,
    ItemResult,
    Operation,
    Reply,
)
from qbridge_server.ports import Backend, Clock, Entry, NotTaken, Outcomes, ProcessLost

log = logging.getLogger("qbridge.server.backends")

KINDS = (
    "create_collection",
    "delete_collection",
    "list_collections",
    "upsert",
    "query",
    "get",
    "delete",
    "count",
)


def operation_name(operation: Operation) -> str:
    """The operation as a backend lists it: a field of Operation, or `invoke:NAME`."""
    if operation.invoke is not None:
        return f"invoke:{operation.invoke.name}"
    return next(kind for kind in KINDS if getattr(operation, kind) is not None)


class RemoteBackend(Backend):
    """A backend served by other processes."""

    def __init__(self, spec: BackendSpec, clock: Clock) -> None:
        self.spec = spec
        self._clock = clock
        self._processes: list[Process] = []
        self._roomy = asyncio.Event()
        self._closed = False

    def lane_of(self, operation: Operation) -> str:
        """All operations of a remote backend share one lane, so that their order is kept."""
        if self.spec.operations:
            name = operation_name(operation)
            if name not in {offered.name for offered in self.spec.operations}:
                offers = ", ".join(offered.name for offered in self.spec.operations)
                raise BridgeError.of(
                    ErrorCode.UNIMPLEMENTED, f"The backend {self.spec.name} offers {offers}, not {name}."
                )
        return "all"

    def attach(self, window: int) -> Process:
        """A process that serves this backend, with room for `window` batches at once."""
        process = Process(self, window)
        self._processes.append(process)
        self.changed()
        log.info("backend attached", extra={"backend": self.spec.name, "processes": len(self._processes)})
        return process

    def detach(self, process: Process) -> None:
        """The process is gone."""
        if process in self._processes:
            self._processes.remove(process)
            self.changed()
            log.info("backend detached", extra={"backend": self.spec.name, "processes": len(self._processes)})

    def changed(self) -> None:
        """Notes who is there, and whether anyone has room."""
        self.spec.connections = len(self._processes)
        self.spec.state = BackendState.READY if self._processes else BackendState.DISCONNECTED
        if self._closed or any(process.room > 0 for process in self._processes):
            self._roomy.set()
        else:
            self._roomy.clear()

    async def room(self) -> None:
        """Waits until a process has room for a batch. A closed backend holds nobody up."""
        await self._roomy.wait()

    def execute(self, batch: Sequence[Entry]) -> Awaitable[Outcomes]:
        """Sends the batch to the process with most room, at the call, so that no window is overrun.

        An item that is lost with its process answers ProcessLost. Raises NotTaken, when awaited, where no process
        has room.
        """
        process = max(self._processes, key=lambda each: each.room, default=None)
        if process is None or process.room == 0:
            return _not_taken(self.spec.name)
        return process.execute(batch, self._item)

    def _item(self, entry: Entry) -> ExecuteItem:
        deadline = None
        if entry.deadline is not None:
            left_s = entry.deadline - self._clock.monotonic()
            deadline = datetime.fromtimestamp(self._clock.wall() + left_s, UTC)
        return ExecuteItem(
            request_id=entry.request.id,
            epoch=entry.epoch,
            operation=entry.request.operation,
            # Without a caller's span, the first half of the trace id stands for the bridge's own.
            traceparent=entry.request.traceparent or f"00-{entry.trace_id}-{entry.trace_id[:16]}-00",
            deadline=deadline,
            attempt=entry.attempts,
            effect_key=entry.effect_key,
            labels=entry.request.labels,
        )

    async def probe(self) -> tuple[BackendState, str]:
        """Ready where a process is attached."""
        count = len(self._processes)
        if count:
            return BackendState.READY, f"{count} process{'es' if count > 1 else ''} attached"
        return BackendState.DISCONNECTED, "no process is attached; start one that opens Execute"

    async def open(self) -> None:
        """Nothing to open: the processes dial in."""

    async def close(self) -> None:
        """Ends the streams of all processes, with a farewell that says why."""
        message = f"The backend {self.spec.name} was taken away, or its deployment stops."
        error = BridgeError.of(ErrorCode.UNAVAILABLE, message).error
        self._closed = True
        self.changed()
        for process in list(self._processes):
            process.end(error)


class Process:
    """One attached process: an `Attachment` of the ports."""

    def __init__(self, backend: RemoteBackend, window: int) -> None:
        self._backend = backend
        self._window = window
        self._responses: asyncio.Queue[ExecuteResponse | None] = asyncio.Queue()
        self._waiting: dict[tuple[str, int], asyncio.Future[Reply | Error]] = {}
        self._in_flight = 0
        self._gone = False
        self.ignored = 0
        self.refused: Error | None = None

    @property
    def room(self) -> int:
        """How many more batches the process takes now."""
        return 0 if self._gone else max(0, self._window - self._in_flight)

    async def responses(self) -> AsyncIterator[ExecuteResponse]:
        """The batches, and the farewell, to write, until the process is gone or the backend closes."""
        while (response := await self._responses.get()) is not None:
            yield response

    def leave(self) -> None:
        """The process takes no more batches; what it has, it finishes."""
        self._window = 0
        self._backend.changed()
        self._responses.put_nowait(ExecuteResponse(go_away=ExecuteGoAway()))

    def execute(self, batch: Sequence[Entry], item: Callable[[Entry], ExecuteItem]) -> Awaitable[Outcomes]:
        """Writes the batch now; the answer waits for each item's outcome, or for the end of the process."""
        items = [item(entry) for entry in batch]
        loop = asyncio.get_running_loop()
        waiting: dict[tuple[str, int], asyncio.Future[Reply | Error]] = {
            (entry.request.id, entry.epoch): loop.create_future() for entry in batch
        }
        self._waiting.update(waiting)
        self._in_flight += 1
        self._backend.changed()
        self._responses.put_nowait(ExecuteResponse(batch=ExecuteBatch(items=items)))
        answers: asyncio.Future[Outcomes] = asyncio.gather(*waiting.values(), return_exceptions=True)  # type: ignore[assignment]
        answers.add_done_callback(lambda _: self._ended(waiting))
        return answers

    def _ended(self, keys: Iterable[tuple[str, int]]) -> None:
        for key in keys:
            self._waiting.pop(key, None)
        self._in_flight -= 1
        self._backend.changed()

    def results(self, results: Sequence[ItemResult]) -> None:
        """Takes results in; one that nobody waits for (an older epoch, a second answer) is ignored and counted."""
        for result in results:
            future = self._waiting.get((result.request_id, result.epoch))
            if future is None or future.done():
                self.ignored += 1
            elif result.reply is not None:
                future.set_result(result.reply)
            else:
                future.set_result(result.error or Error(code=ErrorCode.BACKEND_FAILED))

    def lost(self) -> None:
        """The stream ended: what the process still holds is lost."""
        self._gone = True
        self._backend.detach(self)
        self._responses.put_nowait(None)
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ProcessLost("its stream ended before the result"))

    def end(self, error: Error) -> None:
        """Ends the stream with a farewell. What the process still holds is lost: nobody waits for its results."""
        self._responses.put_nowait(ExecuteResponse(go_away=ExecuteGoAway(error=error)))
        self.lost()


async def _not_taken(backend: str) -> Outcomes:
    raise NotTaken(f"no process of the backend {backend} has room")
