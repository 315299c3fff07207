"""Message classes, RPCs and the error table, built at run time from the contract's descriptor set."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

PACKAGE = "qbridge.v1"
_VERBS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """A row of the error table."""

    code: str
    http_status: int
    grpc_status: str
    retryable: bool
    title: str


@dataclass(frozen=True, slots=True)
class Rpc:
    """An RPC: its types and its doors."""

    service: str
    method: str
    path: str
    request: Descriptor
    response: Descriptor
    client_streaming: bool
    server_streaming: bool
    http_method: str = ""
    http_path: str = ""
    body: str = ""
    response_body: str = ""
    success_status: int = 200
    scope: str = ""
    websocket: str = ""

    @property
    def name(self) -> str:
        """Service and method, as cases write it in full: `BridgeService/Call`."""
        return f"{self.service}/{self.method}"

    @property
    def asks(self) -> Descriptor:
        """What a case writes under `with`: the body where the HTTP binding names one, or else the request."""
        if self.body and self.body != "*":
            return message_type(self.request.fields_by_name[self.body])
        return self.request

    @property
    def answers(self) -> Descriptor:
        """What a case sees as the result: the named part of the response, or else all of it."""
        if self.response_body:
            return message_type(self.response.fields_by_name[self.response_body])
        return self.response


@dataclass(eq=False)
class Contract:
    """A version of the contract."""

    pool: descriptor_pool.DescriptorPool
    classes: dict[str, type[Message]]
    openapi: dict[str, Any] = field(default_factory=dict)

    def new(self, descriptor: Descriptor | str) -> Message:
        """An empty message. Raises KeyError for a name that the contract does not have."""
        name = descriptor if isinstance(descriptor, str) else descriptor.full_name
        return self.classes[name if "." in name else f"{PACKAGE}.{name}"]()

    def descriptor(self, name: str) -> Descriptor:
        """The type of a short name: `Reply`. Raises KeyError."""
        found: Any = self.classes[f"{PACKAGE}.{name}"].DESCRIPTOR
        described: Descriptor = found
        return described

    def parse_json(self, descriptor: Descriptor, data: Any) -> Message:
        """A message from its JSON form, strictly. Raises json_format.ParseError."""
        if not isinstance(data, dict):
            raise json_format.ParseError(f"{descriptor.name} is an object, not {data!r:.80}")
        return json_format.ParseDict(data, self.new(descriptor), descriptor_pool=self.pool)

    def to_json(self, message: Message) -> Any:
        """The canonical JSON form, as it goes over REST."""
        return json_format.MessageToDict(message, descriptor_pool=self.pool)

    def to_document(self, message: Message) -> Any:
        """The JSON form with every field, defaults too: what cases look at, the same from every transport."""
        return json_format.MessageToDict(message, always_print_fields_with_no_presence=True, descriptor_pool=self.pool)

    @cached_property
    def rpcs(self) -> dict[str, Rpc]:
        """`Service/Method` -> RPC."""
        found = (self._rpc(method) for method in self._methods())
        return {rpc.name: rpc for rpc in found}

    @cached_property
    def errors(self) -> dict[str, ErrorRow]:
        """Code without its prefix -> row of the error table."""
        enum = self.pool.FindEnumTypeByName(f"{PACKAGE}.ErrorCode")
        extension = self.pool.FindExtensionByName(f"{PACKAGE}.error")
        rows = {}
        for value in enum.values:
            options = self._options(value.GetOptions(), "google.protobuf.EnumValueOptions")
            if value.number and options.HasExtension(extension):
                row = options.Extensions[extension]
                code = value.name.removeprefix("ERROR_CODE_")
                rows[code] = ErrorRow(code, row.http_status, row.grpc_status, row.retryable, row.title)
        return rows

    def find_rpc(self, name: str) -> Rpc | None:
        """The RPC of a short or full name: `Call`, `Backend.Register`, `PlatformService/GetHealth`."""
        service, _, method = name.replace("/", ".").rpartition(".")
        service = service or "Bridge"
        if not service.endswith("Service"):
            service += "Service"
        return self.rpcs.get(f"{service}/{method}")

    def match_http(self, method: str, path: str) -> Rpc | None:
        """The RPC behind an HTTP method and a concrete path."""
        for pattern, rpc in self._routes:
            if rpc.http_method == method and pattern.fullmatch(path):
                return rpc
        return None

    def match_websocket(self, path: str) -> Rpc | None:
        """The RPC behind a WebSocket path."""
        return next((r for r in self.rpcs.values() if r.websocket and _pattern(r.websocket).fullmatch(path)), None)

    @cached_property
    def _routes(self) -> list[tuple[re.Pattern[str], Rpc]]:
        return [(_pattern(rpc.http_path), rpc) for rpc in self.rpcs.values() if rpc.http_path]

    def _methods(self) -> list[Any]:
        files_seen = {cls.DESCRIPTOR.file.name: cls.DESCRIPTOR.file for cls in self.classes.values()}
        ours = [file for file in files_seen.values() if file.package == PACKAGE]
        services = [service for file in ours for service in file.services_by_name.values()]
        return [method for service in services for method in service.methods]

    def _options(self, options: Message, kind: str) -> Any:
        """The options, read again with this pool's classes, so that its extensions are seen."""
        return self.classes[kind].FromString(options.SerializeToString())

    def _rpc(self, method: Any) -> Rpc:
        options = self._options(method.GetOptions(), "google.protobuf.MethodOptions")
        http = options.Extensions[self.pool.FindExtensionByName("google.api.http")]
        ours = options.Extensions[self.pool.FindExtensionByName(f"{PACKAGE}.rpc")]
        verb = next((verb for verb in _VERBS if getattr(http, verb)), "")
        return Rpc(
            service=method.containing_service.name,
            method=method.name,
            path=f"/{method.containing_service.full_name}/{method.name}",
            request=method.input_type,
            response=method.output_type,
            client_streaming=method.client_streaming,
            server_streaming=method.server_streaming,
            http_method=verb.upper(),
            http_path=getattr(http, verb) if verb else "",
            body=http.body,
            response_body=http.response_body,
            success_status=ours.success_status or 200,
            scope=ours.scope,
            websocket=ours.websocket,
        )


def _pattern(template: str) -> re.Pattern[str]:
    """A path template as a pattern; a parameter is one segment without a colon."""
    parts = re.split(r"(\{[^}]*\})", template)
    return re.compile("".join("[^/:]+" if part.startswith("{") else re.escape(part) for part in parts))


def message_type(field: FieldDescriptor) -> Descriptor:
    """The type of a field that holds messages. Raises TypeError for any other field."""
    if field.message_type is None:
        raise TypeError(f"{field.full_name} holds no messages.")
    return field.message_type


def json_names(descriptor: Descriptor) -> dict[str, FieldDescriptor]:
    """Every name by which JSON may call a field -> the field."""
    names = {field.name: field for field in descriptor.fields}
    return names | {field.json_name: field for field in descriptor.fields}


@cache
def load_contract(folder: Path | None = None) -> Contract:
    """Reads `descriptor.binpb` and `openapi.json` of a folder, or else of the installed contract; each once.

    Raises FileNotFoundError where one is missing.
    """
    base = folder or files("qbridge_contract")
    pool = descriptor_pool.DescriptorPool()
    described = descriptor_pb2.FileDescriptorSet.FromString((base / "descriptor.binpb").read_bytes())
    for file in described.file:
        pool.Add(file)
    classes = message_factory.GetMessageClassesForFiles([file.name for file in described.file], pool)
    openapi = json.loads((base / "openapi.json").read_bytes())
    return Contract(pool, classes, openapi)
