"""servicer.py and client.py: the two faces of a service, what answers it and what calls it."""

from __future__ import annotations

from generators.model import Contract, Rpc, Service
from generators.text import docstring, module

_SERVICER_HEAD = """
from collections.abc import AsyncIterator
from typing import Any, NoReturn

from qbridge_contract import services, structs as s
from qbridge_contract.errors import BridgeError


def _unimplemented(rpc: services.Rpc) -> NoReturn:
    raise BridgeError.of(s.ErrorCode.UNIMPLEMENTED, f"{rpc.service}.{rpc.name} is not offered here.")
"""

_CLIENT_HEAD = '''
from collections.abc import AsyncIterator, Iterator
from typing import Any, Protocol

from qbridge_contract import services, structs as s


class AsyncTransport(Protocol):
    """Carries an RPC to a deployment and its answers back. Errors arrive as BridgeError."""

    async def unary(self, rpc: services.Rpc, request: Any) -> Any:
        """One request, one answer."""
        ...

    def stream(self, rpc: services.Rpc, request: Any) -> AsyncIterator[Any]:
        """One request, many answers."""
        ...

    def bidi(self, rpc: services.Rpc, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Many requests, many answers."""
        ...


class Transport(Protocol):
    """The same for callers that block."""

    def unary(self, rpc: services.Rpc, request: Any) -> Any:
        """One request, one answer."""
        ...

    def stream(self, rpc: services.Rpc, request: Any) -> Iterator[Any]:
        """One request, many answers."""
        ...

    def bidi(self, rpc: services.Rpc, requests: Iterator[Any]) -> Iterator[Any]:
        """Many requests, many answers."""
        ...
'''


def servicer(contract: Contract) -> str:
    """The text of servicer.py."""
    parts = [_SERVICER_HEAD]
    for service in contract.services:
        parts.append(f"\n\nclass {service.short}Servicer:\n{docstring(service.comment, 4)}")
        parts += [_answers(rpc) for rpc in service.rpcs]
    rows = "".join(f'    "{service.name}": {service.short}Servicer,\n' for service in contract.services)
    parts.append(f"\n\nSERVICERS: dict[str, type] = {{\n{rows}}}\n")
    doc = (
        "What an application implements: a base class for each service. A method that it leaves out "
        "answers UNIMPLEMENTED."
    )
    return module(doc, "".join(parts))


def _answers(rpc: Rpc) -> str:
    if rpc.client_streaming:
        argument, wanted = "requests", f"AsyncIterator[s.{rpc.request}]"
    else:
        argument, wanted = "request", f"s.{rpc.request}"
    head, answer = "async def", f"s.{rpc.response}"
    if rpc.server_streaming:
        head, answer = "def", f"AsyncIterator[s.{rpc.response}]"
    return (
        f"\n    {head} {rpc.method}(self, context: Any, {argument}: {wanted}) -> {answer}:\n"
        f"{docstring(rpc.comment, 8)}        _unimplemented(services.{rpc.constant})\n"
    )


def client(contract: Contract) -> str:
    """The text of client.py."""
    parts = [_CLIENT_HEAD]
    for service in contract.services:
        parts += [_client(service, "Async"), _client(service, "")]
    return module(
        "What a caller uses: a client for each service, async and blocking, over any transport.", "".join(parts)
    )


def _client(service: Service, prefix: str) -> str:
    head = (
        f"\n\nclass {prefix}{service.short}Client:\n{docstring(service.comment, 4)}\n"
        f"    def __init__(self, transport: {prefix}Transport) -> None:\n        self._transport = transport\n"
    )
    return head + "".join(_calls(rpc, prefix) for rpc in service.rpcs)


def _calls(rpc: Rpc, prefix: str) -> str:
    iterator = f"{prefix}Iterator"
    constant = f"services.{rpc.constant}"
    doc = docstring(rpc.comment, 8)
    if rpc.client_streaming:
        return (
            f"\n    def {rpc.method}(self, requests: {iterator}[s.{rpc.request}]) -> {iterator}[s.{rpc.response}]:\n"
            f"{doc}        return self._transport.bidi({constant}, requests)\n"
        )
    if rpc.server_streaming:
        return (
            f"\n    def {rpc.method}(self, request: s.{rpc.request}) -> {iterator}[s.{rpc.response}]:\n"
            f"{doc}        return self._transport.stream({constant}, request)\n"
        )
    head, wait = ("async def", "await ") if prefix else ("def", "")
    return (
        f"\n    {head} {rpc.method}(self, request: s.{rpc.request}) -> s.{rpc.response}:\n"
        f"{doc}        answer: s.{rpc.response} = {wait}self._transport.unary({constant}, request)\n"
        "        return answer\n"
    )
