"""What every method of the client stands on: one transport, opened once, and one way to send.

Above are the methods by subject (`_api`), below the transport. This is where a request gets its id, its
trace and its timeout, and where an error of the contract becomes one of our exceptions.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from qbridge._ids import RequestIds
from qbridge._trace import traceparent
from qbridge._transports import transport_for
from qbridge._transports.base import end_stream
from qbridge.exceptions import ConnectionLost, QBridgeError, connection_lost, error_from, invalid
from qbridge_contract.errors import BridgeError
from qbridge_contract.services import PLATFORM_GET_CAPABILITIES, Rpc
from qbridge_contract.structs import (
    Capabilities,
    Durability,
    GetCapabilitiesRequest,
    InternalRequest,
    Operation,
    Result,
    RetryPolicy,
)

if TYPE_CHECKING:
    from qbridge._config import Options
    from qbridge._transports.base import Transport

    SelfT = TypeVar("SelfT", bound="Core")

DURABILITIES = {level.name.lower(): level for level in Durability if level is not Durability.UNSPECIFIED}


class Core:
    """A client without its methods: the connection, and how a request goes over it."""

    def __init__(self, options: Options, transport: Transport | None = None) -> None:
        self.options = options
        self.transport = transport_for(options) if transport is None else transport
        self._ids = RequestIds()
        self._open: asyncio.Future[None] | None = None
        self._is_open = False
        self._closed = False
        self._capabilities: Capabilities | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.options.target}>"

    async def __aenter__(self: SelfT) -> SelfT:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __await__(self: SelfT) -> Generator[Any, None, SelfT]:
        """`client = await aconnect(...)`: the same as `open`, for those who close it themselves."""
        yield from self.open().__await__()
        return self

    async def open(self) -> None:
        """Makes ready. Each method does this by itself; call it to have the first one fast.

        Raises what keeps the transport from opening: Unsupported, FailedPrecondition, InvalidRequest.
        """
        if self._closed:
            raise connection_lost("the client is closed; connect again")
        if self._open is None:
            self._open = asyncio.ensure_future(self.transport.open())
        try:
            await asyncio.shield(self._open)
        except BridgeError as error:
            self._open = None
            raise ours(error) from None
        self._is_open = True

    async def close(self) -> None:
        """Gives the connection back; what still waits gets ConnectionLost. Closing twice is well."""
        if not self._closed:
            self._closed, self._is_open = True, False
            if self._open is not None:
                await self.transport.close()

    def build(
        self,
        backend: str,
        operation: Operation,
        durability: str | Durability | None,
        priority: int | None,
        timeout_s: float,
        idempotency_key: str,
        labels: Mapping[str, str] | None,
        retry: RetryPolicy | None,
    ) -> InternalRequest:
        """The request for an operation, with its id and its trace."""
        return InternalRequest(
            id=self._ids.new(),
            backend=backend,
            operation=operation,
            durability=Durability.UNSPECIFIED if durability is None else to_durability(durability),
            priority=priority,
            timeout_s=timeout_s,
            idempotency_key=idempotency_key,
            retry=retry,
            labels=dict(labels) if labels else {},
            traceparent=traceparent(),
        )

    async def send(
        self,
        operation: Operation,
        *,
        backend: str = "",
        durability: str | Durability | None = None,
        priority: int | None = None,
        timeout_s: float | None = None,
        idempotency_key: str = "",
        labels: Mapping[str, str] | None = None,
        retry: RetryPolicy | None = None,
    ) -> Result:
        """Sends any operation of the contract and waits for its whole result.

        `durability` is "memory", "process", "disk" or "replicated"; by default reads are kept in memory and
        writes as safely as the deployment can. `priority` is 0 (last) to 9 (first). `timeout_s` 0 waits for
        ever. Two requests with the same `idempotency_key` and operation have one effect and one result.

        Raises the QBridgeError that the request ended with.
        """
        if not self._is_open:
            await self.open()
        limit_s = self.options.timeout_s if timeout_s is None else timeout_s
        request = self.build(backend, operation, durability, priority, limit_s, idempotency_key, labels, retry)
        try:
            return await self.transport.call(request)
        except BridgeError as error:
            raise ours(error) from None

    async def ask(self, rpc: Rpc, request: Any, timeout_s: float | None = None) -> Any:
        """Any unary RPC of the contract, with its structs. Raises its QBridgeError.

        One that changes nothing is asked again while there is no connection, for `connect_timeout_s`.
        """
        if not self._is_open:
            await self.open()
        limit_s = self.options.timeout_s if timeout_s is None else timeout_s
        loop, pause_s = asyncio.get_running_loop(), 0.02
        end = loop.time() + self.options.connect_timeout_s
        while True:
            try:
                return await self.transport.unary(rpc, request, limit_s)
            except BridgeError as error:
                lost = isinstance(error, ConnectionLost) and rpc.no_side_effects and not self._closed
                if not lost or loop.time() + pause_s > end:
                    raise ours(error) from None
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 0.5)

    async def follow(self, rpc: Rpc, request: Any) -> AsyncIterator[Any]:
        """Any server-streaming RPC of the contract. Raises its QBridgeError."""
        if not self._is_open:
            await self.open()
        responses = self.transport.stream(rpc, request)
        try:
            async for response in responses:
                yield response
        except BridgeError as error:
            raise ours(error) from None
        finally:
            await end_stream(responses)

    async def capabilities(self, *, refresh: bool = False) -> Capabilities:
        """What the deployment can do, and its limits; asked once, then remembered."""
        if self._capabilities is None or refresh:
            response = await self.ask(PLATFORM_GET_CAPABILITIES, GetCapabilitiesRequest())
            self._capabilities = response.capabilities or Capabilities()
        return self._capabilities


def ours(error: BridgeError) -> QBridgeError:
    """An error of the contract as one of our exceptions."""
    return error if isinstance(error, QBridgeError) else error_from(error.error)


def to_durability(value: str | Durability) -> Durability:
    """A level by its name. Raises InvalidRequest for a name that is none."""
    if isinstance(value, Durability):
        return value
    level = DURABILITIES.get(value.lower())
    if level is None:
        raise invalid(f"durability {value!r} is none of {', '.join(DURABILITIES)}", "request.durability")
    return level
