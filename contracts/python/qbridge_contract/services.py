# Generated from contracts/proto by `make contracts`; do not edit.
"""The services of the contract as values."""

from __future__ import annotations

from dataclasses import dataclass

from qbridge_contract import structs as s


@dataclass(frozen=True, slots=True)
class HttpBinding:
    """An RPC's place in HTTP. `body` and `response_body` name a field, `*` the whole, empty none (the whole
    for an answer)."""

    method: str
    path: str
    body: str
    response_body: str


@dataclass(frozen=True, slots=True, eq=False)
class Rpc:
    """An RPC: what the doors and the clients need to know of it."""

    service: str
    name: str
    method: str
    """Its name in Python."""
    path: str
    """Its path at the gRPC door."""
    request: type[s.Message]
    response: type[s.Message]
    client_streaming: bool
    server_streaming: bool
    scope: str
    """The scope that the caller's key must hold; empty means that anybody may call."""
    no_side_effects: bool
    http: HttpBinding | None
    success_status: int
    """The HTTP status of a successful answer."""
    websocket: str
    """The WebSocket path of a stream; empty for none."""


BACKEND_REGISTER = Rpc(
    service="BackendService",
    name="Register",
    method="register",
    path="/qbridge.v1.BackendService/Register",
    request=s.RegisterRequest,
    response=s.RegisterResponse,
    client_streaming=False,
    server_streaming=False,
    scope="backend",
    no_side_effects=False,
    http=HttpBinding("POST", "/v1/backends", body="backend", response_body="backend"),
    success_status=201,
    websocket="",
)
"""Registers a remote backend: a process that will open Execute."""

BACKEND_GET = Rpc(
    service="BackendService",
    name="Get",
    method="get",
    path="/qbridge.v1.BackendService/Get",
    request=s.GetBackendRequest,
    response=s.GetBackendResponse,
    client_streaming=False,
    server_streaming=False,
    scope="call",
    no_side_effects=True,
    http=HttpBinding("GET", "/v1/backends/{name}", body="", response_body="backend"),
    success_status=200,
    websocket="",
)
"""Answers a backend."""

BACKEND_LIST = Rpc(
    service="BackendService",
    name="List",
    method="list",
    path="/qbridge.v1.BackendService/List",
    request=s.ListBackendsRequest,
    response=s.ListBackendsResponse,
    client_streaming=False,
    server_streaming=False,
    scope="call",
    no_side_effects=True,
    http=HttpBinding("GET", "/v1/backends", body="", response_body=""),
    success_status=200,
    websocket="",
)
"""Lists the backends by name."""

BACKEND_UPDATE = Rpc(
    service="BackendService",
    name="Update",
    method="update",
    path="/qbridge.v1.BackendService/Update",
    request=s.UpdateBackendRequest,
    response=s.UpdateBackendResponse,
    client_streaming=False,
    server_streaming=False,
    scope="backend",
    no_side_effects=False,
    http=HttpBinding("PATCH", "/v1/backends/{name}", body="*", response_body="backend"),
    success_status=200,
    websocket="",
)
"""Changes a remote backend's description, labels or batch limits. If-Match names the version."""

BACKEND_DELETE = Rpc(
    service="BackendService",
    name="Delete",
    method="delete",
    path="/qbridge.v1.BackendService/Delete",
    request=s.DeleteBackendRequest,
    response=s.DeleteBackendResponse,
    client_streaming=False,
    server_streaming=False,
    scope="backend",
    no_side_effects=False,
    http=HttpBinding("DELETE", "/v1/backends/{name}", body="", response_body=""),
    success_status=200,
    websocket="",
)
"""Takes a remote backend away. What waits for it ends with BACKEND_LOST."""

BACKEND_PROBE = Rpc(
    service="BackendService",
    name="Probe",
    method="probe",
    path="/qbridge.v1.BackendService/Probe",
    request=s.ProbeRequest,
    response=s.ProbeResponse,
    client_streaming=False,
    server_streaming=False,
    scope="call",
    no_side_effects=True,
    http=HttpBinding("POST", "/v1/backends/{name}:probe", body="", response_body=""),
    success_status=200,
    websocket="",
)
"""Asks the backend whether it works."""

BACKEND_EXECUTE = Rpc(
    service="BackendService",
    name="Execute",
    method="execute",
    path="/qbridge.v1.BackendService/Execute",
    request=s.ExecuteRequest,
    response=s.ExecuteResponse,
    client_streaming=True,
    server_streaming=True,
    scope="backend",
    no_side_effects=False,
    http=None,
    success_status=200,
    websocket="/v1/execute",
)
"""The backend process dials, says which backend it is, and gets leased batches."""

BRIDGE_SUBMIT = Rpc(
    service="BridgeService",
    name="Submit",
    method="submit",
    path="/qbridge.v1.BridgeService/Submit",
    request=s.SubmitRequest,
    response=s.SubmitResponse,
    client_streaming=False,
    server_streaming=False,
    scope="call",
    no_side_effects=False,
    http=HttpBinding("POST", "/v1/requests", body="request", response_body="accepted"),
    success_status=202,
    websocket="",
)
"""Accepts a request and answers at once; its result is asked for later."""

BRIDGE_CALL = Rpc(
    service="BridgeService",
    name="Call",
    method="call",
    path="/qbridge.v1.BridgeService/Call",
    request=s.CallRequest,
    response=s.CallResponse,
    client_streaming=False,
    server_streaming=False,
    scope="call",
    no_side_effects=False,
    http=HttpBinding("POST", "/v1/call", body="request", response_body="result"),
    success_status=200,
    websocket="",
)
"""Accepts a request, waits for it, and answers its result, or its error."""

BRIDGE_SESSION = Rpc(
    service="BridgeService",
    name="Session",
    method="session",
    path="/qbridge.v1.BridgeService/Session",
    request=s.SessionRequest,
    response=s.SessionResponse,
    client_streaming=True,
    server_streaming=True,
    scope="call",
    no_side_effects=False,
    http=None,
    success_status=200,
    websocket="/v1/session",
)
"""A stream of frames: submits and cancels in, acceptances and results out, in any order."""

BRIDGE_GET = Rpc(
    service="BridgeService",
    name="Get",
    method="get",
    path="/qbridge.v1.BridgeService/Get",
    request=s.GetRequest,
    response=s.GetResponse,
    client_streaming=False,
    server_streaming=False,
    scope="call",
    no_side_effects=True,
    http=HttpBinding("GET", "/v1/requests/{request_id}", body="", response_body="record"),
    success_status=200,
    websocket="",
)
"""Answers all that is known of a request."""

BRIDGE_WATCH = Rpc(
    service="BridgeService",
    name="Watch",
    method="watch",
    path="/qbridge.v1.BridgeService/Watch",
    request=s.WatchRequest,
    response=s.WatchResponse,
    client_streaming=False,
    server_streaming=True,
    scope="call",
    no_side_effects=True,
    http=HttpBinding("GET", "/v1/requests/{request_id}/events", body="", response_body="event"),
    success_status=200,
    websocket="/v1/requests/{request_id}/events",
)
"""Streams the changes of a request's state until it is final: SSE over REST, resumable with Last-Event-ID."""

BRIDGE_LIST = Rpc(
    service="BridgeService",
    name="List",
    method="list",
    path="/qbridge.v1.BridgeService/List",
    request=s.ListRequest,
    response=s.ListResponse,
    client_streaming=False,
    server_streaming=False,
    scope="call",
    no_side_effects=True,
    http=HttpBinding("GET", "/v1/requests", body="", response_body=""),
    success_status=200,
    websocket="",
)
"""Lists the caller's requests, newest first."""

BRIDGE_CANCEL = Rpc(
    service="BridgeService",
    name="Cancel",
    method="cancel",
    path="/qbridge.v1.BridgeService/Cancel",
    request=s.CancelRequest,
    response=s.CancelResponse,
    client_streaming=False,
    server_streaming=False,
    scope="call",
    no_side_effects=False,
    http=HttpBinding("POST", "/v1/requests/{request_id}:cancel", body="", response_body="record"),
    success_status=200,
    websocket="",
)
"""Cancels a request that is not final yet. What is final stays as it is."""

BRIDGE_EXPLAIN = Rpc(
    service="BridgeService",
    name="Explain",
    method="explain",
    path="/qbridge.v1.BridgeService/Explain",
    request=s.ExplainRequest,
    response=s.ExplainResponse,
    client_streaming=False,
    server_streaming=False,
    scope="call",
    no_side_effects=True,
    http=HttpBinding("GET", "/v1/requests/{request_id}/explain", body="", response_body=""),
    success_status=200,
    websocket="",
)
"""Answers why a request waits, or where its time went."""

PLATFORM_GET_CAPABILITIES = Rpc(
    service="PlatformService",
    name="GetCapabilities",
    method="get_capabilities",
    path="/qbridge.v1.PlatformService/GetCapabilities",
    request=s.GetCapabilitiesRequest,
    response=s.GetCapabilitiesResponse,
    client_streaming=False,
    server_streaming=False,
    scope="",
    no_side_effects=True,
    http=HttpBinding("GET", "/v1/capabilities", body="", response_body="capabilities"),
    success_status=200,
    websocket="",
)
"""Answers what the deployment can do. What it does not claim is not asked of it."""

PLATFORM_GET_HEALTH = Rpc(
    service="PlatformService",
    name="GetHealth",
    method="get_health",
    path="/qbridge.v1.PlatformService/GetHealth",
    request=s.GetHealthRequest,
    response=s.GetHealthResponse,
    client_streaming=False,
    server_streaming=False,
    scope="",
    no_side_effects=True,
    http=HttpBinding("GET", "/v1/health", body="", response_body="health"),
    success_status=200,
    websocket="",
)
"""Answers how the deployment and what it depends on are."""

PLATFORM_CREATE_KEY = Rpc(
    service="PlatformService",
    name="CreateKey",
    method="create_key",
    path="/qbridge.v1.PlatformService/CreateKey",
    request=s.CreateKeyRequest,
    response=s.CreateKeyResponse,
    client_streaming=False,
    server_streaming=False,
    scope="admin",
    no_side_effects=False,
    http=HttpBinding("POST", "/v1/keys", body="*", response_body=""),
    success_status=201,
    websocket="",
)
"""Makes an API key. Its secret is in this answer and nowhere else."""

PLATFORM_LIST_KEYS = Rpc(
    service="PlatformService",
    name="ListKeys",
    method="list_keys",
    path="/qbridge.v1.PlatformService/ListKeys",
    request=s.ListKeysRequest,
    response=s.ListKeysResponse,
    client_streaming=False,
    server_streaming=False,
    scope="admin",
    no_side_effects=True,
    http=HttpBinding("GET", "/v1/keys", body="", response_body=""),
    success_status=200,
    websocket="",
)
"""Lists the API keys, without their secrets."""

PLATFORM_REVOKE_KEY = Rpc(
    service="PlatformService",
    name="RevokeKey",
    method="revoke_key",
    path="/qbridge.v1.PlatformService/RevokeKey",
    request=s.RevokeKeyRequest,
    response=s.RevokeKeyResponse,
    client_streaming=False,
    server_streaming=False,
    scope="admin",
    no_side_effects=False,
    http=HttpBinding("DELETE", "/v1/keys/{key_id}", body="", response_body=""),
    success_status=200,
    websocket="",
)
"""Revokes an API key, at once."""

PLATFORM_GET_QUOTA = Rpc(
    service="PlatformService",
    name="GetQuota",
    method="get_quota",
    path="/qbridge.v1.PlatformService/GetQuota",
    request=s.GetQuotaRequest,
    response=s.GetQuotaResponse,
    client_streaming=False,
    server_streaming=False,
    scope="admin",
    no_side_effects=True,
    http=HttpBinding("GET", "/v1/quotas/{tenant}", body="", response_body="quota"),
    success_status=200,
    websocket="",
)
"""Answers a tenant's quota."""

PLATFORM_SET_QUOTA = Rpc(
    service="PlatformService",
    name="SetQuota",
    method="set_quota",
    path="/qbridge.v1.PlatformService/SetQuota",
    request=s.SetQuotaRequest,
    response=s.SetQuotaResponse,
    client_streaming=False,
    server_streaming=False,
    scope="admin",
    no_side_effects=False,
    http=HttpBinding("PUT", "/v1/quotas/{quota.tenant}", body="quota", response_body="quota"),
    success_status=200,
    websocket="",
)
"""Sets a tenant's quota, at once."""

RPCS: tuple[Rpc, ...] = (
    BACKEND_REGISTER,
    BACKEND_GET,
    BACKEND_LIST,
    BACKEND_UPDATE,
    BACKEND_DELETE,
    BACKEND_PROBE,
    BACKEND_EXECUTE,
    BRIDGE_SUBMIT,
    BRIDGE_CALL,
    BRIDGE_SESSION,
    BRIDGE_GET,
    BRIDGE_WATCH,
    BRIDGE_LIST,
    BRIDGE_CANCEL,
    BRIDGE_EXPLAIN,
    PLATFORM_GET_CAPABILITIES,
    PLATFORM_GET_HEALTH,
    PLATFORM_CREATE_KEY,
    PLATFORM_LIST_KEYS,
    PLATFORM_REVOKE_KEY,
    PLATFORM_GET_QUOTA,
    PLATFORM_SET_QUOTA,
)
