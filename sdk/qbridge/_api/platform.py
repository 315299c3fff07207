"""The deployment itself: how it is, and which backends it has."""

from __future__ import annotations

from qbridge._core import Core
from qbridge_contract.services import BACKEND_GET, BACKEND_LIST, BACKEND_PROBE, PLATFORM_GET_HEALTH
from qbridge_contract.structs import (
    Backend,
    GetBackendRequest,
    GetHealthRequest,
    Health,
    ListBackendsRequest,
    ProbeRequest,
    ProbeResponse,
)


class PlatformMethods(Core):
    """Health, backends, probe. (`capabilities` is in Core, which needs the limits.)"""

    async def health(self) -> Health:
        """How the deployment and what it depends on are."""
        response = await self.ask(PLATFORM_GET_HEALTH, GetHealthRequest())
        return response.health or Health()

    async def backends(self) -> list[Backend]:
        """All backends, by name."""
        found: list[Backend] = []
        token = ""
        while True:
            response = await self.ask(BACKEND_LIST, ListBackendsRequest(page_size=1000, page_token=token))
            found += response.backends
            token = response.next_page_token
            if not token:
                return found

    async def backend(self, name: str) -> Backend:
        """One backend. Raises NotFound."""
        response = await self.ask(BACKEND_GET, GetBackendRequest(name=name))
        return response.backend or Backend()

    async def probe(self, backend: str) -> ProbeResponse:
        """Asks a backend whether it works."""
        response: ProbeResponse = await self.ask(BACKEND_PROBE, ProbeRequest(name=backend))
        return response
