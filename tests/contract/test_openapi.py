"""The OpenAPI documents are valid, tools load them, and their schemas mean what the rules mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import protovalidate
import pytest
import schemathesis
from google.protobuf import json_format
from google.protobuf.message import Message
from hypothesis import given, settings, strategies as st
from openapi_spec_validator import validate

from qbridge_contract import convert, json as contract_json
from qbridge_contract.services import RPCS

ROOT = Path(__file__).resolve().parents[2]
FILES = {"3.1.0": "contracts/openapi/openapi.json", "3.0.3": "contracts/openapi/openapi-3.0.json"}


def load(version: str) -> dict[str, Any]:
    """A committed document."""
    document: dict[str, Any] = json.loads((ROOT / FILES[version]).read_text())
    return document


@pytest.mark.parametrize("version", FILES)
def test_the_document_is_valid(version: str) -> None:
    document = load(version)
    assert document["openapi"] == version
    validate(document)


@pytest.mark.parametrize("version", FILES)
def test_schemathesis_loads_every_operation(version: str) -> None:
    schema = schemathesis.openapi.from_dict(load(version))
    operations = [found.ok() for found in schema.get_all_operations()]  # type: ignore[union-attr]
    assert len(operations) == sum(rpc.http is not None for rpc in RPCS)


def test_the_package_ships_the_same_document() -> None:
    package = ROOT / "contracts/python/qbridge_contract/openapi.json"
    assert package.read_bytes() == (ROOT / FILES["3.1.0"]).read_bytes()


def test_each_operation_documents_its_errors_and_asks_for_a_key_where_it_has_a_scope() -> None:
    operations = {
        operation["operationId"]: operation
        for item in load("3.1.0")["paths"].values()
        for method, operation in item.items()
        if not method.startswith("x-")
    }
    for rpc in RPCS:
        if rpc.http is not None:
            operation = operations[f"{rpc.service}_{rpc.name}"]
            assert operation["x-qbridge-scope"] == rpc.scope
            assert ("401" in operation["responses"]) == bool(rpc.scope)
            assert operation.get("security") == (None if rpc.scope else [])
            assert str(rpc.success_status) in operation["responses"]
            assert "default" in operation["responses"]


def test_each_comment_is_a_description() -> None:
    for name, schema in load("3.1.0")["components"]["schemas"].items():
        assert schema["description"], name
        for field, inner in schema.get("properties", {}).items():
            assert "description" in inner or name == "Problem", f"{name}.{field}"


def _validators() -> dict[str, jsonschema_rs.Validator]:
    folder = ROOT / "contracts/schemas"

    def retrieve(uri: str) -> Any:
        return json.loads((folder / uri.rsplit("/", 1)[1]).read_text())

    return {
        path.stem: jsonschema_rs.validator_for(
            {"$id": f"http://localhost/schemas/{path.name}", **json.loads(path.read_text())}, retriever=retrieve
        )
        for path in folder.glob("*.json")
    }


VALIDATORS = _validators()
RULES = protovalidate.Validator()


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_message_that_keeps_the_rules_keeps_its_schema(
    data: st.DataObject, messages: st.SearchStrategy[Message]
) -> None:
    message = data.draw(messages)
    if _is_sayable(message) and not RULES.collect_violations(message):
        tree = json.loads(contract_json.encode(convert.from_pb(message)))
        VALIDATORS[message.DESCRIPTOR.name].validate(tree)


def _is_sayable(message: Message) -> bool:
    """False for numbers that a schema's `number` does not cover, and enum values' zero under a oneof."""
    text = json_format.MessageToJson(message)
    return not any(name in text for name in ('"NaN"', '"Infinity"', '"-Infinity"'))


@pytest.mark.parametrize(
    ("name", "tree"),
    [
        ("InternalRequest", {}),
        ("InternalRequest", {"operation": {}}),
        ("InternalRequest", {"operation": {"get": {"collection": "c", "ids": ["a"]}, "invoke": {"name": "x"}}}),
        ("InternalRequest", {"operation": {"invoke": {"name": "x"}}, "priority": 10}),
        ("InternalRequest", {"operation": {"invoke": {"name": "x"}}, "id": "req_1"}),
        ("InternalRequest", {"operation": {"invoke": {"name": "x"}}, "unknown": 1}),
        ("QueryVectors", {"collection": "c", "queries": {}, "topK": 0}),
        ("UpsertVectors", {"collection": "c", "ids": ["a", "a"], "vectors": {}}),
        ("CreateCollection", {"dimension": 3}),
        ("Payload", {"text": "a", "json": 1}),
        ("CreateKeyRequest", {"name": "n", "tenant": "t", "scopes": ["root"]}),
    ],
)
def test_a_schema_refuses_what_the_rules_refuse(name: str, tree: Any) -> None:
    assert not VALIDATORS[name].is_valid(tree)


@pytest.mark.parametrize(
    ("name", "tree"),
    [
        ("InternalRequest", {"id": "", "operation": {"invoke": {"name": "x", "payload": {"json": None}}}}),
        ("QueryVectors", {"collection": "c", "queries": {"values": {"items": [1, 2]}}, "topK": 3}),
        ("Filter", {"not": {"all": {"filters": [{"where": {"key": "k", "value": [1]}}]}}}),
        ("Payload", {"contentType": "text/plain"}),
    ],
)
def test_a_schema_takes_what_the_rules_take(name: str, tree: Any) -> None:
    VALIDATORS[name].validate(tree)
