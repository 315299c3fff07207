"""What the REST door needs of HTTP: bodies in, parameters in, answers and problem documents out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from qbridge_contract.errors import BridgeError, problem
from qbridge_contract.routes import Route
from qbridge_contract.structs import ErrorCode
from qbridge_server.gateway import reading
from qbridge_server.gateway.brief import bounded

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

JSON = (b"content-type", b"application/json")
PROBLEM = (b"content-type", b"application/problem+json")


async def read_body(receive: Receive, headers: Mapping[bytes, bytes], bytes_max: int) -> bytes:
    """The JSON body. Raises UNSUPPORTED_MEDIA_TYPE and TOO_LARGE, the latter before it has read too much."""
    kind = headers.get(b"content-type", b"application/json")
    if b"origin" in headers and b"content-type" not in headers:
        # A browser asks before it sends JSON from one site to another, but not before it sends a body without a type.
        raise BridgeError.of(ErrorCode.UNSUPPORTED_MEDIA_TYPE, "A page must name the body's type: application/json.")
    if kind != b"application/json":
        media_type = kind.split(b";")[0].strip().lower()
        if media_type != b"application/json" and not media_type.endswith(b"+json"):
            name = media_type.decode("latin-1")
            raise BridgeError.of(ErrorCode.UNSUPPORTED_MEDIA_TYPE, f"This path takes application/json, not {name}.")
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and int(length) > bytes_max:
        raise reading.too_large(int(length), bytes_max)
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return body
    parts, size = [body], len(body)
    while message.get("more_body", False):
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > bytes_max:
            raise reading.too_large(size, bytes_max)
        parts.append(part)
    return b"".join(parts)


def parameters(scope: Scope, route: Route) -> dict[str, Any]:
    """Field path -> text, from the path and the query. Raises MALFORMED for a parameter that the path lacks."""
    given: dict[str, Any] = {}
    for name, text in scope.get("path_params", {}).items():
        given[route.path_params[name]] = text
    query: bytes = scope.get("query_string", b"")
    if query:
        for name, text in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
            path = route.query_params.get(name)
            if path is None:
                known = ", ".join(sorted(set(route.query_params.values()))) or "none"
                raise BridgeError.of(
                    ErrorCode.MALFORMED, f"There is no parameter {name} here; the parameters are: {known}."
                )
            given[path] = text
    return given


def fill(request: msgspec.Struct, given: Mapping[str, Any]) -> None:
    """Sets fields by path, each read from its text as its type asks. Raises MALFORMED."""
    for path, text in given.items():
        holder: Any = request
        *parents, name = path.split(".")
        for parent in parents:
            holder = getattr(holder, parent)
        kind = next(field.type for field in msgspec.structs.fields(type(holder)) if field.name == name)
        try:
            setattr(holder, name, msgspec.convert(text, kind, strict=False))
        except msgspec.ValidationError as error:
            raise BridgeError.of(ErrorCode.MALFORMED, f"The parameter {path} cannot be {text!r}: {error}.") from None


async def send_json(send: Send, status: int, body: bytes, *, etag: int = 0) -> None:
    """Writes a JSON answer."""
    headers = [JSON, (b"content-length", b"%d" % len(body))]
    if etag:
        headers.append((b"etag", b'"%d"' % etag))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_problem(send: Send, error: BridgeError) -> None:
    """Writes a problem document, with the headers that its code asks for."""
    body = msgspec.json.encode(problem(bounded(error).error))
    headers = [PROBLEM, (b"content-length", b"%d" % len(body))]
    if error.error.retry_after_s:
        headers.append((b"retry-after", b"%d" % max(1, round(error.error.retry_after_s))))
    if error.code is ErrorCode.UNAUTHENTICATED:
        headers.append((b"www-authenticate", b'Bearer realm="qbridge"'))
    await send({"type": "http.response.start", "status": error.row.http_status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
