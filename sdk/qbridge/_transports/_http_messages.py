"""An RPC as an HTTP request, and its answer as the RPC's response, by the contract's routes."""

from __future__ import annotations

import typing
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from qbridge.exceptions import Unsupported, make_error
from qbridge_contract import json
from qbridge_contract.routes import ROUTES, Route
from qbridge_contract.services import Rpc
from qbridge_contract.structs import ErrorCode, Message

_BY_RPC = {route.rpc.path: route for route in ROUTES}


def route_of(rpc: Rpc) -> Route:
    """The RPC's route. Raises Unsupported for a stream of requests, which plain HTTP does not have."""
    route = _BY_RPC.get(rpc.path)
    if route is None or rpc.client_streaming:
        raise make_error(
            Unsupported, ErrorCode.UNIMPLEMENTED, f"{rpc.name} is a stream; connect with grpc://, not with http://"
        )
    return route


def url_of(route: Route, request: Message) -> str:
    """Path and query: what the path does not take and the body does not hold."""
    path = route.path
    for place, dotted in route.path_params.items():
        path = path.replace("{" + place + "}", quote(str(_field(request, dotted)), safe=""))
    if not route.query_params or route.body == "*":
        return path
    query = {}
    for name, dotted in route.query_params.items():
        if "_" in name:
            continue  # the other spelling of a field that is there in lowerCamelCase
        value = _field(request, dotted)
        if value:
            query[name] = getattr(value, "value", value)
    return f"{path}?{urlencode(query)}" if query else path


def body_of(route: Route, request: Message) -> bytes | None:
    """The JSON body, without the fields that the path holds."""
    if not route.body:
        return None
    if route.body != "*":
        return json.encode(_field(request, route.body))
    in_path = set(route.path_params.values())
    rest = {
        field.name: getattr(request, field.name)
        for field in msgspec.structs.fields(type(request))
        if field.name not in in_path
    }
    return json.encode(type(request)(**rest))


def response_of(route: Route, data: bytes) -> Any:
    """The RPC's response in a body; fields of a newer bridge are passed over. Raises BridgeError MALFORMED."""
    if not route.response_body or route.response_body == "*":
        return json.decode(route.rpc.response, data or b"{}", ignore_unknown=True)
    kind = _type_of(route.rpc.response, route.response_body)
    return route.rpc.response(**{route.response_body: json.decode(kind, data, ignore_unknown=True)})


@cache
def _type_of(struct: type[Message], field: str) -> Any:
    """The struct in an optional field."""
    hint = typing.get_type_hints(struct)[field]
    return next(kind for kind in typing.get_args(hint) or (hint,) if kind is not type(None))


def _field(message: Any, dotted: str) -> Any:
    for name in dotted.split("."):
        message = getattr(message, name)
    return message
