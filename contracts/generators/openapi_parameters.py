"""The parameters of an operation: its places in the path, and the fields that come in the query."""

from __future__ import annotations

import re

from generators.model import Contract, Field, Message, Rpc
from generators.schema import Schema, field_schema, needed

_PLACE = re.compile(r"\{([^}]+)\}")


def ref(name: str) -> str:
    """Where the document keeps the schema of that name."""
    return f"#/components/schemas/{name}"


def template(path: str) -> tuple[str, dict[str, str]]:
    """A path whose places have plain names, and the field that each fills: {quota.tenant} becomes {tenant}."""
    places = {field.rsplit(".", 1)[-1]: field for field in _PLACE.findall(path)}
    return _PLACE.sub(lambda found: "{" + found[1].rsplit(".", 1)[-1] + "}", path), places


def parameters(contract: Contract, rpc: Rpc, places: dict[str, str], body: str) -> list[Schema]:
    """Path and query parameters: every field of the request that the body does not bring."""
    request = contract.message(rpc.request)
    out = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "x-qbridge-field": path,
            **described(resolve(contract, request, path)),
        }
        for name, path in places.items()
    ]
    if body == "*":
        return out
    taken = {path.split(".", 1)[0] for path in places.values()} | {body}
    rest = [item for item in request.fields if item.name not in taken]
    return out + [each for item in rest for each in _query(contract, item, "", "")]


def _query(contract: Contract, item: Field, names: str, fields: str) -> list[Schema]:
    name, field = names + item.json_name, fields + item.name
    if item.kind == "message" and not item.repeated:
        inner = contract.message(item.type_name)
        if inner.oneofs or contract.recursive(inner.name):
            raise SystemExit(f"{inner.name} cannot be a query parameter; bind it to the body.")
        return [each for part in inner.fields for each in _query(contract, part, f"{name}.", f"{field}.")]
    if item.kind in ("map", "struct", "value") or item.kind == "message":
        raise SystemExit(f"{item.name} cannot be a query parameter; bind it to the body.")
    return [{"name": name, "in": "query", "required": needed(item), "x-qbridge-field": field, **described(item)}]


def described(item: Field) -> Schema:
    schema = field_schema(item, ref)
    description = schema.pop("description", "")
    return {"description": description, "schema": schema}


def resolve(contract: Contract, message: Message, path: str) -> Field:
    """The field at a dotted path. Raises SystemExit where there is none."""
    first, _, rest = path.partition(".")
    found = next((item for item in message.fields if item.name == first), None)
    if found is None:
        raise SystemExit(f"{message.name} has no field {first}, which an HTTP binding names.")
    return resolve(contract, contract.message(found.type_name), rest) if rest else found
