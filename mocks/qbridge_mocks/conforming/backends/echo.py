"""Answers every generic operation with its own payload."""

from __future__ import annotations

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.backends.backend import LocalBackend


class EchoBackend(LocalBackend):
    """What you say is what you hear."""

    def __init__(self) -> None:
        super().__init__(v1.Backend(name="echo", kind="echo", description="Answers with the payload."))

    def run(self, operation: v1.Operation) -> v1.Reply:
        """The payload of the invocation."""
        assert operation.invoke is not None
        return v1.Reply(payload=operation.invoke.payload or v1.Payload())
