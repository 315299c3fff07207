"""Who calls: keys, tenants, scopes, and what a door read from its headers."""

from __future__ import annotations

import hashlib
import secrets
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.ids import new_id
from qbridge_mocks.conforming.refusal import Refusal

SCOPES = frozenset({"call", "backend", "admin"})


@dataclass(frozen=True)
class Caller:
    """One caller, for the length of one RPC."""

    tenant: str = "local"
    scopes: frozenset[str] = SCOPES
    traceparent: str = ""

    def must_hold(self, scope: str) -> None:
        """Raises Refusal PERMISSION_DENIED without the scope; the empty scope is everybody's."""
        if scope and scope not in self.scopes:
            raise Refusal.of("PERMISSION_DENIED", f"The key does not hold the scope {scope!r}.")


current_caller: ContextVar[Caller] = ContextVar("current_caller", default=Caller())  # noqa: B039  frozen


@dataclass
class KeyRing:
    """The API keys. Without a first key nobody needs one, and all callers are the tenant "local"."""

    first: str = ""
    keys: dict[str, v1.ApiKey] = field(default_factory=dict)
    """SHA-256 of the secret -> key."""

    def __post_init__(self) -> None:
        if self.first:
            self._store(self.first, "first", "local", sorted(SCOPES), 0.0)

    @property
    def needed(self) -> bool:
        """Whether a caller needs a key."""
        return bool(self.first)

    def caller(self, authorization: str, traceparent: str = "") -> Caller:
        """The caller behind an Authorization header. Raises Refusal UNAUTHENTICATED."""
        if not self.needed:
            return Caller(traceparent=traceparent)
        scheme, _, secret = authorization.partition(" ")
        key = self.keys.get(_digest(secret.strip())) if scheme.lower() == "bearer" else None
        if key is None or key.revoked or (key.expires_at and key.expires_at <= datetime.now(UTC)):
            raise Refusal.of("UNAUTHENTICATED", "The API key is missing, unknown, expired or revoked.")
        return Caller(key.tenant, frozenset(key.scopes), traceparent)

    def create(self, request: v1.CreateKeyRequest) -> tuple[v1.ApiKey, str]:
        """A new key and its secret."""
        secret = f"qb_{secrets.token_urlsafe(24)}"
        return self._store(secret, request.name, request.tenant, list(request.scopes), request.ttl_s), secret

    def revoke(self, key_id: str) -> None:
        """Revokes a key. Raises Refusal NOT_FOUND."""
        for key in self.keys.values():
            if key.key_id == key_id:
                key.revoked = True
                return
        raise Refusal.of("NOT_FOUND", f"There is no key {key_id!r}.")

    def _store(self, secret: str, name: str, tenant: str, scopes: list[str], ttl_s: float) -> v1.ApiKey:
        now = datetime.now(UTC)
        key = v1.ApiKey(
            key_id=new_id("key"),
            name=name,
            tenant=tenant,
            scopes=scopes,
            created_at=now,
            expires_at=now + timedelta(seconds=ttl_s) if ttl_s else None,
        )
        self.keys[_digest(secret)] = key
        return key


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
