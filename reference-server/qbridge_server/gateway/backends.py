"""BackendService: the application behind Register, Get, List, Update, Delete, Probe and Execute, at every door."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from qbridge_contract.errors import BridgeError
from qbridge_contract.servicer import BackendServicer
from qbridge_contract.structs import (
    AttachedBackend,
    BackendState,
    DeleteBackendRequest,
    DeleteBackendResponse,
    ErrorCode,
    ExecuteRequest,
    ExecuteResponse,
    GetBackendRequest,
    GetBackendResponse,
    ListBackendsRequest,
    ListBackendsResponse,
    ProbeRequest,
    ProbeResponse,
    RegisterRequest,
    RegisterResponse,
    UpdateBackendRequest,
    UpdateBackendResponse,
)
from qbridge_server.gateway.bridge import PAGE_SIZE_DEFAULT
from qbridge_server.gateway.context import CallContext
from qbridge_server.ports import Attachment, Backend, Clock, Registry, Spawn

PROBE_TIMEOUT_S = 5.0


class BackendApplication(BackendServicer):
    """The backends of the deployment."""

    def __init__(self, registry: Registry, *, clock: Clock, spawn: Spawn) -> None:
        self._registry = registry
        self._clock = clock
        self._spawn = spawn

    async def register(self, context: CallContext, request: RegisterRequest) -> RegisterResponse:
        """Registers a remote backend; the same registration again is a success."""
        assert request.backend is not None
        spec, _new = await self._registry.register(request.backend)
        return RegisterResponse(backend=spec)

    async def get(self, context: CallContext, request: GetBackendRequest) -> GetBackendResponse:
        """A backend by name."""
        return GetBackendResponse(backend=self._find(request.name).spec)

    async def list(self, context: CallContext, request: ListBackendsRequest) -> ListBackendsResponse:
        """The backends by name; a page's token is the last name before it."""
        limit = request.page_size or PAGE_SIZE_DEFAULT
        specs = [backend.spec for backend in self._registry.all() if backend.spec.name > request.page_token]
        page = specs[:limit]
        more = page[-1].name if len(specs) > limit else ""
        return ListBackendsResponse(backends=page, next_page_token=more)

    async def update(self, context: CallContext, request: UpdateBackendRequest) -> UpdateBackendResponse:
        """Changes a remote backend."""
        return UpdateBackendResponse(backend=await self._registry.update(request))

    async def delete(self, context: CallContext, request: DeleteBackendRequest) -> DeleteBackendResponse:
        """Takes a remote backend away."""
        await self._registry.delete(request.name)
        return DeleteBackendResponse()

    async def probe(self, context: CallContext, request: ProbeRequest) -> ProbeResponse:
        """Asks the backend whether it works, for at most `PROBE_TIMEOUT_S`."""
        backend = self._find(request.name)
        started = self._clock.monotonic()
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                state, detail = await backend.probe()
        except TimeoutError:
            state, detail = BackendState.FAILING, f"no answer within {PROBE_TIMEOUT_S:g} s"
        backend.spec.state = state
        return ProbeResponse(state=state, detail=detail, latency_s=self._clock.monotonic() - started)

    async def execute(
        self, context: CallContext, requests: AsyncIterator[ExecuteRequest]
    ) -> AsyncIterator[ExecuteResponse]:
        """A process serves a remote backend: batches out, results in, until either side ends the stream."""
        first = await anext(requests, None)
        if first is None or first.attach is None:
            raise BridgeError.of(ErrorCode.INVALID_ARGUMENT, "The first message of Execute must be an attach.")
        attachment = self._registry.attach(first.attach.backend, first.attach.window)
        reader = self._spawn(_read(attachment, requests), f"execute {first.attach.backend}")
        try:
            attachment.results(first.results)
            spec = self._find(first.attach.backend).spec
            yield ExecuteResponse(attached=AttachedBackend(backend=spec))
            async for response in attachment.responses():
                yield response
            if attachment.refused is not None:
                raise BridgeError(attachment.refused)
        finally:
            attachment.lost()
            reader.cancel()

    def _find(self, name: str) -> Backend:
        backend = self._registry.find(name)
        if backend is None:
            raise BridgeError.of(ErrorCode.NOT_FOUND, f"There is no backend named {name}.")
        return backend


async def _read(attachment: Attachment, requests: AsyncIterator[ExecuteRequest]) -> None:
    """Hands results in until the stream ends, however it ends."""
    try:
        async for message in requests:
            if message.attach is not None:
                raise BridgeError.of(ErrorCode.INVALID_ARGUMENT, "Only the first message of Execute may attach.")
            if message.leaving:
                attachment.leave()
            attachment.results(message.results)
    except BridgeError as error:
        attachment.refused = error.error
    finally:
        attachment.lost()
