"""JSON Schema checks of REST bodies, by the OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import jsonschema_rs

from qbridge_harness.contract.pool import Rpc
from qbridge_harness.contract.violation import SHAPE, VALUES

_PROBLEMS_SHOWN = 3
_LIMITS = frozenset(
    {"pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
    | {"minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"}
)
"""The keywords that bound a value; the others say what its form is."""


def _plain(path: str) -> str:
    """A path template without the names of its parameters, which the two documents may spell differently."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def _response(operation: dict[str, Any], status: int) -> dict[str, Any] | None:
    """What the document says of a status of an operation, by itself, its class, or the default."""
    responses = operation.get("responses", {})
    found: dict[str, Any] | None = (
        responses.get(str(status)) or responses.get(f"{status // 100}XX") or responses.get("default")
    )
    return found


class Schemas:
    """The schemas of one OpenAPI document; each is compiled when it is first needed."""

    def __init__(self, openapi: dict[str, Any]) -> None:
        self._openapi = openapi
        self._compiled: dict[tuple[str, ...], jsonschema_rs.Validator | None] = {}

    @cached_property
    def _operations(self) -> dict[tuple[str, str], dict[str, Any]]:
        paths = self._openapi.get("paths", {})
        return {
            (verb.upper(), _plain(path)): operation
            for path, item in paths.items()
            for verb, operation in item.items()
            if isinstance(operation, dict)
        }

    def operation(self, rpc: Rpc) -> dict[str, Any] | None:
        """The OpenAPI operation of an RPC; None where the document does not have it."""
        return self._operations.get((rpc.http_method, _plain(rpc.http_path)))

    def statuses(self, rpc: Rpc) -> set[int]:
        """The statuses that the document names for an operation; none where it does not have it."""
        responses = (self.operation(rpc) or {}).get("responses", {})
        return {int(status) for status in responses if status.isdigit()}

    def request_problems(self, rpc: Rpc, body: Any) -> list[str]:
        """What a request body breaks."""
        operation = self.operation(rpc)
        if operation is None:
            return [f"The OpenAPI document has no {rpc.http_method} {rpc.http_path}."]
        content = self._resolve(operation.get("requestBody", {})).get("content", {})
        return [text for _, text in self._problems(("request", rpc.name), content.get("application/json"), body)]

    def response_problems(self, rpc: Rpc, status: int, body: Any) -> dict[tuple[str, ...], list[str]]:
        """What a response body breaks: the rules, and how."""
        operation = self.operation(rpc)
        if operation is None:
            return {SHAPE: [f"The OpenAPI document has no {rpc.http_method} {rpc.http_path}."]}
        described = _response(operation, status)
        if described is None:
            return {SHAPE: [f"The OpenAPI document has no response {status} for {rpc.http_method} {rpc.http_path}."]}
        content = self._resolve(described).get("content", {})
        media = content.get("application/json") or content.get("application/problem+json")
        found: dict[tuple[str, ...], list[str]] = {}
        for keyword, text in self._problems(("response", rpc.name, str(status)), media, body):
            found.setdefault(VALUES if keyword in _LIMITS else SHAPE, []).append(text)
        return found

    def headers_missing(self, rpc: Rpc, status: int, headers: Mapping[str, str]) -> list[str]:
        """The headers that the document names for a response, and that it does not have."""
        described = _response(self.operation(rpc) or {}, status)
        named = self._resolve(described).get("headers", {}) if described else {}
        there = {name.lower() for name in headers}
        return [name for name in named if name.lower() not in there]

    def _resolve(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            target: Any = self._openapi
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def _problems(self, key: tuple[str, ...], media: dict[str, Any] | None, body: Any) -> list[tuple[str, str]]:
        """The keyword of the schema that a body breaks, and how."""
        if key not in self._compiled:
            self._compiled[key] = self._compile(media)
        validator = self._compiled[key]
        if validator is None:
            return []
        found = []
        for error in validator.iter_errors(body):
            place = "/".join(str(part) for part in error.instance_path) or "the body"
            keyword = str(error.schema_path[-1]) if error.schema_path else ""
            found.append((keyword, f"{place}: {error.message[:300]}"))
            if len(found) == _PROBLEMS_SHOWN:
                break
        return found

    def _compile(self, media: dict[str, Any] | None) -> jsonschema_rs.Validator | None:
        if not media or "schema" not in media:
            return None
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "allOf": [media["schema"]],
            "components": self._openapi.get("components", {}),
        }
        return jsonschema_rs.Draft202012Validator(schema)
