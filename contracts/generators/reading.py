"""Reads the contract out of descriptors: names, comments, types and options, into the values of `model`."""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from generators.model import Binding, Contract, Enum, EnumValue, Field, Message, Oneof, Rpc, Service
from generators.source import own_files

_INTEGERS = {
    5: "int32", 17: "int32", 15: "int32",
    3: "int64", 18: "int64", 16: "int64",
    13: "uint32", 7: "uint32",
    4: "uint64", 6: "uint64",
}  # fmt: skip
_SCALARS = {1: "double", 2: "float", 8: "bool", 9: "string", 12: "bytes", **_INTEGERS}
_WELL_KNOWN = {
    ".google.protobuf.Timestamp": "timestamp",
    ".google.protobuf.Struct": "struct",
    ".google.protobuf.Value": "value",
}
_MESSAGE, _ENUM = 11, 14


def read(descriptors: descriptor_pb2.FileDescriptorSet) -> Contract:
    """Reads the contract out of its full descriptor set."""
    pool = descriptor_pool.DescriptorPool()
    for file in descriptors.file:
        pool.Add(file)
    # The classes of this pool know its extensions, so that options arrive parsed, not as unknown fields.
    set_class = message_factory.GetMessageClass(pool.FindMessageTypeByName("google.protobuf.FileDescriptorSet"))
    known = set_class.FromString(descriptors.SerializeToString())
    names = set(own_files(descriptors))
    reader = _Reader(pool)
    for file in known.file:  # type: ignore[attr-defined]
        if file.name in names:
            reader.file(file)
    return reader.contract


class _Reader:
    """Walks descriptors; keeps the pool, whose extensions name our options."""

    def __init__(self, pool: descriptor_pool.DescriptorPool) -> None:
        self.contract = Contract()
        self._pool = pool

    def _option(self, options: Any, extension: str) -> Any:
        handle = self._pool.FindExtensionByName(extension)
        return options.Extensions[handle] if options.HasExtension(handle) else None

    def file(self, file: Any) -> None:
        module = file.name.rsplit("/", 1)[1].removesuffix(".proto")
        comments = {tuple(place.path): _clean(place.leading_comments) for place in file.source_code_info.location}
        self.contract.package = file.package
        self.contract.modules.append(module)
        for index, enum in enumerate(file.enum_type):
            self.contract.enums.append(self._enum(enum, module, comments, (5, index)))
        for index, message in enumerate(file.message_type):
            self.contract.messages.append(self._message(message, module, comments, (4, index)))
        for index, service in enumerate(file.service):
            rpcs = tuple(
                self._rpc(service.name, rpc, comments.get((6, index, 2, at), ""))
                for at, rpc in enumerate(service.method)
            )
            self.contract.services.append(Service(service.name, comments.get((6, index), ""), module, rpcs))

    def _enum(self, enum: Any, module: str, comments: dict[Any, str], path: tuple[int, ...]) -> Enum:
        prefix = enum.value[0].name.removesuffix("UNSPECIFIED")
        values = tuple(
            EnumValue(
                value.name,
                value.name.removeprefix(prefix),
                value.number,
                comments.get((*path, 2, at), ""),
                self._option(value.options, f"{self.contract.package}.error"),
            )
            for at, value in enumerate(enum.value)
        )
        return Enum(enum.name, comments.get(path, ""), module, values)

    def _message(self, message: Any, module: str, comments: dict[Any, str], path: tuple[int, ...]) -> Message:
        if any(not nested.options.map_entry for nested in message.nested_type):
            raise SystemExit(f"{message.name}: declare nested messages at the top level of the file.")
        if self._option(message.options, "buf.validate.message") is not None:
            raise SystemExit(f"{message.name}: rules on messages are not supported; put them on fields or oneofs.")
        entries = {nested.name: nested for nested in message.nested_type}
        fields = tuple(
            self._field(item, message, entries, comments.get((*path, 2, at), ""))
            for at, item in enumerate(message.field)
        )
        oneofs = []
        for at, oneof in enumerate(message.oneof_decl):
            members = tuple(item for item in fields if item.oneof == oneof.name)
            if members:
                rules = self._option(oneof.options, "buf.validate.oneof")
                comment = comments.get((*path, 8, at), "")
                oneofs.append(Oneof(oneof.name, comment, bool(rules and rules.required), members))
        return Message(message.name, comments.get(path, ""), module, fields, tuple(oneofs))

    def _field(self, item: Any, message: Any, entries: dict[str, Any], comment: str) -> Field:
        repeated = item.label == 3
        type_name = item.type_name.rsplit(".", 1)[-1]
        key = value = None
        if item.type == _MESSAGE and type_name in entries:
            key, value = (self._field(part, entries[type_name], {}, "") for part in entries[type_name].field)
            kind, type_name, repeated = "map", "", False
        elif item.type == _MESSAGE:
            kind = _WELL_KNOWN.get(item.type_name, "message")
            if kind == "message" and not item.type_name.startswith(f".{self.contract.package}."):
                raise SystemExit(f"{message.name}.{item.name}: {item.type_name} is not supported.")
        else:
            kind = "enum" if item.type == _ENUM else _SCALARS[item.type]
        in_oneof = item.HasField("oneof_index") and not item.proto3_optional
        return Field(
            name=item.name,
            json_name=item.json_name,
            kind=kind,
            type_name=type_name if kind in ("message", "enum") else "",
            repeated=repeated,
            optional=item.proto3_optional,
            oneof=message.oneof_decl[item.oneof_index].name if in_oneof else "",
            comment=comment,
            rules=self._option(item.options, "buf.validate.field"),
            options=self._option(item.options, f"{self.contract.package}.operation"),
            key=key,
            value=value,
        )

    def _rpc(self, service: str, rpc: Any, comment: str) -> Rpc:
        http = self._option(rpc.options, "google.api.http")
        own = self._option(rpc.options, f"{self.contract.package}.rpc")
        binding = None
        if http is not None:
            verb = http.WhichOneof("pattern")
            binding = Binding(verb.upper(), getattr(http, verb), http.body, http.response_body)
        return Rpc(
            service=service,
            name=rpc.name,
            comment=comment,
            request=rpc.input_type.rsplit(".", 1)[-1],
            response=rpc.output_type.rsplit(".", 1)[-1],
            client_streaming=rpc.client_streaming,
            server_streaming=rpc.server_streaming,
            http=binding,
            scope=own.scope if own else "",
            websocket=own.websocket if own else "",
            no_side_effects=bool(own and own.no_side_effects),
            success_status=(own.success_status if own else 0) or 200,
        )


def _clean(comment: str) -> str:
    return " ".join(comment.split())
