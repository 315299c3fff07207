"""Quotas: how many requests a tenant may send a second, and have in flight."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.refusal import Refusal


@dataclass
class Bucket:
    """A token bucket: filled at the average rate, up to the burst."""

    quota: v1.Quota
    tokens: float = field(init=False)
    filled_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = self.size
        self.filled_at = time.monotonic()

    @property
    def size(self) -> float:
        """How many tokens it holds: the burst, or a second's worth where none is named."""
        return float(self.quota.burst or max(1.0, self.quota.requests_per_s))

    def take(self) -> float:
        """Takes a token; answers 0, or how long to wait for one, in seconds."""
        now = time.monotonic()
        rate = self.quota.requests_per_s
        self.tokens = min(self.size, self.tokens + (now - self.filled_at) * rate)
        self.filled_at = now
        if self.tokens < 1:
            return (1 - self.tokens) / rate
        self.tokens -= 1
        return 0.0


class Quotas:
    """The quotas of all tenants. A tenant without one has no bound."""

    def __init__(self) -> None:
        self.buckets: dict[str, Bucket] = {}

    def get(self, tenant: str) -> v1.Quota:
        """The tenant's quota."""
        bucket = self.buckets.get(tenant)
        return bucket.quota if bucket else v1.Quota(tenant=tenant)

    def set(self, quota: v1.Quota) -> None:
        """Sets a tenant's quota, with a full bucket."""
        self.buckets[quota.tenant] = Bucket(quota)

    def charge(self, tenant: str, in_flight: Callable[[str], int]) -> None:
        """Pays for one request; `in_flight` counts the tenant's. Raises Refusal QUOTA_EXCEEDED."""
        bucket = self.buckets.get(tenant)
        if bucket is None:
            return
        wait_s = bucket.take() if bucket.quota.requests_per_s else 0.0
        if bucket.quota.in_flight_max and in_flight(tenant) >= bucket.quota.in_flight_max:
            wait_s = max(wait_s, 1.0)
        if wait_s:
            raise Refusal.of("QUOTA_EXCEEDED", f"The tenant {tenant!r} has spent its quota.", retry_after_s=wait_s)
