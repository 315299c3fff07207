"""Quotas: how much a tenant may ask for, as a token bucket and a bound on what is not final yet."""

from __future__ import annotations

from dataclasses import dataclass

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import ErrorCode, Quota
from qbridge_server.ports import Clock


@dataclass(slots=True)
class _Bucket:
    quota: Quota
    tokens: float
    filled_at: float
    in_flight: int = 0


class Quotas:
    """Per tenant: `requests_per_s` on average with `burst` above it, and `in_flight_max` at once. 0 means no bound.

    A tenant without a quota is not counted at all, so that it costs nothing.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def get(self, tenant: str) -> Quota:
        """The tenant's quota; one without bounds where none was set."""
        bucket = self._buckets.get(tenant)
        return bucket.quota if bucket else Quota(tenant=tenant)

    def set(self, quota: Quota) -> Quota:
        """Sets a tenant's quota, at once; what is in flight stays counted."""
        old = self._buckets.get(quota.tenant)
        made = _Bucket(quota, _capacity(quota), self._clock.monotonic(), old.in_flight if old else 0)
        self._buckets[quota.tenant] = made
        return quota

    def take(self, tenant: str) -> bool:
        """Takes one request; True where `give_back` must follow when it is final. Raises QUOTA_EXCEEDED."""
        bucket = self._buckets.get(tenant)
        if bucket is None:
            return False
        quota = bucket.quota
        if quota.in_flight_max and bucket.in_flight >= quota.in_flight_max:
            raise _exceeded(tenant, f"{quota.in_flight_max} requests at once", 1.0)
        if quota.requests_per_s:
            now = self._clock.monotonic()
            filled = bucket.tokens + (now - bucket.filled_at) * quota.requests_per_s
            bucket.tokens, bucket.filled_at = min(filled, _capacity(quota)), now
            if bucket.tokens < 1.0:
                wait_s = (1.0 - bucket.tokens) / quota.requests_per_s
                raise _exceeded(tenant, f"{quota.requests_per_s:g} requests a second", wait_s)
            bucket.tokens -= 1.0
        bucket.in_flight += 1
        return True

    def give_back(self, tenant: str) -> None:
        """A counted request is final."""
        bucket = self._buckets.get(tenant)
        if bucket and bucket.in_flight:
            bucket.in_flight -= 1


def _capacity(quota: Quota) -> float:
    return max(1.0, float(quota.burst))


def _exceeded(tenant: str, bound: str, retry_after_s: float) -> BridgeError:
    message = f"The tenant {tenant} may send {bound}."
    return BridgeError.of(ErrorCode.QUOTA_EXCEEDED, message, retry_after_s=retry_after_s)
