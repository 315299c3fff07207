"""docs/reference: pages on the services, the messages and the error table."""

from __future__ import annotations

from generators.emit_errors import rows
from generators.model import Contract, Enum, Field, Message, Rpc, Service
from generators.source import Files
from generators.text import HEADER

ROOT = "docs/reference"


def emit(contract: Contract) -> Files:
    """The pages, by their path from the repository's root."""
    pages = {
        "services.md": _services(contract),
        "messages.md": _messages(contract),
        "errors.md": _errors(contract),
    }
    return {f"{ROOT}/{name}": f"<!-- {HEADER} -->\n{text.rstrip()}\n".encode() for name, text in pages.items()}


# --- services --------------------------------------------------------------------------------------------------


def _services(contract: Contract) -> str:
    head = (
        "# Services\n\nEvery RPC over gRPC, and over HTTP where it has a binding. "
        "The [OpenAPI document](https://spec.openapis.org/oas/v3.1.0) of a deployment is at `/openapi.json`.\n\n"
    )
    return head + "".join(_service(contract, service) for service in contract.services)


def _service(contract: Contract, service: Service) -> str:
    index = "".join(
        f"| [{rpc.name}](#{_anchor(rpc)}) | {_http(rpc)} | {_scope(rpc)} | {_cell(rpc.comment)} |\n"
        for rpc in service.rpcs
    )
    table = f"| RPC | HTTP | scope | what it does |\n|---|---|---|---|\n{index}\n"
    return f"## {service.name}\n\n{service.comment}\n\n{table}" + "".join(_rpc(contract, rpc) for rpc in service.rpcs)


def _anchor(rpc: Rpc) -> str:
    return f"{rpc.service}-{rpc.name}".lower()


def _http(rpc: Rpc) -> str:
    parts = [f"`{rpc.http.method} {rpc.http.path}`"] if rpc.http else []
    if rpc.websocket:
        parts.append(f"WebSocket `{rpc.websocket}`")
    return ", ".join(parts)


def _scope(rpc: Rpc) -> str:
    return f"`{rpc.scope}`" if rpc.scope else "none"


def _rpc(contract: Contract, rpc: Rpc) -> str:
    request, response = _stream(rpc.request, rpc.client_streaming), _stream(rpc.response, rpc.server_streaming)
    facts = [f"- gRPC: `/{contract.package}.{rpc.service}/{rpc.name}`, {request} to {response}"]
    if rpc.http:
        facts.append(f"- HTTP: {_http(rpc)}; body: {_part(rpc.http.body, 'none', rpc.request)}; answer "
                     f"{rpc.success_status}: {_part(rpc.http.response_body, '', rpc.response)}")  # fmt: skip
    elif rpc.websocket:
        facts.append(f"- HTTP: {_http(rpc)}")
    facts.append(f"- Scope: {_scope(rpc)}{'; changes nothing' if rpc.no_side_effects else ''}")
    return f"### {rpc.name} {{#{_anchor(rpc)}}}\n\n{rpc.comment}\n\n" + "\n".join(facts) + "\n\n"


def _stream(name: str, streaming: bool) -> str:
    link = f"[{name}](messages.md#{name.lower()})"
    return f"a stream of {link}" if streaming else link


def _part(name: str, none: str, whole: str) -> str:
    if name in ("", "*"):
        return none if none and not name else f"the whole {whole}"
    return f"its field `{name}`"


# --- messages --------------------------------------------------------------------------------------------------


def _messages(contract: Contract) -> str:
    head = (
        "# Messages\n\nNames as in protobuf; JSON writes them in lowerCamelCase and reads both. "
        "What breaks a rule is refused with INVALID_ARGUMENT, an unknown field with MALFORMED.\n\n"
    )
    parts = [head]
    for module in contract.modules:
        messages = [message for message in contract.messages if message.module == module]
        enums = [enum for enum in contract.enums if enum.module == module]
        if messages or enums:
            parts.append(f"## {module}.proto\n\n")
        parts += [_message(message) for message in messages]
        parts += [_enum(enum) for enum in enums]
    return "".join(parts)


def _message(message: Message) -> str:
    head = f"### {message.name} {{#{message.name.lower()}}}\n\n{message.comment}\n\n"
    if not message.fields:
        return head + "It has no fields.\n\n"
    lines = "".join(
        f"| `{item.name}` | {_type(item)} | {_cell(item.comment)}{_choice(item)} | {_rules(item)} |\n"
        for item in message.fields
    )
    return f"{head}| field | type | meaning | rules |\n|---|---|---|---|\n{lines}\n"


def _choice(item: Field) -> str:
    return f" One of `{item.oneof}`." if item.oneof else ""


def _type(item: Field) -> str:
    if item.kind in ("message", "enum"):
        link = f"[{item.type_name}](#{item.type_name.lower()})"
        return f"list of {link}" if item.repeated else link
    if item.kind == "map" and item.key and item.value:
        return f"map of {_type(item.key)} to {_type(item.value)}"
    words = {"timestamp": "Timestamp", "struct": "object", "value": "any JSON"}.get(item.kind, item.kind)
    return f"list of {words}" if item.repeated else words


def _rules(item: Field) -> str:
    """The rules in the words of protovalidate."""
    if item.rules is None:
        return ""
    return ", ".join(f"`{_code(words)}`" for words in _set(item.rules))


def _set(rules: object, prefix: str = "") -> list[str]:
    words = []
    for descriptor, value in rules.ListFields():  # type: ignore[attr-defined]
        name = prefix + descriptor.name
        if descriptor.message_type is not None:
            inner = "" if prefix == "" else f"{name}."
            words += _set(value, inner or f"{'' if descriptor.name in _KINDS else descriptor.name + '.'}")
        elif descriptor.enum_type is not None:
            words.append(descriptor.enum_type.values_by_number[value].name.lower())
        elif descriptor.is_repeated:
            words.append(f"{name}: {', '.join(str(each) for each in value)}")
        else:
            shown = f"{value:g}" if isinstance(value, float) else str(value)
            words.append(name if value is True else f"{name} {shown}")
    return words


_KINDS = ("string", "repeated", "map", "uint32", "double", "enum")


def _enum(enum: Enum) -> str:
    lines = "".join(f"| `{value.name}` | {value.number} | {_cell(value.comment)} |\n" for value in enum.values)
    return (
        f"### {enum.name} {{#{enum.name.lower()}}}\n\n{enum.comment}\n\n"
        f"| value | number | meaning |\n|---|---|---|\n{lines}\n"
    )


# --- errors ----------------------------------------------------------------------------------------------------


def _errors(contract: Contract) -> str:
    lines = "".join(
        f"| `{value.short}` | {value.options.http_status} | `{value.options.grpc_status}` | "
        f"{'yes' if value.options.retryable else 'no'} | {_cell(value.comment)} | {_cell(value.options.action)} |\n"
        for value in rows(contract)
    )
    return (
        "# The error table\n\nOne code, one HTTP status, one gRPC status, at every door. Over REST an error is a "
        "problem document (RFC 9457); over gRPC the status has the details ErrorInfo, `qbridge.v1.Error` and, "
        "where they apply, RetryInfo and BadRequest.\n\n"
        f"| code | HTTP | gRPC | retry | what it means | what to do |\n|---|---|---|---|---|---|\n{lines}"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _code(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")
