"""services.py: every RPC as a value: its types, its scope, its place in HTTP."""

from __future__ import annotations

from generators.model import Contract, Rpc
from generators.text import docstring, module

_HEAD = '''
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


'''


def emit(contract: Contract) -> str:
    """The text of services.py."""
    parts = [_HEAD]
    parts += [f"{rpc.constant} = {_rpc(contract.package, rpc)}\n{docstring(rpc.comment)}\n" for rpc in contract.rpcs()]
    parts.append(f"RPCS: tuple[Rpc, ...] = ({', '.join(rpc.constant for rpc in contract.rpcs())},)\n")
    return module("The services of the contract as values.", "".join(parts))


def _rpc(package: str, rpc: Rpc) -> str:
    http = rpc.http
    binding = "None"
    if http:
        binding = (
            f"HttpBinding({http.method!r}, {http.path!r}, body={http.body!r}, response_body={http.response_body!r})"
        )
    return (
        f"Rpc(service={rpc.service!r}, name={rpc.name!r}, method={rpc.method!r}, "
        f"path='/{package}.{rpc.service}/{rpc.name}', request=s.{rpc.request}, response=s.{rpc.response}, "
        f"client_streaming={rpc.client_streaming}, server_streaming={rpc.server_streaming}, "
        f"scope={rpc.scope!r}, no_side_effects={rpc.no_side_effects}, http={binding}, "
        f"success_status={rpc.success_status}, websocket={rpc.websocket!r},)"
    )
