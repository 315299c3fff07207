"""The fields of a message as a case writes it, against its type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import Descriptor

from qbridge_harness.contract.pool import json_names
from qbridge_harness.language.document import Path
from qbridge_harness.language.problems import closest

_FREE = ("google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.Timestamp", "google.protobuf.ListValue")


def unknown_fields(descriptor: Descriptor, value: Any, path: Path) -> Iterator[tuple[Path, str, str]]:
    """Keys that a message's type does not have, at any depth: place, message, fix."""
    if descriptor.full_name in _FREE or not isinstance(value, dict):
        return
    names = json_names(descriptor)
    for key, item in value.items():
        field = names.get(key)
        if field is None:
            if not key.startswith("${"):
                known = [each.json_name for each in descriptor.fields]
                yield (*path, key), f"{descriptor.name} has no field {key!r}.", closest(key, known)
            continue
        kind = field.message_type
        if kind is not None and not kind.GetOptions().map_entry:
            for place, member in _members(item, (*path, key)):
                yield from unknown_fields(kind, member, place)


def _members(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, list):
        yield from (((*path, index), item) for index, item in enumerate(value))
    else:
        yield path, value
