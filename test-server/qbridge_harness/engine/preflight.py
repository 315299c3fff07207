"""What a deployment says of itself before the first case, and which cases apply to it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from google.protobuf import json_format

from qbridge_harness.clients.target import KeyRefused, NoBridge, Unreachable
from qbridge_harness.engine.context import Wire
from qbridge_harness.language.fresh import token
from qbridge_harness.language.model import PHASES, Needs
from qbridge_harness.language.plan import PlannedCase
from qbridge_harness.language.steps import BackendStep, walk

_TRANSPORTS = {"grpc": "grpc", "session": "grpc", "rest": "rest", "websocket": "websocket", "sse": "sse"}
_CAPABILITIES = "/v1/capabilities"
_PAGES_MAX = 50
METRICS_S = 5.0
"""How long a metrics page may take, in seconds."""


@dataclass(slots=True)
class Preflight:
    """Capabilities and backends, or the reason why they cannot be read."""

    capabilities: dict[str, Any] = field(default_factory=dict)
    backends: list[dict[str, Any]] = field(default_factory=list)
    problem: str = ""
    scopes: frozenset[str] = frozenset({"call", "backend", "admin"})
    """What the run's key may do; everything where no keys are asked for."""
    metrics: bool | None = None
    """Whether metrics are served; None until a case needs to know."""
    spans: bool = False
    """Whether the run receives spans."""

    def backend_for(self, operation: str) -> str:
        """The name of the first backend that lists an operation; empty where none does."""
        for backend in self.backends:
            names = {spec.get("name") for spec in backend.get("operations", [])}
            if operation in names and backend.get("state") != "BACKEND_STATE_DISCONNECTED":
                return str(backend["name"])
        return ""


async def look(wire: Wire) -> Preflight:
    """Reads capabilities, the key's scopes and the backends. Raises Unreachable, NoBridge, KeyRefused."""
    found = Preflight()
    answer = await wire.rest.send("GET", _CAPABILITIES)
    if not isinstance(answer.body, dict):
        media = answer.headers.get("content-type", "").partition(";")[0] or "without a media type"
        raise NoBridge(f"This is no bridge: GET {_CAPABILITIES} answered {answer.status} {media} at {wire.target.rest}")
    if answer.status != HTTPStatus.OK:
        found.problem = f"GET {_CAPABILITIES} answered the status {answer.status}, not 200"
        return found
    rpc = wire.contract.rpcs["PlatformService/GetCapabilities"]
    try:
        found.capabilities = wire.contract.to_document(wire.contract.parse_json(rpc.answers, answer.body))
    except (json_format.ParseError, ValueError, TypeError, AttributeError) as error:
        found.problem = f"the capabilities cannot be read (status {answer.status}): {error}"
        return found
    if found.capabilities["authentication"]:
        found.scopes = await _scopes(wire)
    found.backends = await _backends(wire)
    silent = [f"no {name}" for name in ("transports", "profiles") if not found.capabilities[name]]
    if silent:
        found.problem = f"the capabilities name {' and '.join(silent)}"
    return found


async def look_at_metrics(wire: Wire, preflight: Preflight, planned: PlannedCase) -> None:
    """Finds out whether metrics are served, once, and only where a case needs to know; a page that breaks is none."""
    preflight.spans = wire.spans is not None
    suite, case = planned.suite, planned.case
    wanted = suite.needs.metrics or case.needs.metrics or suite.no_leaks or case.no_leaks
    if wanted and preflight.metrics is None:
        try:
            async with asyncio.timeout(METRICS_S):
                answer = await wire.rest.send("GET", wire.metrics_path)
        except (TimeoutError, Unreachable):
            preflight.metrics = False
        else:
            preflight.metrics = answer.status == HTTPStatus.OK


async def _scopes(wire: Wire) -> frozenset[str]:
    """Asks for nothing that changes anything, once for each scope, and sees what is refused."""
    questions = {
        "call": ("GET", "/v1/requests", {"pageSize": "1"}),
        "backend": ("DELETE", f"/v1/backends/no-{token(8)}", None),
        "admin": ("GET", "/v1/keys", {"pageSize": "1"}),
    }
    held = set()
    for scope, (method, path, query) in questions.items():
        answer = await wire.rest.send(method, path, query=query)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise KeyRefused("The deployment refuses the run's API key: give one with --key, or in QBRIDGE_API_KEY.")
        if answer.status != HTTPStatus.FORBIDDEN:
            held.add(scope)
    return frozenset(held)


async def _backends(wire: Wire) -> list[dict[str, Any]]:
    rpc = wire.contract.rpcs["BackendService/List"]
    backends: list[dict[str, Any]] = []
    token = ""
    for _ in range(_PAGES_MAX):
        query = {"pageToken": token} if token else None
        answer = await wire.rest.send("GET", rpc.http_path, query=query)
        try:
            page = wire.contract.to_document(wire.contract.parse_json(rpc.answers, answer.body))
        except (json_format.ParseError, ValueError, TypeError, AttributeError):
            return backends
        backends += page["backends"]
        token = page["nextPageToken"]
        if not token:
            break
    return backends


async def reach(wire: Wire) -> None:
    """Opens a gRPC call, so that a wrong address is told once and not by every case. Raises Unreachable."""
    rpc = wire.contract.rpcs["PlatformService/GetCapabilities"]
    _, end, _ = await wire.grpc.unary(rpc, wire.contract.new(rpc.request))
    if end.status == "UNAVAILABLE" and end.error is None:
        raise Unreachable(f"gRPC {wire.target.grpc}: {end.message}")


@dataclass(frozen=True, slots=True)
class Applies:
    """Whether a case applies: `skip` says why not; `untestable` names a prerequisite that is promised but missing."""

    skip: str = ""
    untestable: str = ""
    variables: dict[str, Any] = field(default_factory=dict)


def applies(planned: PlannedCase, preflight: Preflight, variables: dict[str, Any]) -> Applies:
    """Looks at what a case needs. What a deployment never declared is a skip; what it should have is a failure."""
    # What was never said declares nothing away: such cases run, and fail by themselves.
    transports = None if preflight.problem else preflight.capabilities.get("transports")
    wanted = _TRANSPORTS.get(planned.transport)
    if transports is not None and "transport" in planned.axes and wanted and wanted not in transports:
        return Applies(skip=f"the deployment does not declare the transport {wanted}")
    found: dict[str, Any] = {}
    if "backend" not in preflight.scopes and _has_own_backend(planned):
        return Applies(untestable="the case brings its own backend, and the run's key lacks the scope backend")
    for needs in (planned.suite.needs, planned.case.needs):
        if needs == Needs():
            continue
        if preflight.problem and not (needs.variable and needs == Needs(variable=needs.variable)):
            return Applies(untestable=preflight.problem)
        answer = _needs(needs, preflight, variables)
        if answer.skip or answer.untestable:
            return answer
        found |= answer.variables
    return Applies(variables=found)


def _has_own_backend(planned: PlannedCase) -> bool:
    steps = [step for phase in PHASES for step in planned.case.phase(phase)]
    return any(isinstance(each, BackendStep) for step in steps for each in walk(step))


def _needs(needs: Needs, preflight: Preflight, variables: dict[str, Any]) -> Applies:
    capabilities = preflight.capabilities
    if needs.variable and needs.variable not in variables:
        return Applies(skip=f"the run names no {needs.variable}: --var {needs.variable}=NAME")
    if needs.profile and needs.profile not in capabilities.get("profiles", []):
        return Applies(skip=f"the deployment does not declare the profile {needs.profile}")
    if needs.authentication is not None and capabilities.get("authentication", False) is not needs.authentication:
        word = "takes calls without keys" if needs.authentication else "asks for keys"
        return Applies(skip=f"the deployment {word}")
    if needs.scope and needs.scope not in preflight.scopes:
        return Applies(untestable=f"the run's key lacks the scope {needs.scope}")
    if needs.durability and f"DURABILITY_{needs.durability}" not in capabilities.get("durabilities", []):
        return Applies(skip=f"the deployment does not declare the durability {needs.durability}")
    if needs.not_durability and f"DURABILITY_{needs.not_durability}" in capabilities.get("durabilities", []):
        return Applies(skip=f"the deployment keeps the durability {needs.not_durability}")
    if needs.metrics and not preflight.metrics:
        return Applies(skip="the deployment serves no metrics at the path of --metrics")
    if needs.traces and not preflight.spans:
        return Applies(skip="the run receives no spans: give --otlp HOST:PORT, and send the deployment's there")
    if needs.operation:
        name = str(variables.get("op_backend") or preflight.backend_for(needs.operation))
        if not name:
            return Applies(untestable=f"no backend lists the operation {needs.operation}, which the case needs")
        return Applies(variables={"op_backend": name})
    return Applies()
