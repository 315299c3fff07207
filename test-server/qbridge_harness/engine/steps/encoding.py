"""Requests as a case writes them to what goes over the wire, whole or broken on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from google.protobuf import json_format
from google.protobuf.message import Message

from qbridge_harness.clients.rest import encode
from qbridge_harness.contract import Contract, Rpc
from qbridge_harness.contract.pool import json_names

MARKER = "~~~~"
"""What `break: bad_utf8` turns into bytes that are no UTF-8."""
_BAD = b"\xff\xfe\xff\xfe"
_UNKNOWN_FIELD = b"\xf8\xff\x06\x01"
"""Field 14335, a varint of 1: no message of the contract has it."""


class StepFailed(Exception):
    """A step cannot do what it says; the message tells why."""


class CaseBroken(StepFailed):
    """A step asks for what cannot be: the case is at fault, and says nothing of the deployment."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request: its JSON form as asked (`with`), and the message, where it is one of the contract."""

    rpc: Rpc
    asked: Any
    message: Message | None


def prepare(contract: Contract, rpc: Rpc, asked: Any, *, invalid: bool) -> Prepared:
    """Builds the request message. Raises StepFailed where it is none and the step does not say `invalid`."""
    asked = {} if asked is None else asked
    try:
        part = contract.parse_json(rpc.asks, asked)
    except (json_format.ParseError, ValueError, TypeError, AttributeError) as error:
        if invalid:
            return Prepared(rpc, asked, None)
        raise CaseBroken(
            f"`with` is no {rpc.asks.name}: {error}. Say `invalid: true` if it is so on purpose."
        ) from None
    if part.DESCRIPTOR is rpc.request:
        return Prepared(rpc, contract.to_json(part), part)
    message = contract.new(rpc.request)
    getattr(message, rpc.body).CopyFrom(part)
    if not message.HasField(rpc.body):
        getattr(message, rpc.body).SetInParent()
    return Prepared(rpc, contract.to_json(part), message)


def wire_bytes(prepared: Prepared, broken: str | None) -> bytes | Message:
    """What goes over gRPC. Raises StepFailed where protobuf cannot say it."""
    if prepared.message is None:
        raise CaseBroken("Protobuf cannot carry this request: use `break`, or run the case over rest alone.")
    if broken is None:
        return prepared.message
    return break_protobuf(prepared.message.SerializeToString(), broken)


def break_protobuf(data: bytes, broken: str) -> bytes:
    """An encoded message, broken in one way."""
    if broken == "unknown_field":
        return data + _UNKNOWN_FIELD
    if broken == "bad_utf8":
        return _mark(data)
    return data[:-1]


def break_json(data: bytes, broken: str) -> bytes:
    """A JSON object, broken in one way."""
    if broken == "unknown_field":
        return b'{"noSuchField":1' + (b"," if len(data) > 2 else b"") + data[1:]
    if broken == "bad_utf8":
        return _mark(data)
    return data[:-1]


def _mark(data: bytes) -> bytes:
    if MARKER.encode() not in data:
        raise CaseBroken(f"`break: bad_utf8` needs {MARKER} in a text of the request.")
    return data.replace(MARKER.encode(), _BAD)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """Where and how a request goes over REST; `body` is None where the binding has none."""

    path: str
    query: dict[str, str]
    body: Any


def http_request(prepared: Prepared) -> HttpRequest:
    """The request by its HTTP binding: path parameters, query, body."""
    rpc = prepared.rpc
    asked = prepared.asked if isinstance(prepared.asked, dict) else {}
    used: set[str] = set()
    path = _path(rpc, asked, used)
    if rpc.body and rpc.body != "*":
        return HttpRequest(path, {}, prepared.asked)
    rest = {key: value for key, value in asked.items() if key not in used}
    if rpc.body == "*":
        return HttpRequest(path, {}, rest)
    return HttpRequest(path, {key: _query(value) for key, value in rest.items()}, None)


def websocket_path(prepared: Prepared) -> HttpRequest:
    """The WebSocket path of a stream, with the rest of the request as its query."""
    asked = prepared.asked if isinstance(prepared.asked, dict) else {}
    used: set[str] = set()
    path = _fill_path(prepared.rpc.websocket, prepared.rpc, asked, used)
    rest = {key: _query(value) for key, value in asked.items() if key not in used}
    return HttpRequest(path, rest, None)


def _path(rpc: Rpc, asked: dict[str, Any], used: set[str]) -> str:
    return _fill_path(rpc.http_path, rpc, asked, used)


def _fill_path(template: str, rpc: Rpc, asked: dict[str, Any], used: set[str]) -> str:
    path = template
    while "{" in path:
        before, _, tail = path.partition("{")
        name, _, after = tail.partition("}")
        if rpc.body and rpc.body != "*":
            name = name.removeprefix(f"{rpc.body}.")
        field = json_names(rpc.asks)[name]
        key = field.json_name if field.json_name in asked else field.name
        used.add(key)
        path = before + quote(str(asked.get(key, "")), safe="") + after
    return path


def _query(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def filler(size: int) -> dict[str, Any]:
    """A request whose JSON form takes about `size` bytes."""
    body = {"operation": {"invoke": {"name": "filler", "payload": {"text": ""}}}}
    body["operation"]["invoke"]["payload"] = {"text": "x" * max(0, size - len(encode(body)))}
    return body
