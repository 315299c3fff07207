"""What one run of a case has at hand: the target, its variables, its log, its open streams and own backends."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qbridge_harness.clients import GrpcClient, RestClient, Target
from qbridge_harness.clients.streams import MessageStream
from qbridge_harness.contract import Checks, Contract
from qbridge_harness.language import PlannedCase
from qbridge_harness.language.values import fill
from qbridge_harness.log import Log
from qbridge_harness.own import OwnBackend


@dataclass(slots=True)
class Wire:
    """What all cases of a run share: the contract and the connections."""

    target: Target
    contract: Contract
    checks: Checks
    rest: RestClient
    grpc: GrpcClient

    @classmethod
    def open(cls, target: Target, contract: Contract) -> Wire:
        """Connections are made when they are first used."""
        return cls(target, contract, Checks(contract), RestClient(target), GrpcClient(target, contract))

    async def close(self) -> None:
        """Closes every connection."""
        self.grpc.close()
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

    @property
    def contract(self) -> Contract:
        """The contract that every message is checked by."""
        return self.wire.contract

    def fill(self, value: Any) -> Any:
        """The value with its variables replaced. Raises UnknownVariable."""
        return fill(value, self.variables)

    def headers(self, headers: Mapping[str, Any]) -> dict[str, str]:
        """Headers of a step, filled, as text."""
        return {str(name): str(value) for name, value in self.fill(headers).items()}

    def key(self, key: str | None) -> str | None:
        """The step's API key, filled."""
        return None if key is None else str(self.fill(key))


def first_variables(planned: PlannedCase, target: Target, given: Mapping[str, Any]) -> dict[str, Any]:
    """The variables that a case starts with; its own win over the suite's, the run's over both."""
    token = "q" + secrets.token_hex(4)
    variables: dict[str, Any] = {
        "unique": token,
        "case": planned.id,
        "transport": planned.transport,
        "target": target.rest,
        "rest_url": target.rest,
        "grpc_address": target.grpc,
        "op_backend": "",
    }
    variables |= planned.axes | dict(given)
    for source in (planned.suite.vars, planned.case.vars, given):
        for name, value in source.items():
            variables[name] = fill(value, variables)
    return variables
