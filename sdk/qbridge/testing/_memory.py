"""The bridge in memory: the Transport of the tests."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from qbridge.testing._records import Record, Records
from qbridge.testing._remote import RemoteBackend
from qbridge.testing._vectors import VectorStore
from qbridge.worker._task import failure_of, reply_of, task_of
from qbridge_contract import services as rpcs
from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import (
    Accepted,
    Backend,
    BackendState,
    CancelResponse,
    Capabilities,
    DeleteBackendResponse,
    Durability,
    Error,
    ErrorCode,
    ExecuteItem,
    ExplainResponse,
    GetBackendResponse,
    GetCapabilitiesResponse,
    GetHealthResponse,
    GetResponse,
    Health,
    HealthState,
    InternalRequest,
    Limits,
    ListBackendsResponse,
    ListResponse,
    Operation,
    Payload,
    ProbeResponse,
    RegisterResponse,
    Reply,
    RequestState,
    Result,
    WatchResponse,
)

Handler = Callable[[Any], Any]


class InMemoryTransport:
    """A whole bridge in dictionaries. One per client; several clients may share one on one loop."""

    def __init__(self, backends: Mapping[str, Handler] | None = None) -> None:
        self._handlers = dict(backends or {})
        self._remotes: dict[str, RemoteBackend] = {}
        self._store = VectorStore()
        self._records = Records()
        self._unary: dict[str, Callable[[Any], Any]] = {
            rpcs.BRIDGE_GET.path: self._get,
            rpcs.BRIDGE_LIST.path: self._list,
            rpcs.BRIDGE_CANCEL.path: self._cancel,
            rpcs.BRIDGE_EXPLAIN.path: self._explain,
            rpcs.BACKEND_REGISTER.path: self._register,
            rpcs.BACKEND_GET.path: lambda m: GetBackendResponse(backend=self._backend(m.name)),
            rpcs.BACKEND_LIST.path: lambda m: ListBackendsResponse(backends=self._backends()),
            rpcs.BACKEND_DELETE.path: self._delete_backend,
            rpcs.BACKEND_PROBE.path: lambda m: ProbeResponse(state=self._backend(m.name).state),
            rpcs.PLATFORM_GET_CAPABILITIES.path: lambda m: GetCapabilitiesResponse(capabilities=_capabilities()),
            rpcs.PLATFORM_GET_HEALTH.path: lambda m: GetHealthResponse(health=Health(state=HealthState.SERVING)),
        }
        self.requests: list[InternalRequest] = []
        """Every request that came, in order: for a test to look at."""

    async def open(self) -> None:
        """There is nothing to make ready."""

    async def call(self, request: InternalRequest) -> Result:
        """Accepts a request, runs it, and answers its result."""
        record, replayed = self._accept(request)
        try:
            async with asyncio.timeout(request.timeout_s or None):
                result = await record.wait_final()
        except TimeoutError:
            self._stop(record, ErrorCode.DEADLINE_EXCEEDED, f"not done within {request.timeout_s:g} s")
            result = await record.wait_final()
        except asyncio.CancelledError:
            self._stop(record, ErrorCode.CANCELLED, "the caller went away")
            raise
        if result.error is not None:
            raise BridgeError(result.error)
        return _again(result) if replayed else result

    async def submit(self, request: InternalRequest) -> Accepted:
        """Accepts a request, and runs it behind the caller's back."""
        record, replayed = self._accept(request)
        if request.timeout_s and not replayed:
            late = f"not done within {request.timeout_s:g} s"
            asyncio.get_running_loop().call_later(
                request.timeout_s, self._stop, record, ErrorCode.DEADLINE_EXCEEDED, late
            )
        return record.accepted(replayed)

    async def unary(self, rpc: rpcs.Rpc, request: Any, timeout_s: float) -> Any:
        """Answers an RPC. Raises BridgeError."""
        answer = self._unary.get(rpc.path)
        if answer is None:
            raise BridgeError.of(ErrorCode.UNIMPLEMENTED, f"{rpc.name} is not served in memory")
        response = answer(request)
        return await response if inspect.isawaitable(response) else response

    async def stream(self, rpc: rpcs.Rpc, request: Any) -> AsyncIterator[Any]:
        """Watch is the only one."""
        record = self._records.get(request.request_id)
        sequence = request.after_sequence
        while sequence < len(record.events) or record.result is None:
            event = await record.wait_event(sequence)
            sequence = event.sequence
            yield WatchResponse(event=event)

    async def bidi(self, rpc: rpcs.Rpc, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Execute is the only one: `call` and `submit` need no session here."""
        first = await anext(requests)
        remote = self._remotes.get(first.attach.backend)
        if remote is None:
            raise BridgeError.of(ErrorCode.NOT_FOUND, f"backend {first.attach.backend!r} is not registered")
        async for response in remote.execute(requests):
            yield response

    async def close(self) -> None:
        """Stops what still runs."""
        for record in self._records.newest_first():
            self._stop(record, ErrorCode.UNAVAILABLE, "the bridge in memory was closed")
        tasks = [record.task for record in self._records.newest_first() if record.task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    # ------------------------------------------------------------ requests

    def _accept(self, request: InternalRequest) -> tuple[Record, bool]:
        self.requests.append(request)
        earlier = self._records.find_repeat(request)
        if earlier is not None:
            return earlier, True
        operation = request.operation or Operation()
        record = Record(request, request.backend or ("echo" if operation.invoke is not None else "vectors"))
        self._backend(record.backend)
        self._records.add(record)
        remote = self._remotes.get(record.backend)
        if remote is not None:
            remote.waiting.put_nowait(record)
        else:
            record.task = asyncio.ensure_future(self._execute(record, operation))
        return record, False

    async def _execute(self, record: Record, operation: Operation) -> None:
        record.attempts += 1
        record.move(RequestState.RUNNING)
        outcome: Reply | Error
        try:
            outcome = await self._do(record, operation)
        except Exception as error:  # a handler may raise anything
            outcome = failure_of(error)
        record.settle(outcome)

    async def _do(self, record: Record, operation: Operation) -> Reply:
        handler = self._handlers.get(record.backend)
        if handler is not None:
            request = record.request
            item = ExecuteItem(
                request_id=request.id,
                operation=operation,
                traceparent=request.traceparent,
                attempt=record.attempts,
                effect_key=request.idempotency_key or request.id,
                labels=request.labels,
            )
            answer = handler(task_of(item))
            return reply_of(await answer if inspect.isawaitable(answer) else answer)
        if record.backend == "vectors":
            return self._store.execute(operation)
        if operation.invoke is None:
            raise BridgeError.of(ErrorCode.UNIMPLEMENTED, "the echo backend has generic operations only")
        return Reply(payload=operation.invoke.payload or Payload(data=b""))

    def _stop(self, record: Record, code: ErrorCode, message: str) -> None:
        record.settle(BridgeError.of(code, message).error)
        if record.task is not None:
            record.task.cancel()

    async def _get(self, message: Any) -> GetResponse:
        record = self._records.get(message.request_id)
        if message.wait_s:
            try:
                async with asyncio.timeout(message.wait_s):
                    await record.wait_final()
            except TimeoutError:
                pass
        return GetResponse(record=record.view())

    def _list(self, message: Any) -> ListResponse:
        start = int(message.page_token or 0)
        size = message.page_size or 50
        found = [
            record.view(with_reply=False)
            for record in self._records.newest_first()
            if message.backend in ("", record.backend) and message.state in (RequestState.UNSPECIFIED, record.state)
        ]
        more = str(start + size) if start + size < len(found) else ""
        return ListResponse(records=found[start : start + size], next_page_token=more)

    def _cancel(self, message: Any) -> CancelResponse:
        record = self._records.get(message.request_id)
        self._stop(record, ErrorCode.CANCELLED, "cancelled as asked")
        return CancelResponse(record=record.view())

    def _explain(self, message: Any) -> ExplainResponse:
        record = self._records.get(message.request_id)
        sentence = "It is final." if record.result is not None else f"{record.backend} has it."
        return ExplainResponse(
            request_id=record.request.id,
            state=record.state,
            sentence=sentence,
            lane=record.backend,
            durability=Durability.MEMORY,
        )

    # ------------------------------------------------------------ backends

    def _backends(self) -> list[Backend]:
        local = [
            Backend(name="echo", kind="echo", state=BackendState.READY, version=1),
            Backend(name="vectors", kind="vector", state=BackendState.READY, version=1),
            *(Backend(name=name, kind="handler", state=BackendState.READY, version=1) for name in self._handlers),
        ]
        return sorted([*local, *(remote.view() for remote in self._remotes.values())], key=lambda b: b.name)

    def _backend(self, name: str) -> Backend:
        for backend in self._backends():
            if backend.name == name:
                return backend
        raise BridgeError.of(ErrorCode.NOT_FOUND, f"backend {name!r} does not exist; register it first")

    def _register(self, message: Any) -> RegisterResponse:
        spec: Backend = message.backend
        remote = self._remotes.setdefault(spec.name, RemoteBackend(spec))
        return RegisterResponse(backend=remote.view())

    def _delete_backend(self, message: Any) -> DeleteBackendResponse:
        self._backend(message.name)
        self._remotes.pop(message.name, None)
        return DeleteBackendResponse()


def _again(result: Result) -> Result:
    return Result(
        request_id=result.request_id,
        state=result.state,
        reply=result.reply,
        error=result.error,
        attempts=result.attempts,
        replayed=True,
        trace_id=result.trace_id,
    )


def _capabilities() -> Capabilities:
    return Capabilities(
        contract_version="v1",
        product="qbridge.testing",
        profiles=["core", "vector"],
        durabilities=[Durability.MEMORY],
        limits=Limits(
            message_bytes_max=4 << 20,
            frame_items_max=1024,
            session_items_max=1024,
            top_k_max=1000,
            timeout_s_default=30.0,
            result_ttl_s=3600.0,
        ),
    )
