"""routes.py: what a gateway serves over HTTP, read back out of the OpenAPI document."""

from __future__ import annotations

import re
from typing import Any

from generators.model import Contract
from generators.text import module

_METHODS = ("get", "put", "post", "delete", "patch")
_HEAD = '''
from dataclasses import dataclass

from qbridge_contract import services


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """An operation of the OpenAPI document, or the WebSocket of a stream."""

    http_method: str
    """GET, POST, ...; empty for a WebSocket."""
    path: str
    rpc: services.Rpc
    path_params: dict[str, str]
    """Place in the path -> dotted path of the field that it fills."""
    query_params: dict[str, str]
    """Name in the query, in either spelling -> dotted path of the field that it fills."""
    header_params: dict[str, str]
    """Header in lower case -> dotted path of the field that it fills."""
    body: str
    """The field that the body fills; `*` for the whole request, empty for no body."""
    response_body: str
    """The field that the answer shows; empty for the whole response."""
    success_status: int
    sse: bool
    """True where the answer is a stream of server-sent events."""
    websocket: str
    """The path of the RPC's WebSocket; empty for none."""


'''


def emit(contract: Contract, document: dict[str, Any]) -> str:
    """The text of routes.py."""
    constants = {f"/{contract.package}.{rpc.service}/{rpc.name}": rpc.constant for rpc in contract.rpcs()}
    sockets = {
        item["x-qbridge-websocket"]["x-qbridge-rpc"]: path
        for path, item in document["paths"].items()
        if "x-qbridge-websocket" in item
    }
    routes, websockets = [], []
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                operation = item[method]
                rpc = operation["x-qbridge-rpc"]
                routes.append(_route(method.upper(), path, constants[rpc], operation, sockets.get(rpc, "")))
        if "x-qbridge-websocket" in item:
            operation = item["x-qbridge-websocket"]
            websockets.append(_route("", path, constants[operation["x-qbridge-rpc"]], operation, path))
    body = (
        f"{_HEAD}ROUTES: tuple[Route, ...] = ({''.join(routes)})\n"
        '"""The operations."""\n\n'
        f"WEBSOCKETS: tuple[Route, ...] = ({''.join(websockets)})\n"
        '"""The streams that have a WebSocket."""\n'
    )
    return module("The routes of the REST door, from the OpenAPI document.", body)


def _route(method: str, path: str, constant: str, operation: dict[str, Any], websocket: str) -> str:
    answers = operation.get("responses", {})
    success = next((status for status in answers if status.startswith("2")), "200")
    sse = "text/event-stream" in answers.get(success, {}).get("content", {})
    return (
        f"Route(http_method={method!r}, path={path!r}, rpc=services.{constant}, "
        f"path_params={_named(operation, 'path')}, query_params={_named(operation, 'query')}, "
        f"header_params={_named(operation, 'header')}, body={operation.get('x-qbridge-body', '')!r}, "
        f"response_body={operation.get('x-qbridge-response-body', '')!r}, success_status={int(success)}, "
        f"sse={sse}, websocket={websocket!r},), "
    )


def _named(operation: dict[str, Any], place: str) -> dict[str, str]:
    names: dict[str, str] = {}
    for parameter in operation.get("parameters", ()):
        if parameter["in"] != place:
            continue
        field = parameter["x-qbridge-field"]
        name = parameter["name"].lower() if place == "header" else parameter["name"]
        names[name] = field
        if place == "query":
            names[_snake(parameter["name"])] = field
    return names


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found[1].lower(), name)
