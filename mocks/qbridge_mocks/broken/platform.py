"""Errors in what the deployment says of itself."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.caller import Caller
from qbridge_mocks.conforming.platform import Platform
from qbridge_mocks.conforming.refusal import Refusal, make_error
from qbridge_mocks.conforming.rest_door import RestDoor
from qbridge_mocks.conforming.surface import Rpc
from qbridge_mocks.conforming.world import LIMITS, World
from qbridge_mocks.parts import Parts


class HidesCapabilities(RestDoor):
    """Tells its capabilities to callers with a key alone."""

    def caller(self, rpc: Rpc, request: Request) -> Caller:
        if rpc.method == "get_capabilities":
            return self.world.keys.caller(request.headers.get("authorization", ""))
        return super().caller(rpc, request)


class OverstatesLimit(World):
    """Names a larger limit than the one that it keeps."""

    def capabilities(self) -> v1.Capabilities:
        limits = replace(LIMITS, message_bytes_max=2 * LIMITS.message_bytes_max)
        return replace(super().capabilities(), limits=limits)


class ClaimsDisk(World):
    """Claims the durability DISK, and refuses it."""

    def capabilities(self) -> v1.Capabilities:
        return replace(super().capabilities(), durabilities=[v1.Durability.MEMORY, v1.Durability.DISK])


class WithoutDocument(RestDoor):
    """Serves no OpenAPI document."""

    async def document(self, request: Request) -> Response:
        return self.refusal(make_error("NOT_FOUND", "There is no document here."))


class SilentOnDependencies(Platform):
    """Says of nothing that it depends on how it is."""

    async def get_health(self, message: v1.GetHealthRequest) -> v1.GetHealthResponse:
        answer = await super().get_health(message)
        assert answer.health is not None
        answer.health.dependencies = []
        return answer


class FragileWorld(World):
    """Remembers that a message was too large for it."""

    hurt = False


class FragileDoor(RestDoor):
    """Is hurt by a body over the limit."""

    def refuse_size(self, size: int) -> None:
        try:
            super().refuse_size(size)
        except Refusal:
            assert isinstance(self.world, FragileWorld)
            self.world.hurt = True
            raise


class FragilePlatform(Platform):
    """Calls itself NOT_SERVING once it is hurt."""

    async def get_health(self, message: v1.GetHealthRequest) -> v1.GetHealthResponse:
        answer = await super().get_health(message)
        assert answer.health is not None
        assert isinstance(self.world, FragileWorld)
        if self.world.hurt:
            answer.health.state = v1.HealthState.NOT_SERVING
        return answer


MOCKS = {
    "capabilities_ask_for_a_key": Parts(rest=HidesCapabilities),
    "message_limit_overstated": Parts(world=OverstatesLimit),
    "capability_lies": Parts(world=ClaimsDisk),
    "openapi_missing": Parts(rest=WithoutDocument),
    "health_without_dependencies": Parts(platform=SilentOnDependencies),
    "unhealthy_after_too_large": Parts(world=FragileWorld, platform=FragilePlatform, rest=FragileDoor),
}
