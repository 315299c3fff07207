"""PlatformService: the application behind capabilities, health, keys and quotas, at every door."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from qbridge_contract.servicer import PlatformServicer
from qbridge_contract.structs import (
    Capabilities,
    CreateKeyRequest,
    CreateKeyResponse,
    GetCapabilitiesRequest,
    GetCapabilitiesResponse,
    GetHealthRequest,
    GetHealthResponse,
    GetQuotaRequest,
    GetQuotaResponse,
    Health,
    ListKeysRequest,
    ListKeysResponse,
    RevokeKeyRequest,
    RevokeKeyResponse,
    SetQuotaRequest,
    SetQuotaResponse,
)
from qbridge_server.gateway.bridge import PAGE_SIZE_DEFAULT
from qbridge_server.gateway.context import CallContext
from qbridge_server.gateway.keys import Keyring
from qbridge_server.gateway.quota import Quotas


class PlatformApplication(PlatformServicer):
    """The deployment itself. `health` looks at what it depends on."""

    def __init__(
        self,
        capabilities: Capabilities,
        keyring: Keyring,
        quotas: Quotas,
        health: Callable[[], Awaitable[Health]],
    ) -> None:
        self._capabilities = capabilities
        self._keyring = keyring
        self._quotas = quotas
        self._health = health

    async def get_capabilities(self, context: CallContext, request: GetCapabilitiesRequest) -> GetCapabilitiesResponse:
        """What the deployment can do."""
        return GetCapabilitiesResponse(capabilities=self._capabilities)

    async def get_health(self, context: CallContext, request: GetHealthRequest) -> GetHealthResponse:
        """How the deployment is."""
        return GetHealthResponse(health=await self._health())

    async def create_key(self, context: CallContext, request: CreateKeyRequest) -> CreateKeyResponse:
        """Makes an API key; its secret is in this answer alone."""
        key, secret = self._keyring.create(request.name, request.tenant, request.scopes, request.ttl_s)
        return CreateKeyResponse(key=key, secret=secret)

    async def list_keys(self, context: CallContext, request: ListKeysRequest) -> ListKeysResponse:
        """The keys, oldest first; a page's token is the last id before it."""
        limit = request.page_size or PAGE_SIZE_DEFAULT
        keys = [key for key in self._keyring.all() if key.key_id > request.page_token]
        page = keys[:limit]
        return ListKeysResponse(keys=page, next_page_token=page[-1].key_id if len(keys) > limit else "")

    async def revoke_key(self, context: CallContext, request: RevokeKeyRequest) -> RevokeKeyResponse:
        """Revokes an API key, at once."""
        self._keyring.revoke(request.key_id)
        return RevokeKeyResponse()

    async def get_quota(self, context: CallContext, request: GetQuotaRequest) -> GetQuotaResponse:
        """A tenant's quota."""
        return GetQuotaResponse(quota=self._quotas.get(request.tenant))

    async def set_quota(self, context: CallContext, request: SetQuotaRequest) -> SetQuotaResponse:
        """Sets a tenant's quota, at once."""
        assert request.quota is not None
        return SetQuotaResponse(quota=self._quotas.set(request.quota))
