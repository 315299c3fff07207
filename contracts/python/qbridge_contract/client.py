# Generated from contracts/proto by `make contracts`; do not edit.
"""What a caller uses: a client for each service, async and blocking, over any transport."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Protocol

from qbridge_contract import services, structs as s


class AsyncTransport(Protocol):
    """Carries an RPC to a deployment and its answers back. Errors arrive as BridgeError."""

    async def unary(self, rpc: services.Rpc, request: Any) -> Any:
        """One request, one answer."""
        ...

    def stream(self, rpc: services.Rpc, request: Any) -> AsyncIterator[Any]:
        """One request, many answers."""
        ...

    def bidi(self, rpc: services.Rpc, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Many requests, many answers."""
        ...


class Transport(Protocol):
    """The same for callers that block."""

    def unary(self, rpc: services.Rpc, request: Any) -> Any:
        """One request, one answer."""
        ...

    def stream(self, rpc: services.Rpc, request: Any) -> Iterator[Any]:
        """One request, many answers."""
        ...

    def bidi(self, rpc: services.Rpc, requests: Iterator[Any]) -> Iterator[Any]:
        """Many requests, many answers."""
        ...


class AsyncBackendClient:
    """The backends of a deployment."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def register(self, request: s.RegisterRequest) -> s.RegisterResponse:
        """Registers a remote backend: a process that will open Execute."""
        answer: s.RegisterResponse = await self._transport.unary(services.BACKEND_REGISTER, request)
        return answer

    async def get(self, request: s.GetBackendRequest) -> s.GetBackendResponse:
        """Answers a backend."""
        answer: s.GetBackendResponse = await self._transport.unary(services.BACKEND_GET, request)
        return answer

    async def list(self, request: s.ListBackendsRequest) -> s.ListBackendsResponse:
        """Lists the backends by name."""
        answer: s.ListBackendsResponse = await self._transport.unary(services.BACKEND_LIST, request)
        return answer

    async def update(self, request: s.UpdateBackendRequest) -> s.UpdateBackendResponse:
        """Changes a remote backend's description, labels or batch limits. If-Match names the version."""
        answer: s.UpdateBackendResponse = await self._transport.unary(services.BACKEND_UPDATE, request)
        return answer

    async def delete(self, request: s.DeleteBackendRequest) -> s.DeleteBackendResponse:
        """Takes a remote backend away. What waits for it ends with BACKEND_LOST."""
        answer: s.DeleteBackendResponse = await self._transport.unary(services.BACKEND_DELETE, request)
        return answer

    async def probe(self, request: s.ProbeRequest) -> s.ProbeResponse:
        """Asks the backend whether it works."""
        answer: s.ProbeResponse = await self._transport.unary(services.BACKEND_PROBE, request)
        return answer

    def execute(self, requests: AsyncIterator[s.ExecuteRequest]) -> AsyncIterator[s.ExecuteResponse]:
        """The backend process dials, says which backend it is, and gets leased batches."""
        return self._transport.bidi(services.BACKEND_EXECUTE, requests)


class BackendClient:
    """The backends of a deployment."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def register(self, request: s.RegisterRequest) -> s.RegisterResponse:
        """Registers a remote backend: a process that will open Execute."""
        answer: s.RegisterResponse = self._transport.unary(services.BACKEND_REGISTER, request)
        return answer

    def get(self, request: s.GetBackendRequest) -> s.GetBackendResponse:
        """Answers a backend."""
        answer: s.GetBackendResponse = self._transport.unary(services.BACKEND_GET, request)
        return answer

    def list(self, request: s.ListBackendsRequest) -> s.ListBackendsResponse:
        """Lists the backends by name."""
        answer: s.ListBackendsResponse = self._transport.unary(services.BACKEND_LIST, request)
        return answer

    def update(self, request: s.UpdateBackendRequest) -> s.UpdateBackendResponse:
        """Changes a remote backend's description, labels or batch limits. If-Match names the version."""
        answer: s.UpdateBackendResponse = self._transport.unary(services.BACKEND_UPDATE, request)
        return answer

    def delete(self, request: s.DeleteBackendRequest) -> s.DeleteBackendResponse:
        """Takes a remote backend away. What waits for it ends with BACKEND_LOST."""
        answer: s.DeleteBackendResponse = self._transport.unary(services.BACKEND_DELETE, request)
        return answer

    def probe(self, request: s.ProbeRequest) -> s.ProbeResponse:
        """Asks the backend whether it works."""
        answer: s.ProbeResponse = self._transport.unary(services.BACKEND_PROBE, request)
        return answer

    def execute(self, requests: Iterator[s.ExecuteRequest]) -> Iterator[s.ExecuteResponse]:
        """The backend process dials, says which backend it is, and gets leased batches."""
        return self._transport.bidi(services.BACKEND_EXECUTE, requests)


class AsyncBridgeClient:
    """Work for backends."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def submit(self, request: s.SubmitRequest) -> s.SubmitResponse:
        """Accepts a request and answers at once; its result is asked for later."""
        answer: s.SubmitResponse = await self._transport.unary(services.BRIDGE_SUBMIT, request)
        return answer

    async def call(self, request: s.CallRequest) -> s.CallResponse:
        """Accepts a request, waits for it, and answers its result, or its error."""
        answer: s.CallResponse = await self._transport.unary(services.BRIDGE_CALL, request)
        return answer

    def session(self, requests: AsyncIterator[s.SessionRequest]) -> AsyncIterator[s.SessionResponse]:
        """A stream of frames: submits and cancels in, acceptances and results out, in any order."""
        return self._transport.bidi(services.BRIDGE_SESSION, requests)

    async def get(self, request: s.GetRequest) -> s.GetResponse:
        """Answers all that is known of a request."""
        answer: s.GetResponse = await self._transport.unary(services.BRIDGE_GET, request)
        return answer

    def watch(self, request: s.WatchRequest) -> AsyncIterator[s.WatchResponse]:
        """Streams the changes of a request's state until it is final: SSE over REST, resumable with Last-
        Event-ID.
        """
        return self._transport.stream(services.BRIDGE_WATCH, request)

    async def list(self, request: s.ListRequest) -> s.ListResponse:
        """Lists the caller's requests, newest first."""
        answer: s.ListResponse = await self._transport.unary(services.BRIDGE_LIST, request)
        return answer

    async def cancel(self, request: s.CancelRequest) -> s.CancelResponse:
        """Cancels a request that is not final yet. What is final stays as it is."""
        answer: s.CancelResponse = await self._transport.unary(services.BRIDGE_CANCEL, request)
        return answer

    async def explain(self, request: s.ExplainRequest) -> s.ExplainResponse:
        """Answers why a request waits, or where its time went."""
        answer: s.ExplainResponse = await self._transport.unary(services.BRIDGE_EXPLAIN, request)
        return answer


class BridgeClient:
    """Work for backends."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def submit(self, request: s.SubmitRequest) -> s.SubmitResponse:
        """Accepts a request and answers at once; its result is asked for later."""
        answer: s.SubmitResponse = self._transport.unary(services.BRIDGE_SUBMIT, request)
        return answer

    def call(self, request: s.CallRequest) -> s.CallResponse:
        """Accepts a request, waits for it, and answers its result, or its error."""
        answer: s.CallResponse = self._transport.unary(services.BRIDGE_CALL, request)
        return answer

    def session(self, requests: Iterator[s.SessionRequest]) -> Iterator[s.SessionResponse]:
        """A stream of frames: submits and cancels in, acceptances and results out, in any order."""
        return self._transport.bidi(services.BRIDGE_SESSION, requests)

    def get(self, request: s.GetRequest) -> s.GetResponse:
        """Answers all that is known of a request."""
        answer: s.GetResponse = self._transport.unary(services.BRIDGE_GET, request)
        return answer

    def watch(self, request: s.WatchRequest) -> Iterator[s.WatchResponse]:
        """Streams the changes of a request's state until it is final: SSE over REST, resumable with Last-
        Event-ID.
        """
        return self._transport.stream(services.BRIDGE_WATCH, request)

    def list(self, request: s.ListRequest) -> s.ListResponse:
        """Lists the caller's requests, newest first."""
        answer: s.ListResponse = self._transport.unary(services.BRIDGE_LIST, request)
        return answer

    def cancel(self, request: s.CancelRequest) -> s.CancelResponse:
        """Cancels a request that is not final yet. What is final stays as it is."""
        answer: s.CancelResponse = self._transport.unary(services.BRIDGE_CANCEL, request)
        return answer

    def explain(self, request: s.ExplainRequest) -> s.ExplainResponse:
        """Answers why a request waits, or where its time went."""
        answer: s.ExplainResponse = self._transport.unary(services.BRIDGE_EXPLAIN, request)
        return answer


class AsyncPlatformClient:
    """The deployment itself."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def get_capabilities(self, request: s.GetCapabilitiesRequest) -> s.GetCapabilitiesResponse:
        """Answers what the deployment can do. What it does not claim is not asked of it."""
        answer: s.GetCapabilitiesResponse = await self._transport.unary(
            services.PLATFORM_GET_CAPABILITIES, request
        )
        return answer

    async def get_health(self, request: s.GetHealthRequest) -> s.GetHealthResponse:
        """Answers how the deployment and what it depends on are."""
        answer: s.GetHealthResponse = await self._transport.unary(services.PLATFORM_GET_HEALTH, request)
        return answer

    async def create_key(self, request: s.CreateKeyRequest) -> s.CreateKeyResponse:
        """Makes an API key. Its secret is in this answer and nowhere else."""
        answer: s.CreateKeyResponse = await self._transport.unary(services.PLATFORM_CREATE_KEY, request)
        return answer

    async def list_keys(self, request: s.ListKeysRequest) -> s.ListKeysResponse:
        """Lists the API keys, without their secrets."""
        answer: s.ListKeysResponse = await self._transport.unary(services.PLATFORM_LIST_KEYS, request)
        return answer

    async def revoke_key(self, request: s.RevokeKeyRequest) -> s.RevokeKeyResponse:
        """Revokes an API key, at once."""
        answer: s.RevokeKeyResponse = await self._transport.unary(services.PLATFORM_REVOKE_KEY, request)
        return answer

    async def get_quota(self, request: s.GetQuotaRequest) -> s.GetQuotaResponse:
        """Answers a tenant's quota."""
        answer: s.GetQuotaResponse = await self._transport.unary(services.PLATFORM_GET_QUOTA, request)
        return answer

    async def set_quota(self, request: s.SetQuotaRequest) -> s.SetQuotaResponse:
        """Sets a tenant's quota, at once."""
        answer: s.SetQuotaResponse = await self._transport.unary(services.PLATFORM_SET_QUOTA, request)
        return answer


class PlatformClient:
    """The deployment itself."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get_capabilities(self, request: s.GetCapabilitiesRequest) -> s.GetCapabilitiesResponse:
        """Answers what the deployment can do. What it does not claim is not asked of it."""
        answer: s.GetCapabilitiesResponse = self._transport.unary(services.PLATFORM_GET_CAPABILITIES, request)
        return answer

    def get_health(self, request: s.GetHealthRequest) -> s.GetHealthResponse:
        """Answers how the deployment and what it depends on are."""
        answer: s.GetHealthResponse = self._transport.unary(services.PLATFORM_GET_HEALTH, request)
        return answer

    def create_key(self, request: s.CreateKeyRequest) -> s.CreateKeyResponse:
        """Makes an API key. Its secret is in this answer and nowhere else."""
        answer: s.CreateKeyResponse = self._transport.unary(services.PLATFORM_CREATE_KEY, request)
        return answer

    def list_keys(self, request: s.ListKeysRequest) -> s.ListKeysResponse:
        """Lists the API keys, without their secrets."""
        answer: s.ListKeysResponse = self._transport.unary(services.PLATFORM_LIST_KEYS, request)
        return answer

    def revoke_key(self, request: s.RevokeKeyRequest) -> s.RevokeKeyResponse:
        """Revokes an API key, at once."""
        answer: s.RevokeKeyResponse = self._transport.unary(services.PLATFORM_REVOKE_KEY, request)
        return answer

    def get_quota(self, request: s.GetQuotaRequest) -> s.GetQuotaResponse:
        """Answers a tenant's quota."""
        answer: s.GetQuotaResponse = self._transport.unary(services.PLATFORM_GET_QUOTA, request)
        return answer

    def set_quota(self, request: s.SetQuotaRequest) -> s.SetQuotaResponse:
        """Sets a tenant's quota, at once."""
        answer: s.SetQuotaResponse = self._transport.unary(services.PLATFORM_SET_QUOTA, request)
        return answer
