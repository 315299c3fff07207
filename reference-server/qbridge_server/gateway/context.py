"""What a door knows of a call beyond its message: who calls, the trace, and how long the caller waits."""

from __future__ import annotations

import msgspec

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import ErrorCode
from qbridge_server.ports import LOCAL, Caller


class CallContext(msgspec.Struct, gc=False):
    """One call at one door."""

    caller: Caller = LOCAL
    traceparent: str = ""
    """The W3C header as received; it counts where the request itself has none."""
    timeout_s: float | None = None
    """How long a Call's caller waits, where its transport says so."""
    transport: str = "embedded"
    """embedded, grpc, rest or websocket."""

    def require(self, scope: str) -> None:
        """Raises PERMISSION_DENIED unless the caller holds the scope."""
        if scope and scope not in self.caller.scopes:
            raise BridgeError.of(
                ErrorCode.PERMISSION_DENIED,
                f"This needs the scope {scope}; the key {self.caller.key_id} lacks it.",
            )
