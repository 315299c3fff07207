"""The half of convert.py that makes structs of pb2 messages."""

from __future__ import annotations

from generators.convert_names import call, get
from generators.model import Contract, Field, Message


def read(contract: Contract, message: Message) -> str:
    """The function that reads the message."""
    deep = contract.recursive(message.name)
    extra = ", depth: int = 0" if deep else ""
    pb = f"{message.module}_pb2.{message.name}"
    lines = [f"\n\ndef _{message.snake}(m: {pb}{extra}) -> s.{message.name}:\n"]
    if deep:
        lines.append("    if depth > DEPTH_MAX:\n        refuse_depth()\n")
    if len(message.oneofs) == 1 and all(item.oneof for item in message.fields):
        lines.append(f'    kind = m.WhichOneof("{message.oneofs[0].name}")\n')
        for item in message.fields:
            lines.append(f'    if kind == "{item.name}":\n')
            lines.append(f"        return s.{message.name}({item.py_name}={_value(contract, item, deep)})\n")
        lines.append(f"    return s.{message.name}()\n")
        return "".join(lines)
    lines += [f'    {oneof.name} = m.WhichOneof("{oneof.name}")\n' for oneof in message.oneofs]
    lines.append(f"    return s.{message.name}(\n")
    lines += [f"        {item.py_name}={_expression(contract, item, deep)},\n" for item in message.fields]
    lines.append("    )\n")
    return "".join(lines)


def _expression(contract: Contract, item: Field, deep: bool) -> str:
    value = _value(contract, item, deep)
    absent = "UNSET" if item.kind == "value" else "None"
    if item.oneof:
        return f'{value} if {item.oneof} == "{item.name}" else {absent}'
    if item.presence:
        return f'{value} if m.HasField("{item.name}") else {absent}'
    return value


def _value(contract: Contract, item: Field, deep: bool) -> str:
    source = get(item)
    if item.kind == "map":
        return f"dict({item.name}) if ({item.name} := {source}) else {{}}"
    if not item.repeated:
        return _converted(contract, item, deep, source)
    each = _converted(contract, item, deep, "each")
    return f"{source}[:]" if each == "each" else f"[{each} for each in {source}]"


def _converted(contract: Contract, item: Field, deep: bool, source: str) -> str:
    if item.kind == "message":
        return call(contract, item, f"_{contract.message(item.type_name).snake}", deep, source)
    if item.kind == "enum":
        return f"_{item.type_name.upper()}[{source}]"
    function = {"timestamp": "time_from", "struct": "struct_from", "value": "value_from"}.get(item.kind)
    return f"{function}({source})" if function else source
