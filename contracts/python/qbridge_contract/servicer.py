# Generated from contracts/proto by `make contracts`; do not edit.
"""What an application implements: a base class for each service.

A method that it leaves out answers UNIMPLEMENTED.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NoReturn

from qbridge_contract import services, structs as s
from qbridge_contract.errors import BridgeError


def _unimplemented(rpc: services.Rpc) -> NoReturn:
    raise BridgeError.of(s.ErrorCode.UNIMPLEMENTED, f"{rpc.service}.{rpc.name} is not offered here.")


class BackendServicer:
    """The backends of a deployment."""

    async def register(self, context: Any, request: s.RegisterRequest) -> s.RegisterResponse:
        """Registers a remote backend: a process that will open Execute."""
        _unimplemented(services.BACKEND_REGISTER)

    async def get(self, context: Any, request: s.GetBackendRequest) -> s.GetBackendResponse:
        """Answers a backend."""
        _unimplemented(services.BACKEND_GET)

    async def list(self, context: Any, request: s.ListBackendsRequest) -> s.ListBackendsResponse:
        """Lists the backends by name."""
        _unimplemented(services.BACKEND_LIST)

    async def update(self, context: Any, request: s.UpdateBackendRequest) -> s.UpdateBackendResponse:
        """Changes a remote backend's description, labels or batch limits. If-Match names the version."""
        _unimplemented(services.BACKEND_UPDATE)

    async def delete(self, context: Any, request: s.DeleteBackendRequest) -> s.DeleteBackendResponse:
        """Takes a remote backend away. What waits for it ends with BACKEND_LOST."""
        _unimplemented(services.BACKEND_DELETE)

    async def probe(self, context: Any, request: s.ProbeRequest) -> s.ProbeResponse:
        """Asks the backend whether it works."""
        _unimplemented(services.BACKEND_PROBE)

    def execute(
        self, context: Any, requests: AsyncIterator[s.ExecuteRequest]
    ) -> AsyncIterator[s.ExecuteResponse]:
        """The backend process dials, says which backend it is, and gets leased batches."""
        _unimplemented(services.BACKEND_EXECUTE)


class BridgeServicer:
    """Work for backends."""

    async def submit(self, context: Any, request: s.SubmitRequest) -> s.SubmitResponse:
        """Accepts a request and answers at once; its result is asked for later."""
        _unimplemented(services.BRIDGE_SUBMIT)

    async def call(self, context: Any, request: s.CallRequest) -> s.CallResponse:
        """Accepts a request, waits for it, and answers its result, or its error."""
        _unimplemented(services.BRIDGE_CALL)

    def session(
        self, context: Any, requests: AsyncIterator[s.SessionRequest]
    ) -> AsyncIterator[s.SessionResponse]:
        """A stream of frames: submits and cancels in, acceptances and results out, in any order."""
        _unimplemented(services.BRIDGE_SESSION)

    async def get(self, context: Any, request: s.GetRequest) -> s.GetResponse:
        """Answers all that is known of a request."""
        _unimplemented(services.BRIDGE_GET)

    def watch(self, context: Any, request: s.WatchRequest) -> AsyncIterator[s.WatchResponse]:
        """Streams the changes of a request's state until it is final: SSE over REST, resumable with Last-
        Event-ID.
        """
        _unimplemented(services.BRIDGE_WATCH)

    async def list(self, context: Any, request: s.ListRequest) -> s.ListResponse:
        """Lists the caller's requests, newest first."""
        _unimplemented(services.BRIDGE_LIST)

    async def cancel(self, context: Any, request: s.CancelRequest) -> s.CancelResponse:
        """Cancels a request that is not final yet. What is final stays as it is."""
        _unimplemented(services.BRIDGE_CANCEL)

    async def explain(self, context: Any, request: s.ExplainRequest) -> s.ExplainResponse:
        """Answers why a request waits, or where its time went."""
        _unimplemented(services.BRIDGE_EXPLAIN)


class PlatformServicer:
    """The deployment itself."""

    async def get_capabilities(
        self, context: Any, request: s.GetCapabilitiesRequest
    ) -> s.GetCapabilitiesResponse:
        """Answers what the deployment can do. What it does not claim is not asked of it."""
        _unimplemented(services.PLATFORM_GET_CAPABILITIES)

    async def get_health(self, context: Any, request: s.GetHealthRequest) -> s.GetHealthResponse:
        """Answers how the deployment and what it depends on are."""
        _unimplemented(services.PLATFORM_GET_HEALTH)

    async def create_key(self, context: Any, request: s.CreateKeyRequest) -> s.CreateKeyResponse:
        """Makes an API key. Its secret is in this answer and nowhere else."""
        _unimplemented(services.PLATFORM_CREATE_KEY)

    async def list_keys(self, context: Any, request: s.ListKeysRequest) -> s.ListKeysResponse:
        """Lists the API keys, without their secrets."""
        _unimplemented(services.PLATFORM_LIST_KEYS)

    async def revoke_key(self, context: Any, request: s.RevokeKeyRequest) -> s.RevokeKeyResponse:
        """Revokes an API key, at once."""
        _unimplemented(services.PLATFORM_REVOKE_KEY)

    async def get_quota(self, context: Any, request: s.GetQuotaRequest) -> s.GetQuotaResponse:
        """Answers a tenant's quota."""
        _unimplemented(services.PLATFORM_GET_QUOTA)

    async def set_quota(self, context: Any, request: s.SetQuotaRequest) -> s.SetQuotaResponse:
        """Sets a tenant's quota, at once."""
        _unimplemented(services.PLATFORM_SET_QUOTA)


SERVICERS: dict[str, type] = {
    "BackendService": BackendServicer,
    "BridgeService": BridgeServicer,
    "PlatformService": PlatformServicer,
}
