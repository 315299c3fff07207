"""JSON Schema (2020-12) of the messages, as the proto3 JSON mapping writes them, with the rules of protovalidate."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from generators.model import Enum, Field, Message

Schema = dict[str, Any]
Ref = Callable[[str], str]

_WHOLE = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
}
_BASE64 = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
"""Few readers of a schema check contentEncoding; all check a pattern."""
_FLOAT_MAX = 3.4028234663852886e38
"""The largest number of 32 bits; a larger one is MALFORMED."""
_NUMERIC = ("int32", "uint32", "int64", "uint64", "float", "double")


def message_schema(message: Message, ref: Ref, elsewhere: frozenset[str] = frozenset()) -> Schema:
    """The schema of a message; `elsewhere` names fields that come by another way, and so are not required."""
    fields = message.fields
    schema: Schema = {"type": "object"}
    if message.comment:
        schema["description"] = message.comment
    schema["properties"] = {item.json_name: field_schema(item, ref) for item in fields}
    required = [item.json_name for item in fields if needed(item) and item.name not in elsewhere]
    if required:
        schema["required"] = required
    schema["additionalProperties"] = False
    for oneof in message.oneofs:
        schema |= _oneof(message, [item.json_name for item in oneof.members], oneof.required)
    return schema


def _oneof(message: Message, members: list[str], required: bool) -> Schema:
    """At most one member, or exactly one."""
    if len(members) == len(message.fields):
        return {"maxProperties": 1, **({"minProperties": 1} if required else {})}
    each: list[Schema] = [{"required": [name]} for name in members]
    return {"oneOf": each if required else [*each, {"not": {"anyOf": list(each)}}]}


def needed(item: Field) -> bool:
    """True where the message is refused without the field: required, or its zero value breaks a rule."""
    rules = item.rules
    if rules is None or item.oneof or item.optional:
        return False
    if rules.required:
        return True
    if _zero_is_ignored(rules) or item.presence:
        return False
    if item.repeated:
        return bool(rules.repeated.min_items)
    if item.kind == "string":
        text = rules.string
        bad_pattern = bool(text.pattern) and re.search(text.pattern, "") is None
        return bool(text.min_len) or bad_pattern or (bool(getattr(text, "in")) and "" not in getattr(text, "in"))
    if item.kind in _NUMERIC:
        number = getattr(rules, item.kind)
        return bool((number.HasField("gte") and number.gte > 0) or (number.HasField("gt") and number.gt >= 0))
    return False


def _zero_is_ignored(rules: Any) -> bool:
    names = rules.DESCRIPTOR.fields_by_name["ignore"].enum_type.values_by_number
    return bool(names[rules.ignore].name == "IGNORE_IF_ZERO_VALUE")


def field_schema(item: Field, ref: Ref) -> Schema:
    """The schema of a field, described by its comment."""
    if item.kind == "map":
        schema = _map(item, ref)
    elif item.repeated:
        schema = _list(item, ref)
    else:
        schema = single(item, item.rules, ref)
        if item.rules is not None and _zero_is_ignored(item.rules) and "pattern" in schema:
            schema["pattern"] = f"^$|{schema['pattern']}"
    if item.comment:
        schema["description"] = item.comment
    return schema


def single(item: Field, rules: Any, ref: Ref) -> Schema:
    """The schema of one value of a field, under rules that may be None."""
    if item.kind in ("message", "enum"):
        return {"$ref": ref(item.type_name)}
    if item.kind == "string":
        return {"type": "string"} | (_string(rules.string) if rules is not None else {})
    if item.kind in _WHOLE:
        low, high = _WHOLE[item.kind]
        bounds = {"type": "integer", "minimum": low, "maximum": high}
        return bounds | (_number(getattr(rules, item.kind)) if rules is not None else {})
    if item.kind in ("int64", "uint64"):
        return {"type": "string", "pattern": "^-?[0-9]+$" if item.kind == "int64" else "^[0-9]+$"}
    if item.kind in ("float", "double"):
        bounds = {"minimum": -_FLOAT_MAX, "maximum": _FLOAT_MAX} if item.kind == "float" else {}
        return {"type": "number"} | bounds | (_number(getattr(rules, item.kind)) if rules is not None else {})
    plain: dict[str, Schema] = {
        "bool": {"type": "boolean"},
        "bytes": {"type": "string", "contentEncoding": "base64", "pattern": _BASE64},
        "timestamp": {"type": "string", "format": "date-time"},
        "struct": {"type": "object", "additionalProperties": True},
        "value": {},
    }
    return dict(plain[item.kind])


def _string(rules: Any) -> Schema:
    schema: Schema = {}
    if rules.HasField("min_len"):
        schema["minLength"] = rules.min_len
    if rules.HasField("max_len"):
        schema["maxLength"] = rules.max_len
    if rules.HasField("pattern"):
        schema["pattern"] = rules.pattern
    if getattr(rules, "in"):
        schema["enum"] = list(getattr(rules, "in"))
    return schema


def _number(rules: Any) -> Schema:
    names = {"gte": "minimum", "lte": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
    return {word: getattr(rules, name) for name, word in names.items() if rules.HasField(name)}


def _list(item: Field, ref: Ref) -> Schema:
    rules = item.rules.repeated if item.rules is not None else None
    inner = rules.items if rules is not None and rules.HasField("items") else None
    schema: Schema = {"type": "array", "items": single(item, inner, ref)}
    if rules is not None:
        names = {"min_items": "minItems", "max_items": "maxItems"}
        schema |= {word: getattr(rules, name) for name, word in names.items() if rules.HasField(name)}
        if rules.unique:
            schema["uniqueItems"] = True
    return schema


def _map(item: Field, ref: Ref) -> Schema:
    assert item.key is not None
    assert item.value is not None
    rules = item.rules.map if item.rules is not None else None
    values = rules.values if rules is not None and rules.HasField("values") else None
    schema: Schema = {"type": "object", "additionalProperties": single(item.value, values, ref)}
    if rules is not None and rules.HasField("max_pairs"):
        schema["maxProperties"] = rules.max_pairs
    if rules is not None and rules.HasField("keys"):
        schema["propertyNames"] = _string(rules.keys.string)
    return schema


def enum_schema(enum: Enum) -> Schema:
    """The schema of an enum: its names in the proto, with what each means."""
    meanings = "\n".join(f"- `{value.name}`: {value.comment}" for value in enum.values)
    return {
        "type": "string",
        "description": f"{enum.comment}\n\n{meanings}",
        "enum": [value.name for value in enum.values],
    }


def referenced(schema: Any) -> set[str]:
    """Every `$ref` in a schema."""
    if isinstance(schema, dict):
        own = {schema["$ref"]} if isinstance(schema.get("$ref"), str) else set()
        return own.union(*(referenced(value) for value in schema.values()))
    if isinstance(schema, list):
        return set().union(*(referenced(value) for value in schema))
    return set()
