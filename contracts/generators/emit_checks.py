"""_checks.py: what msgspec cannot refuse by itself when it reads JSON, and what it cannot write."""

from __future__ import annotations

from generators.model import Contract, Field, Message
from generators.text import module

_HEAD = '''
from collections.abc import Callable
from math import isfinite
from typing import Any

from msgspec import UNSET

from qbridge_contract import structs as s
from qbridge_contract._bounds import DEPTH_MAX, FLOAT32_MAX


def too_deep(value: Any, depth: int = 0) -> bool:
    """True where lists and objects nest more than DEPTH_MAX deep."""
    kind = type(value)
    if kind is not dict and kind is not list:
        return False
    if depth >= DEPTH_MAX:
        return True
    inside = value.values() if kind is dict else value
    return any(too_deep(each, depth + 1) for each in inside if type(each) is dict or type(each) is list)


def _clash(oneof: str, *members: tuple[str, Any]) -> str:
    given = [name for name, value in members if value is not None and value is not UNSET]
    if len(given) < 2:
        return ""
    return f": {' and '.join(given)} are both given, but only one member of {oneof} may be"
'''


def emit(contract: Contract) -> str:
    """The text of _checks.py."""
    checked = [message for message in contract.messages if _needs_check(contract, message.name)]
    parts = [_HEAD]
    parts += [_check(contract, message) for message in checked]
    rows = "".join(f"    s.{message.name}: _{message.snake},\n" for message in checked)
    parts.append(f"\n\nCHECKS: dict[type, Callable[[Any], str]] = {{\n{rows}}}\n")
    parts.append('"""A fault of a decoded struct as `.path: words`, or an empty string."""\n')
    floats = [message for message in contract.messages if contract.reaches(message.name, _is_float)]
    parts += [_finite(contract, message) for message in floats]
    rows = "".join(f"    s.{message.name}: _finite_{message.snake},\n" for message in floats)
    parts.append(f"\n\nFINITE: dict[type, Callable[[Any], bool]] = {{\n{rows}}}\n")
    parts.append('"""True where no float is NaN or infinite, for the messages that have floats."""\n')
    wide = [message for message in contract.messages if contract.reaches(message.name, lambda _, item: item.wide)]
    rows = "".join(f"s.{message.name}, " for message in wide)
    parts.append(f"\nWIDE: frozenset[type] = frozenset({{{rows}}})\n")
    parts.append('"""The messages with 64-bit integers, which are strings in JSON."""\n')
    return module("Checks beside msgspec: oneofs, nesting, numbers that JSON has no literal for.", "".join(parts))


def _is_float(_: Message, item: Field) -> bool:
    return item.kind in ("float", "double")


def _needs_check(contract: Contract, name: str) -> bool:
    return contract.reaches(
        name, lambda _, item: bool(item.oneof) or item.kind in ("value", "struct", "float", "uint64")
    )


def _inner(item: Field) -> str:
    return item.type_name if item.kind == "message" else ""


def _check(contract: Contract, message: Message) -> str:
    deep = contract.recursive(message.name)
    extra = ", depth: int = 0" if deep else ""
    lines = [f"\n\ndef _{message.snake}(x: s.{message.name}{extra}) -> str:\n"]
    if deep:
        lines.append('    if depth > DEPTH_MAX:\n        return f": nests more than {DEPTH_MAX} deep"\n')
    for oneof in message.oneofs:
        present = " + ".join(
            f"(x.{item.py_name} is not {'UNSET' if item.kind == 'value' else 'None'})" for item in oneof.members
        )
        members = ", ".join(f'("{item.json_name}", x.{item.py_name})' for item in oneof.members)
        lines.append(f"    if {present} > 1:\n")
        lines.append(f'        return _clash("{oneof.name}", {members})\n')
    for item in message.fields:
        lines += _check_field(contract, item, deep)
    lines.append('    return ""\n')
    return "".join(lines)


def _check_field(contract: Contract, item: Field, deep: bool) -> list[str]:
    source = f"x.{item.py_name}"
    if item.kind in ("value", "struct"):
        return [f'    if too_deep({source}):\n        return ".{item.json_name}: nests too deep"\n']
    if item.kind == "uint64" and not item.repeated:
        return [f'    if {source} >= 2**64:\n        return ".{item.json_name}: does not fit 64 bits"\n']
    if item.kind == "float" and item.repeated:
        return [
            f"    if {source} and not (min({source}) >= -FLOAT32_MAX and max({source}) <= FLOAT32_MAX):\n",
            f"        for at, number in enumerate({source}):\n",
            "            if isfinite(number) and abs(number) > FLOAT32_MAX:\n",
            f'                return f".{item.json_name}[{{at}}]: does not fit a float32"\n',
        ]
    if item.kind in ("uint64", "float"):
        raise SystemExit(f"{item.name}: {item.kind} is not supported here; see emit_checks.")
    if not _inner(item) or not _needs_check(contract, item.type_name):
        return []
    argument = ", depth + 1" if deep and contract.recursive(item.type_name) else ""
    call = f"_{contract.message(item.type_name).snake}"
    if item.repeated:
        return [
            f"    for at, each in enumerate({source}):\n",
            f"        if fault := {call}(each{argument}):\n",
            f'            return f".{item.json_name}[{{at}}]{{fault}}"\n',
        ]
    return [
        f"    if {source} is not None and (fault := {call}({source}{argument})):\n",
        f'        return f".{item.json_name}{{fault}}"\n',
    ]


def _finite(contract: Contract, message: Message) -> str:
    terms = []
    for item in message.fields:
        source = f"x.{item.py_name}"
        if item.kind in ("float", "double"):
            # The sum is NaN or infinite where a number is; where it only overflows, the slow way is right too.
            terms.append(f"isfinite(sum({source}))" if item.repeated else f"isfinite({source} or 0.0)")
        elif _inner(item) and contract.reaches(item.type_name, _is_float):
            call = f"_finite_{contract.message(item.type_name).snake}"
            if item.repeated:
                terms.append(f"all({call}(each) for each in {source})")
            else:
                terms.append(f"({source} is None or {call}({source}))")
    return f"\n\ndef _finite_{message.snake}(x: s.{message.name}) -> bool:\n    return {' and '.join(terms)}\n"
