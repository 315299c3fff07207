"""contracts/schemas: one JSON Schema file for each message and enum; they refer to each other by file name."""

from __future__ import annotations

from typing import Any

from generators.model import Contract
from generators.schema import enum_schema, message_schema
from generators.source import Files
from generators.text import HEADER, as_json

ROOT = "contracts/schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def emit(contract: Contract) -> Files:
    """The files, by their path from the repository's root."""
    schemas = {message.name: message_schema(message, lambda name: f"{name}.json") for message in contract.messages}
    schemas |= {enum.name: enum_schema(enum) for enum in contract.enums}
    return {f"{ROOT}/{name}.json": _text(name, schema) for name, schema in schemas.items()}


def _text(name: str, schema: dict[str, Any]) -> bytes:
    whole = {"$schema": DIALECT, "$comment": HEADER, "title": name, **schema}
    return as_json(whole)
