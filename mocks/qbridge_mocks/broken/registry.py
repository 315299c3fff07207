"""Errors in the backends' registrations."""

from __future__ import annotations

from collections.abc import Iterable

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.backends import Backend, RemoteBackend
from qbridge_mocks.conforming.refusal import Refusal
from qbridge_mocks.conforming.registry import Registry
from qbridge_mocks.parts import Parts


class HidesIdle(Registry):
    """Lists only backends that are ready."""

    def listed(self) -> Iterable[str]:
        return [name for name in super().listed() if self.world.backend(name).probe()[0] == v1.BackendState.READY]


class Replaces(Registry):
    """Lets the last registration win."""

    def replaced(self, spec: v1.Backend) -> Backend:
        return self.world.add_remote(spec)


class TakesStaleVersions(Registry):
    """Changes what others have changed since."""

    def refuse_version(self, message: v1.UpdateBackendRequest, version: int) -> None:
        return


class LeavesWaiting(Registry):
    """Takes the name away, and leaves its queue to itself."""

    async def delete(self, message: v1.DeleteBackendRequest) -> v1.DeleteBackendResponse:
        self.world.remote(message.name)
        del self.world.backends[message.name]
        return v1.DeleteBackendResponse()


class BelievesAll(Registry):
    """Says READY without asking."""

    async def probe(self, message: v1.ProbeRequest) -> v1.ProbeResponse:
        self.world.backend(message.name)
        return v1.ProbeResponse(state=v1.BackendState.READY, detail="It answers.")


class AttachRegisters(Registry):
    """Makes a backend of every process that comes."""

    def attached(self, name: str) -> RemoteBackend:
        try:
            return super().attached(name)
        except Refusal:
            return self.world.add_remote(v1.Backend(name=name, kind="remote"))


MOCKS = {
    "idle_backends_unlisted": Parts(registry=HidesIdle),
    "register_replaces": Parts(registry=Replaces),
    "stale_version_accepted": Parts(registry=TakesStaleVersions),
    "delete_leaves_waiting": Parts(registry=LeavesWaiting),
    "probe_always_ready": Parts(registry=BelievesAll),
    "attach_registers": Parts(registry=AttachRegisters),
}
