"""The seam between the client and the ways to a bridge."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol, runtime_checkable

from qbridge_contract.services import Rpc
from qbridge_contract.structs import Accepted, InternalRequest, Result


async def end_stream(responses: AsyncIterator[Any]) -> None:
    """Ends the call behind an iterator that is not read to its end."""
    close = getattr(responses, "aclose", None)
    if close is not None:
        await close()


@runtime_checkable
class Transport(Protocol):
    """Takes requests to a bridge. Bound to the loop that opened it; many coroutines may use it at once.

    Every method raises a BridgeError for an answer that is an error, and for a connection that is not there.
    Cancelling an await gives the request up at the bridge too, as far as it can still be reached.
    """

    async def open(self) -> None:
        """Makes ready; asks nothing of the network. Called once, before all else."""
        ...

    async def call(self, request: InternalRequest) -> Result:
        """Sends a request and waits for its result, which has succeeded; bounded by its `timeout_s`."""
        ...

    async def submit(self, request: InternalRequest) -> Accepted:
        """Sends a request and waits until it is accepted."""
        ...

    async def unary(self, rpc: Rpc, request: Any, timeout_s: float) -> Any:
        """One message there, one back, as the RPC's structs; `timeout_s` 0 waits for ever."""
        ...

    def stream(self, rpc: Rpc, request: Any) -> AsyncIterator[Any]:
        """One message there, many back. Close the iterator to end the call."""
        ...

    def bidi(self, rpc: Rpc, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Many messages each way. Close the iterator to end the call."""
        ...

    async def close(self) -> None:
        """Gives everything back; what still waits gets ConnectionLost."""
        ...
