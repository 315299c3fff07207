"""The same OpenAPI document in 3.0.3, for older tools: what 3.0 cannot say is said in its own way or left out."""

from __future__ import annotations

from typing import Any


def downgraded(document: dict[str, Any]) -> dict[str, Any]:
    """The document in 3.0.3."""
    older: dict[str, Any] = _walk(document)
    older["openapi"] = "3.0.3"
    return older


def _walk(node: Any) -> Any:
    if isinstance(node, list):
        return [_walk(each) for each in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str) and len(node) > 1:
        # 3.0 ignores what stands beside a reference.
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return {"allOf": [{"$ref": node["$ref"]}], **_walk(beside)}
    out: dict[str, Any] = {}
    for key, value in node.items():
        if key == "contentEncoding" and value == "base64":
            out["format"] = "byte"
        elif key == "propertyNames" and isinstance(value, dict) and "type" not in value:
            continue
        elif key in ("exclusiveMinimum", "exclusiveMaximum") and not isinstance(value, (bool, dict)):
            out["minimum" if key == "exclusiveMinimum" else "maximum"] = value
            out[key] = True
        else:
            out[key] = _walk(value)
    return out
