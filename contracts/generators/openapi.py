"""The OpenAPI 3.1 document: the HTTP face of the contract, from google.api.http and protovalidate.

Beside the standard it says in `x-qbridge-*` what a gateway needs to serve it: which RPC an operation is,
which field of the request a parameter or the body fills, the scope, and the WebSocket of a stream.
"""

from __future__ import annotations

from typing import Any

from generators.emit_errors import rows
from generators.model import Contract, Rpc
from generators.openapi_operation import Operation
from generators.openapi_parameters import parameters, ref, template
from generators.schema import Schema, enum_schema, message_schema
from generators.text import HEADER

_INTRODUCTION = (
    "Work for backends: submit it, wait for it, follow it. Answers to errors are problem documents (RFC 9457) from one "
    "error table. Bodies are the proto3 JSON mapping: names in lowerCamelCase, names in snake_case are read too; "
    "unknown fields are refused. Send `Authorization: Bearer KEY`; a deployment without keys, on loopback, needs none."
)


def document(contract: Contract) -> dict[str, Any]:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Q-Bridge", "version": contract.package.rsplit(".", 1)[1], "description": _INTRODUCTION},
        "x-qbridge-generated": HEADER,
        "servers": [{"url": "http://127.0.0.1:7401", "description": "A deployment on this machine."}],
        "security": [{"bearer": []}],
        "tags": [{"name": service.name, "description": service.comment} for service in contract.services],
        "paths": _paths(contract),
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "description": "An API key."}},
            "schemas": _schemas(contract),
            "responses": _problems(contract),
        },
    }


def _paths(contract: Contract) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for rpc in contract.rpcs():
        if rpc.http is not None:
            path, _ = template(rpc.http.path)
            paths.setdefault(path, {})[rpc.http.method.lower()] = Operation(contract, rpc, rpc.http).value()
    for rpc in contract.rpcs():
        if rpc.websocket:
            path, places = template(rpc.websocket)
            paths.setdefault(path, {})["x-qbridge-websocket"] = _websocket(contract, rpc, places)
    return paths


def _websocket(contract: Contract, rpc: Rpc, places: dict[str, str]) -> Schema:
    return {
        "operationId": f"{rpc.service}_{rpc.name}_WebSocket",
        "description": f"{rpc.comment} Text frames, one JSON message each.",
        "x-qbridge-rpc": f"/{contract.package}.{rpc.service}/{rpc.name}",
        "x-qbridge-scope": rpc.scope,
        "parameters": parameters(contract, rpc, places, "*" if rpc.client_streaming else ""),
        "client": {"$ref": ref(rpc.request)} if rpc.client_streaming else None,
        "server": {"$ref": ref(rpc.response)},
    }


def _schemas(contract: Contract) -> dict[str, Schema]:
    schemas = {message.name: message_schema(message, ref) for message in contract.messages}
    schemas |= {enum.name: enum_schema(enum) for enum in contract.enums}
    schemas["Problem"] = _problem(contract)
    return dict(sorted(schemas.items()))


def _problem(contract: Contract) -> Schema:
    names = [value.short for value in rows(contract)]
    return {
        "type": "object",
        "description": "An error (RFC 9457) with the members of its row of the error table.",
        "properties": {
            "type": {"type": "string", "description": "urn:qbridge:error:CODE."},
            "title": {"type": "string", "description": "A short title, the same for every occurrence."},
            "status": {"type": "integer", "description": "The HTTP status."},
            "detail": {"type": "string", "description": "What happened, for a person, without internals."},
            "code": {"type": "string", "enum": names, "description": "The row of the error table."},
            "retryable": {"type": "boolean", "description": "True where the same request may succeed later."},
            "action": {"type": "string", "description": "What the caller should do."},
            "retryAfterS": {"type": "number", "description": "How long to wait before sending again, in seconds."},
            "violations": {"type": "array", "items": {"$ref": ref("FieldViolation")}},
            "traceId": {"type": "string", "description": "The trace id, 32 hexadecimal digits."},
        },
        "required": ["type", "title", "status", "detail", "code", "retryable", "action"],
    }


def _problems(contract: Contract) -> dict[str, Schema]:
    """A response for each status of the table, and one for all of them."""
    by_status: dict[int, list[Any]] = {}
    for value in rows(contract):
        by_status.setdefault(value.options.http_status, []).append(value)
    out = {"Problem": _problem_response("Any error of the table.", retry=True)}
    for status, values in sorted(by_status.items()):
        words = "\n".join(f"- `{value.short}`: {value.comment} {value.options.action}" for value in values)
        out[f"Problem{status}"] = _problem_response(words, retry=any(value.options.retryable for value in values))
    return out


def _problem_response(description: str, *, retry: bool) -> Schema:
    response: Schema = {
        "description": description,
        "content": {"application/problem+json": {"schema": {"$ref": ref("Problem")}}},
    }
    if retry:
        response["headers"] = {
            "Retry-After": {"description": "How long to wait, in seconds.", "schema": {"type": "integer"}}
        }
    return response
