"""Every message inside a message, and what in it the contract does not have."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from google.protobuf import unknown_fields
from google.protobuf.message import Message

STRANGE_MAX = 20
"""How many strangers of one message are told."""
LISTED_BYTES_MAX = 1024 * 1024


def parts(message: Message, path: str = "") -> Iterator[tuple[str, Message]]:
    """The message and every message of ours inside it, each with its path."""
    place = path or message.DESCRIPTOR.name
    yield place, message
    for field, value in message.ListFields():
        kind = field.message_type
        if kind is None or kind.GetOptions().map_entry or kind.file.package.startswith("google."):
            continue
        for member in value if field.is_repeated else [value]:
            yield from parts(member, f"{place}.{field.name}")


def strange(message: Message) -> list[str]:
    """The fields and enum values, at any depth, that the descriptor does not have; the first of them, of many."""
    return list(islice(_strange(message), STRANGE_MAX))


def _strange(message: Message) -> Iterator[str]:
    for path, part in parts(message):
        if part.ByteSize() > LISTED_BYTES_MAX and _has_unknown_fields(part):
            yield f"{path} has unknown fields."
            return
        for each in _unknown_fields(part):
            yield f"{path} has the unknown field {each.field_number}."
        for field, value in part.ListFields():
            if field.enum_type is None:
                continue
            for number in value if field.is_repeated else [value]:
                if number not in field.enum_type.values_by_number:
                    yield f"{path}.{field.name} has the unknown enum value {number}."


def _has_unknown_fields(message: Message) -> bool:
    """The same without listing them: a message of megabytes may have a million."""
    known = type(message)()
    known.CopyFrom(message)
    known.DiscardUnknownFields()
    return known.ByteSize() != message.ByteSize()


def _unknown_fields(message: Message) -> Any:
    """The stubs do not say that the set can be walked."""
    return unknown_fields.UnknownFieldSet(message)
