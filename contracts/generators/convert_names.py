"""What both directions of convert.py write alike: calls of other conversions, fields of a pb2 message."""

from __future__ import annotations

from generators.model import Contract, Field


def call(contract: Contract, item: Field, function: str, deep: bool, *arguments: str) -> str:
    """A call of a message's conversion; between messages that can hold each other it counts the depth."""
    inner = deep and contract.recursive(item.type_name)
    return f"{function}({', '.join([*arguments, *(['depth + 1'] if inner else [])])})"


def get(item: Field) -> str:
    """How a pb2 message's field is read, a Python keyword too."""
    return f"m.{item.name}" if item.py_name == item.name else f'getattr(m, "{item.name}")'
