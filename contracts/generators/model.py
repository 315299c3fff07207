"""The contract as plain values: what every emitter reads instead of descriptors."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Field:
    """A field. `kind`: string, bytes, bool, int32, uint32, int64, uint64, float, double, enum, message,
    map, timestamp, struct or value."""

    name: str
    json_name: str
    kind: str
    type_name: str
    """The message or enum, without package; empty for scalars."""
    repeated: bool
    optional: bool
    oneof: str
    """The oneof that it is a member of; empty for none."""
    comment: str
    rules: Any
    """buf.validate.FieldRules, or None."""
    options: Any
    key: Field | None = None
    value: Field | None = None

    @property
    def py_name(self) -> str:
        """The name in Python: keywords get an underscore behind them."""
        return f"{self.name}_" if keyword.iskeyword(self.name) else self.name

    @property
    def presence(self) -> bool:
        """True where "not given" differs from the default value."""
        if self.repeated or self.kind == "map":
            return False
        return bool(self.optional or self.oneof or self.kind in ("message", "timestamp", "struct", "value"))

    @property
    def wide(self) -> bool:
        """True for 64-bit integers, which are strings in JSON."""
        return self.kind in ("int64", "uint64") or bool(self.value and self.value.wide)


@dataclass(frozen=True)
class Oneof:
    """A choice: at most one of the fields is set, exactly one where it is required."""

    name: str
    comment: str
    required: bool
    members: tuple[Field, ...]


@dataclass(frozen=True)
class Message:
    """A message."""

    name: str
    comment: str
    module: str
    """The proto file without folder and suffix: "request"."""
    fields: tuple[Field, ...]
    oneofs: tuple[Oneof, ...]

    @property
    def snake(self) -> str:
        """Its name in a function's name: internal_request."""
        return snake(self.name)


@dataclass(frozen=True)
class EnumValue:
    """A value of an enum; `short` is its name without the enum's prefix."""

    name: str
    short: str
    number: int
    comment: str
    options: Any


@dataclass(frozen=True)
class Enum:
    """An enum."""

    name: str
    comment: str
    module: str
    values: tuple[EnumValue, ...]


@dataclass(frozen=True)
class Binding:
    """How an RPC looks over HTTP."""

    method: str
    path: str
    body: str
    response_body: str


@dataclass(frozen=True)
class Rpc:
    """An RPC with all that its options say."""

    service: str
    name: str
    comment: str
    request: str
    response: str
    client_streaming: bool
    server_streaming: bool
    http: Binding | None
    scope: str
    websocket: str
    no_side_effects: bool
    success_status: int

    @property
    def method(self) -> str:
        """Its name in Python: get_capabilities."""
        return snake(self.name)

    @property
    def constant(self) -> str:
        """The name of its constant: PLATFORM_GET_CAPABILITIES."""
        return f"{snake(self.service.removesuffix('Service'))}_{self.method}".upper()


@dataclass(frozen=True)
class Service:
    """A service."""

    name: str
    comment: str
    module: str
    rpcs: tuple[Rpc, ...]

    @property
    def short(self) -> str:
        """Its name without "Service": Bridge."""
        return self.name.removesuffix("Service")


@dataclass
class Contract:
    """All of it, in the order of the files."""

    package: str = ""
    messages: list[Message] = field(default_factory=list)
    enums: list[Enum] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)

    def message(self, name: str) -> Message:
        """The message of that name."""
        return next(message for message in self.messages if message.name == name)

    def enum(self, name: str) -> Enum:
        """The enum of that name."""
        return next(enum for enum in self.enums if enum.name == name)

    def rpcs(self) -> list[Rpc]:
        """The RPCs of all services."""
        return [rpc for service in self.services for rpc in service.rpcs]

    def reaches(self, start: str, wanted: Any) -> bool:
        """True where the message, or one inside it, has a field for which `wanted(message, field)` holds."""
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            message = self.message(name)
            for item in message.fields:
                if wanted(message, item):
                    return True
                inner = item.value if item.kind == "map" and item.value else item
                if inner.kind == "message":
                    waiting.append(inner.type_name)
        return False

    def recursive(self, name: str) -> bool:
        """True where the message can hold itself."""
        return self.reaches(name, lambda _, item: item.kind == "message" and item.type_name == name)


def snake(name: str) -> str:
    """GetBackendRequest -> get_backend_request."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
