"""The backend "echo": answers what it was sent. For trying the path and for measuring it."""

from __future__ import annotations

from collections.abc import Sequence

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import (
    Backend as BackendSpec,
    BackendState,
    Error,
    ErrorCode,
    Operation,
    OperationSpec,
    Payload,
    Reply,
)
from qbridge_server.ports import Backend, BackendLost, Entry

LANE = "invoke"


class EchoBackend(Backend):
    """Answers the payload of "echo" as it came, and that of "noop" with nothing. One lane, no state."""

    def __init__(self, name: str = "echo") -> None:
        self.spec = BackendSpec(
            name=name,
            kind="echo",
            description="Answers what it was sent.",
            operations=[
                OperationSpec(name="invoke:echo", description="Answers the payload."),
                OperationSpec(name="invoke:noop", description="Answers an empty payload."),
            ],
            state=BackendState.READY,
        )

    def lane_of(self, operation: Operation) -> str:
        """One lane for both names. Raises UNIMPLEMENTED for anything else."""
        invoke = operation.invoke
        if invoke is not None and (invoke.name == "echo" or invoke.name == "noop"):
            return LANE
        message = f'The backend {self.spec.name} offers only invoke with the name "echo" or "noop".'
        raise BridgeError.of(ErrorCode.UNIMPLEMENTED, message)

    async def execute(self, batch: Sequence[Entry]) -> Sequence[Reply | Error | BackendLost]:
        """Answers each payload."""
        replies: list[Reply | Error | BackendLost] = []
        for entry in batch:
            invoke = entry.request.operation.invoke  # type: ignore[union-attr]  # lane_of saw to both
            assert invoke is not None
            payload = invoke.payload if invoke.name == "echo" else None
            replies.append(Reply(payload=payload if payload is not None else Payload()))
        return replies

    async def probe(self) -> tuple[BackendState, str]:
        """Always ready."""
        return BackendState.READY, "echoes"

    async def open(self) -> None:
        """Nothing to make ready."""

    async def close(self) -> None:
        """Nothing to give back."""
