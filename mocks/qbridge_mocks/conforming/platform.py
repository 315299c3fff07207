"""PlatformService: what the deployment can do, how it is, its keys and quotas."""

from __future__ import annotations

import time

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.refusal import Refusal
from qbridge_mocks.conforming.world import PAGE_DEFAULT, World


class Platform(v1.PlatformServiceBase):
    """Capabilities, health, keys, quotas."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def get_capabilities(self, message: v1.GetCapabilitiesRequest) -> v1.GetCapabilitiesResponse:
        """What it claims."""
        return v1.GetCapabilitiesResponse(capabilities=self.world.capabilities())

    async def get_health(self, message: v1.GetHealthRequest) -> v1.GetHealthResponse:
        """SERVING, with a word on each backend."""
        dependencies = [v1.Dependency(name="buffer", state=v1.HealthState.SERVING, detail="In memory.")]
        for name, backend in sorted(self.world.backends.items()):
            state, detail = backend.probe()
            ready = state == v1.BackendState.READY
            health = v1.HealthState.SERVING if ready else v1.HealthState.DEGRADED
            dependencies.append(v1.Dependency(name=f"backend:{name}", state=health, detail=detail))
        health_now = v1.Health(
            state=v1.HealthState.SERVING,
            dependencies=dependencies,
            uptime_s=time.monotonic() - self.world.started,
        )
        return v1.GetHealthResponse(health=health_now)

    async def create_key(self, message: v1.CreateKeyRequest) -> v1.CreateKeyResponse:
        """A new key; its secret is here and nowhere else."""
        key, secret = self.world.keys.create(message)
        return v1.CreateKeyResponse(key=key, secret=secret)

    async def list_keys(self, message: v1.ListKeysRequest) -> v1.ListKeysResponse:
        """A page of keys, oldest first."""
        keys = list(self.world.keys.keys.values())
        ids = [key.key_id for key in keys]
        if message.page_token and message.page_token not in ids:
            raise Refusal.of("INVALID_ARGUMENT", "The page token is not one of this list.")
        start = ids.index(message.page_token) + 1 if message.page_token else 0
        page = keys[start : start + (message.page_size or PAGE_DEFAULT)]
        more = start + len(page) < len(keys)
        return v1.ListKeysResponse(keys=page, next_page_token=page[-1].key_id if more else "")

    async def revoke_key(self, message: v1.RevokeKeyRequest) -> v1.RevokeKeyResponse:
        """Revokes at once."""
        self.world.keys.revoke(message.key_id)
        return v1.RevokeKeyResponse()

    async def get_quota(self, message: v1.GetQuotaRequest) -> v1.GetQuotaResponse:
        """The tenant's quota; no bound where none was set."""
        return v1.GetQuotaResponse(quota=self.world.quotas.get(message.tenant))

    async def set_quota(self, message: v1.SetQuotaRequest) -> v1.SetQuotaResponse:
        """Sets it."""
        assert message.quota is not None
        self.world.quotas.set(message.quota)
        return v1.SetQuotaResponse(quota=message.quota)
