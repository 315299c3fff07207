"""Errors in who may do what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from qbridge_mocks.conforming.caller import SCOPES, Caller, KeyRing
from qbridge_mocks.conforming.job import Job
from qbridge_mocks.conforming.quota import Quotas
from qbridge_mocks.conforming.refusal import Refusal
from qbridge_mocks.conforming.world import World
from qbridge_mocks.parts import Parts


class NeedsNoKey(KeyRing):
    """Takes a caller without a key for the first one."""

    def caller(self, authorization: str, traceparent: str = "") -> Caller:
        return super().caller(authorization or f"Bearer {self.first}", traceparent)


class EveryKeyMayAll(KeyRing):
    """Gives every key all scopes."""

    def caller(self, authorization: str, traceparent: str = "") -> Caller:
        return replace(super().caller(authorization, traceparent), scopes=SCOPES)


class ForgetsRevocation(KeyRing):
    """Answers Revoke, and lets the key work on."""

    def revoke(self, key_id: str) -> None:
        return


class WorldWithoutKeys(World):
    """Asks nobody for a key."""

    key_ring = NeedsNoKey


class WorldOfEqualKeys(World):
    """Looks at no scope."""

    key_ring = EveryKeyMayAll


class WorldOfEternalKeys(World):
    """Revokes nothing."""

    key_ring = ForgetsRevocation


class WorldWithoutWalls(World):
    """Finds a request whoever asks for it."""

    def find(self, tenant: str, request_id: str) -> Job:
        for job in self.in_order:
            if job.id == request_id:
                return job
        raise Refusal.of("NOT_FOUND", f"There is no request {request_id!r}.")


class Generous(Quotas):
    """Charges nobody."""

    def charge(self, tenant: str, in_flight: Callable[[str], int]) -> None:
        return


class WorldWithoutQuotas(World):
    """Keeps quotas, and lets everybody exceed them."""

    quota_book = Generous


MOCKS = {
    "no_key_is_the_first_key": Parts(world=WorldWithoutKeys),
    "scope_ignored": Parts(world=WorldOfEqualKeys),
    "revoked_key_works": Parts(world=WorldOfEternalKeys),
    "tenants_mixed": Parts(world=WorldWithoutWalls),
    "quota_ignored": Parts(world=WorldWithoutQuotas),
}
