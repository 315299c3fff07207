"""The half of convert.py that fills pb2 messages from structs."""

from __future__ import annotations

from generators.convert_names import call, get
from generators.model import Contract, Field, Message


def fill(contract: Contract, message: Message) -> str:
    """The function that fills the message."""
    deep = contract.recursive(message.name)
    extra = ", depth: int = 0" if deep else ""
    lines = [f"\n\ndef _fill_{message.snake}(m: Any, x: s.{message.name}{extra}) -> None:\n"]
    if deep:
        lines.append("    if depth > DEPTH_MAX:\n        refuse_depth()\n")
    for item in message.fields:
        if not item.oneof:
            lines += _indent(_assign(contract, item, deep), 1)
    for oneof in message.oneofs:
        lines.append("    members = 0\n")
        for item in oneof.members:
            assign = _assign(contract, item, deep)
            lines += _indent([*assign, "    members += 1\n"], 1)
        lines.append(f'    if members > 1:\n        two_members("{oneof.name}")\n')
    if not message.fields:
        lines.append("    pass\n")
    return "".join(lines)


def _assign(contract: Contract, item: Field, deep: bool) -> list[str]:
    """The statements that carry one field over, the first being its condition."""
    source = f"x.{item.py_name}"
    if item.kind == "map":
        return [f"if {source}:\n", *_indent(_assign_map(item), 1)]
    if item.repeated:
        return [f"if {source}:\n", *_indent(_assign_list(contract, item, deep), 1)]
    if item.kind == "value":
        return [f"if {source} is not UNSET:\n", f"    fill_value({get(item)}, {source})\n"]
    if item.presence:
        return [f"if {source} is not None:\n", *_indent(_assign_present(contract, item, deep), 1)]
    if item.kind == "enum":
        return [
            f"if {source} is not s.{item.type_name}.UNSPECIFIED:\n",
            "    " + _set(item, f"{source}.number"),
        ]
    return [f"if {source}:\n", "    " + _set(item, source)]


def _assign_present(contract: Contract, item: Field, deep: bool) -> list[str]:
    source = f"x.{item.py_name}"
    if item.kind == "message":
        filled = call(contract, item, f"_fill_{contract.message(item.type_name).snake}", deep, "part", source)
        return [f"part = {get(item)}\n", "part.SetInParent()\n", f"{filled}\n"]
    if item.kind == "timestamp":
        return [f"fill_time({get(item)}, {source})\n"]
    if item.kind == "struct":
        return [f"part = {get(item)}\n", "part.SetInParent()\n", f"fill_struct(part, {source})\n"]
    return [_set(item, f"{source}.number" if item.kind == "enum" else source)]


def _assign_list(contract: Contract, item: Field, deep: bool) -> list[str]:
    source, target = f"x.{item.py_name}", get(item)
    if item.kind == "message":
        filled = call(contract, item, f"_fill_{contract.message(item.type_name).snake}", deep, "add()", "each")
        return [f"add = {target}.add\n", f"for each in as_list({source}):\n", f"    {filled}\n"]
    if item.kind in ("struct", "value", "timestamp"):
        fill = {"struct": "fill_struct", "value": "fill_value", "timestamp": "fill_time"}[item.kind]
        return [f"add = {target}.add\n", f"for each in as_list({source}):\n", f"    {fill}(add(), each)\n"]
    if item.kind == "enum":
        return [f"{target}.extend([each.number for each in as_list({source})])\n"]
    if item.kind == "float":
        return [f"fill_floats({target}, as_list({source}))\n"]
    return [f"{target}.extend(as_list({source}))\n"]


def _assign_map(item: Field) -> list[str]:
    assert item.value
    if item.value.kind in ("message", "timestamp", "struct", "value", "enum"):
        raise SystemExit(f"{item.name}: maps of {item.value.kind} are not supported; use a repeated message.")
    return [f"{get(item)}.update(x.{item.py_name})\n"]


def _set(item: Field, value: str) -> str:
    if item.py_name == item.name:
        return f"m.{item.name} = {value}\n"
    return f'setattr(m, "{item.name}", {value})\n'


def _indent(lines: list[str], levels: int) -> list[str]:
    return ["    " * levels + line for line in lines]
