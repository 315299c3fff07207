"""What one run of a case has at hand: the target, its variables, its log, its open streams and own backends."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from qbridge_harness.clients import RestClient, Target
from qbridge_harness.clients.streams import MessageStream
from qbridge_harness.contract import Checks, Contract
from qbridge_harness.language import PlannedCase
from qbridge_harness.language.fresh import token
from qbridge_harness.language.values import UnknownVariable, fill
from qbridge_harness.log import Log
from qbridge_harness.masks import Masks
from qbridge_harness.own import OwnBackend
from qbridge_harness.spans import SpanStore

if TYPE_CHECKING:
    from qbridge_harness.clients.grpc import GrpcClient

RUNS_OWN = "run"
"""What a step writes for the run's own key, where the suite has another one as its default."""


@dataclass(slots=True)
class Wire:
    """What all cases of a run share: the contract and the connections."""

    target: Target
    contract: Contract
    checks: Checks
    rest: RestClient
    metrics_path: str = "/metrics"
    spans: SpanStore | None = None
    """The spans that the deployment has sent here; None where the run receives none."""
    masks: Masks = field(default_factory=Masks)
    """The secrets that no report may show."""
    _grpc: GrpcClient | None = None

    @classmethod
    def open(cls, target: Target, contract: Contract) -> Wire:
        """Connections are made when they are first used."""
        wire = cls(target, contract, Checks(contract), RestClient(target))
        for secret in (target.key, urlsplit(target.rest).password):
            wire.masks.learn(secret or "")
        return wire

    @property
    def grpc(self) -> GrpcClient:
        """The client of gRPC, whose libraries are loaded when it is first used."""
        from qbridge_harness.clients.grpc import GrpcClient

        if self._grpc is None:
            self._grpc = GrpcClient(self.target, self.contract)
        return self._grpc

    async def close(self) -> None:
        """Closes every connection."""
        if self._grpc is not None:
            self._grpc.close()
        await self.rest.close()


@dataclass(slots=True)
class Context:
    """One run of one case."""

    wire: Wire
    planned: PlannedCase
    variables: dict[str, Any]
    log: Log = field(default_factory=Log)
    streams: dict[str, MessageStream] = field(default_factory=dict)
    backends: dict[str, OwnBackend] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    patience: float = 1.0
    """A factor on the time limits of steps, for slow machines and slow deployments."""

    def __post_init__(self) -> None:
        self.log.masks = self.wire.masks
        for name in self.planned.suite.all_secrets:
            self.wire.masks.learn(str(self.variables.get(name, "")))

    @property
    def contract(self) -> Contract:
        """The contract that every message is checked by."""
        return self.wire.contract

    def fill(self, value: Any) -> Any:
        """The value with its variables replaced. Raises UnknownVariable."""
        return fill(value, self.variables)

    def headers(self, headers: Mapping[str, Any]) -> dict[str, str]:
        """The headers of a step over the suite's, filled, as text."""
        both = self.planned.suite.defaults.headers | dict(headers)
        return {str(name): str(value) for name, value in self.fill(both).items()}

    def key(self, key: str | None) -> str | None:
        """The API key of a step, or else the suite's, filled; None is the run's own."""
        wanted = self.planned.suite.defaults.key if key is None else key
        return None if wanted in (None, RUNS_OWN) else str(self.fill(wanted))


def first_variables(planned: PlannedCase, target: Target, given: Mapping[str, Any]) -> dict[str, Any]:
    """The variables that a case starts with; its own win over the suite's, the run's over both.

    Raises UnknownVariable where one refers to what is not there, or a secret is not set.
    """
    variables: dict[str, Any] = {
        "unique": "q" + token(4),
        "case": planned.id,
        "transport": planned.transport,
        "target": target.rest,
        "rest_url": target.rest,
        "grpc_address": target.grpc,
        "op_backend": "",
    }
    variables |= planned.axes | dict(given)
    for name, secret in planned.suite.all_secrets.items():
        if name not in given and secret.env not in os.environ:
            raise UnknownVariable(f"the secret {name!r} is not set: export {secret.env}")
        variables[name] = given[name] if name in given else os.environ[secret.env]
    for source in (planned.suite.variables, planned.case.vars, given):
        for name, value in source.items():
            variables[name] = fill(value, variables)
    return variables
