"""The RPCs as this implementation reads them out of the proto files: names, scopes, HTTP bindings.

Written by hand, on purpose: a mistake in the generated routes would otherwise be made on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qbridge_contract_betterproto.qbridge import v1


@dataclass(frozen=True)
class Rpc:
    """One RPC and how it is reached."""

    service: str
    method: str
    """The Python name: get_capabilities."""
    kind: Any
    """The request's class."""
    scope: str = "call"
    verb: str = ""
    url: str = ""
    body: str = ""
    """The field that the REST body fills; "*" for the whole message."""
    answer: str = ""
    """The field of the response that the REST answer holds; empty for the whole message."""
    status: int = 200
    socket: str = ""
    """The WebSocket path."""

    @property
    def path(self) -> str:
        """The gRPC path."""
        name = "".join(word.capitalize() for word in self.method.split("_"))
        return f"/qbridge.v1.{self.service}/{name}"


def _bridge(method: str, kind: Any, verb: str = "", url: str = "", **more: Any) -> Rpc:
    return Rpc("BridgeService", method, kind, "call", verb, url, **more)


def _backend(method: str, kind: Any, scope: str, verb: str = "", url: str = "", **more: Any) -> Rpc:
    return Rpc("BackendService", method, kind, scope, verb, url, **more)


def _platform(method: str, kind: Any, scope: str, verb: str, url: str, **more: Any) -> Rpc:
    return Rpc("PlatformService", method, kind, scope, verb, url, **more)


_ONE = "/v1/requests/{request_id}"

RPCS: tuple[Rpc, ...] = (
    _bridge("submit", v1.SubmitRequest, "POST", "/v1/requests", body="request", answer="accepted", status=202),
    _bridge("call", v1.CallRequest, "POST", "/v1/call", body="request", answer="result"),
    _bridge("session", v1.SessionRequest, socket="/v1/session"),
    _bridge("get", v1.GetRequest, "GET", _ONE, answer="record"),
    _bridge("watch", v1.WatchRequest, "GET", f"{_ONE}/events", answer="event", socket=f"{_ONE}/events"),
    _bridge("list", v1.ListRequest, "GET", "/v1/requests"),
    _bridge("cancel", v1.CancelRequest, "POST", f"{_ONE}:cancel", answer="record"),
    _bridge("explain", v1.ExplainRequest, "GET", f"{_ONE}/explain"),
    _backend(
        "register",
        v1.RegisterRequest,
        "backend",
        "POST",
        "/v1/backends",
        body="backend",
        answer="backend",
        status=201,
    ),
    _backend("get", v1.GetBackendRequest, "call", "GET", "/v1/backends/{name}", answer="backend"),
    _backend("list", v1.ListBackendsRequest, "call", "GET", "/v1/backends"),
    _backend("update", v1.UpdateBackendRequest, "backend", "PATCH", "/v1/backends/{name}", body="*", answer="backend"),
    _backend("delete", v1.DeleteBackendRequest, "backend", "DELETE", "/v1/backends/{name}"),
    _backend("probe", v1.ProbeRequest, "call", "POST", "/v1/backends/{name}:probe"),
    _backend("execute", v1.ExecuteRequest, "backend", socket="/v1/execute"),
    _platform("get_capabilities", v1.GetCapabilitiesRequest, "", "GET", "/v1/capabilities", answer="capabilities"),
    _platform("get_health", v1.GetHealthRequest, "", "GET", "/v1/health", answer="health"),
    _platform("create_key", v1.CreateKeyRequest, "admin", "POST", "/v1/keys", body="*", status=201),
    _platform("list_keys", v1.ListKeysRequest, "admin", "GET", "/v1/keys"),
    _platform("revoke_key", v1.RevokeKeyRequest, "admin", "DELETE", "/v1/keys/{key_id}"),
    _platform("get_quota", v1.GetQuotaRequest, "admin", "GET", "/v1/quotas/{tenant}", answer="quota"),
    _platform(
        "set_quota", v1.SetQuotaRequest, "admin", "PUT", "/v1/quotas/{quota.tenant}", body="quota", answer="quota"
    ),
)
