"""One operation of the OpenAPI document: what an RPC with an HTTP binding takes and answers."""

from __future__ import annotations

import re

from generators.emit_errors import rows
from generators.model import Binding, Contract, Field, Message, Rpc
from generators.openapi_parameters import described, parameters, ref, resolve, template
from generators.schema import Schema, field_schema, message_schema

_HEADERS = {
    "idempotency_key": ("Idempotency-Key", "Same key and same body: the stored result. Fills the body's field."),
    "traceparent": ("traceparent", "The W3C trace context. Fills the body's field where that is empty."),
    "expected_version": ("If-Match", "The version (ETag) that the caller has read. Fills the body's field."),
    "after_sequence": ("Last-Event-ID", "The last event that the caller has; the stream goes on behind it."),
}
"""Headers that fill a field of the request, or of its body, wherever there is a field of that name."""

EXAMPLES: dict[str, Schema] = {
    "InternalRequest": {
        "backend": "echo",
        "operation": {"invoke": {"name": "echo", "payload": {"json": {"question": "Who is there?"}}}},
    },
}
"""Bodies to start from, by message: where the schema alone does not show what is usual."""


class Operation:
    """One operation of the document."""

    def __init__(self, contract: Contract, rpc: Rpc, http: Binding) -> None:
        self._contract = contract
        self._rpc = rpc
        self._http = http
        self._request = contract.message(rpc.request)
        self._response = contract.message(rpc.response)
        _, self._places = template(http.path)

    def value(self) -> Schema:
        """The operation as the document has it."""
        rpc = self._rpc
        out: Schema = {
            "tags": [rpc.service],
            "operationId": f"{rpc.service}_{rpc.name}",
            "summary": re.split(r"(?<=[.!?:;]) ", rpc.comment)[0].rstrip(".:;"),
            "description": rpc.comment,
            "x-qbridge-rpc": f"/{self._contract.package}.{rpc.service}/{rpc.name}",
            "x-qbridge-scope": rpc.scope,
            "x-qbridge-response-body": self._http.response_body,
        }
        given = parameters(self._contract, rpc, self._places, self._http.body) + self._headers()
        if given:
            out["parameters"] = given
        if self._http.body:
            out["x-qbridge-body"] = self._http.body
            out["requestBody"] = self._body()
        out["responses"] = {str(rpc.success_status): self._answer(), **self._failures()}
        if not rpc.scope:
            out["security"] = []
        return out

    def _body_message(self) -> Message:
        if self._http.body in ("", "*"):
            return self._request
        return self._contract.message(resolve(self._contract, self._request, self._http.body).type_name)

    def _headers(self) -> list[Schema]:
        return [self._header(item) for item in self._body_message().fields if item.name in _HEADERS]

    def _header(self, item: Field) -> Schema:
        name, description = _HEADERS[item.name]
        schema: Schema = {"type": "string"}
        if name == "If-Match":
            schema["pattern"] = '^"?[0-9]{1,10}"?$'
        elif name != "traceparent":
            # A broken traceparent is passed over, as the W3C asks; the others must fit their field.
            schema = described(item)["schema"]
        return {
            "name": name,
            "in": "header",
            "required": False,
            "x-qbridge-field": item.name if self._http.body in ("", "*") else f"{self._http.body}.{item.name}",
            "description": description,
            "schema": schema,
        }

    def _body(self) -> Schema:
        """The body; what the path brings may be said again in it, but need not."""
        message = self._body_message()
        prefix = "" if self._http.body == "*" else f"{self._http.body}."
        in_path = frozenset(path.removeprefix(prefix) for path in self._places.values() if path.startswith(prefix))
        schema = message_schema(message, ref, in_path) if in_path else {"$ref": ref(message.name)}
        content = {"schema": schema} | ({"example": EXAMPLES[message.name]} if message.name in EXAMPLES else {})
        return {"required": True, "content": {"application/json": content}}

    def _answer(self) -> Schema:
        described = self._response.comment
        schema: Schema = {"$ref": ref(self._response.name)}
        if self._http.response_body:
            item = resolve(self._contract, self._response, self._http.response_body)
            described = item.comment
            schema = field_schema(item, ref)
            schema.pop("description", None)
        if self._rpc.server_streaming:
            events = _event_schema(schema)
            return {
                "description": f"{described} One at a time.",
                "content": {"text/event-stream": {"schema": events}},
                "x-qbridge-event-data": schema,
            }
        answer: Schema = {"description": described, "content": {"application/json": {"schema": schema}}}
        if self._has_version(schema):
            answer["headers"] = {"ETag": {"description": "The version, for If-Match.", "schema": {"type": "string"}}}
        return answer

    def _has_version(self, schema: Schema) -> bool:
        name = schema.get("$ref", "").rsplit("/", 1)[-1]
        found = [message for message in self._contract.messages if message.name == name]
        return any(item.name == "version" for message in found for item in message.fields)

    def _failures(self) -> Schema:
        """Any row of the table may answer, but for those that need what the operation lacks."""
        statuses = sorted({value.options.http_status for value in rows(self._contract)})
        lacking = set()
        if not self._rpc.scope:
            lacking |= {401, 403}
        if not self._http.body:
            lacking.add(415)
        if not any(item.name == "expected_version" for item in self._request.fields):
            lacking.add(412)
        wanted = [status for status in statuses if status not in lacking]
        out = {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in wanted}
        return out | {"default": {"$ref": "#/components/responses/Problem"}}


def _event_schema(data: Schema) -> Schema:
    """One event of a stream, not the stream: readers of 3.1, and `itemSchema` of 3.2, take events one by one."""
    name = data.get("$ref", "").rsplit("/", 1)[-1]
    return {
        "type": "object",
        "description": "One server-sent event.",
        "properties": {
            "event": {"type": "string", "description": "What happened: the new state without its prefix, SUCCEEDED."},
            "id": {"type": "string", "description": "Its number, for Last-Event-ID."},
            "data": {"type": "string", "description": f"A {name}, as JSON."},
        },
        "required": ["event", "id", "data"],
    }
