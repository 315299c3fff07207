"""valid.py: the rules of protovalidate as straight-line Python, for the hot path.

It answers only whether all rules hold; which one does not, protovalidate itself says. A rule that has no
translation here is refused, so that nothing is ever passed over.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from generators.model import Contract, Field, Message, Oneof
from generators.text import module

_HEAD = """
import re
from collections.abc import Callable
from math import isfinite
from typing import Any

from msgspec import UNSET

from qbridge_contract import structs as s


def _always(x: Any) -> bool:
    return True

"""
_BOUNDS = ("gte", "lte", "gt", "lt")
_OPERATORS = {"gte": ">=", "lte": "<=", "gt": ">", "lt": "<"}
_NUMBERS = ("int32", "uint32", "int64", "uint64", "float", "double")
_KNOWN = {
    "string": {"pattern", "min_len", "max_len", "in"},
    "repeated": {"min_items", "max_items", "unique", "items"},
    "map": {"max_pairs", "min_pairs", "keys", "values"},
    "enum": {"defined_only"},
    **{kind: {*_BOUNDS, "finite"} for kind in _NUMBERS},
}


def emit(contract: Contract) -> str:
    """The text of valid.py. Raises SystemExit for a rule that has no translation."""
    return _Emitter(contract).text()


class _Emitter:
    """Collects the patterns while it writes the functions."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._patterns: dict[str, str] = {}

    def text(self) -> str:
        """The whole module."""
        messages = [message for message in self._contract.messages if self._matters(message.name)]
        functions = "".join(self._function(message) for message in messages)
        patterns = "".join(
            f'{name} = re.compile(r"{pattern}", re.ASCII).fullmatch\n' for pattern, name in self._patterns.items()
        )
        names = {message.name for message in messages}
        rows = "".join(
            f"    s.{message.name}: {f'_{message.snake}' if message.name in names else '_always'},\n"
            for message in self._contract.messages
        )
        table = (
            f"\n\nVALID: dict[type, Callable[[Any], bool]] = {{\n{rows}}}\n"
            '"""True where a struct that `json` or `convert` has made keeps every rule of the contract."""\n'
        )
        doc = "The rules of the contract as straight-line code: whether a struct keeps them all, and no more."
        return module(doc, _HEAD + patterns + functions + table)

    def _matters(self, name: str) -> bool:
        """True where the message, or one inside it, has a rule."""
        if any(oneof.required for oneof in self._contract.message(name).oneofs):
            return True
        return self._contract.reaches(name, lambda message, item: self._has_rule(message, item))

    def _has_rule(self, message: Message, item: Field) -> bool:
        inner = item.kind == "message" and any(o.required for o in self._contract.message(item.type_name).oneofs)
        return item.rules is not None or inner

    def _function(self, message: Message) -> str:
        head = f"\n\ndef _{message.snake}(x: s.{message.name}) -> bool:\n"
        if len(message.oneofs) == 1 and len(message.oneofs[0].members) == len(message.fields):
            return head + self._choice(message, message.oneofs[0])
        terms = [term for item in message.fields for term in self._field(message, item)]
        terms += [_one_of(oneof) for oneof in message.oneofs if oneof.required]
        return head + f"    return {' and '.join(terms)}\n"

    def _choice(self, message: Message, oneof: Oneof) -> str:
        """A message that is a oneof and nothing else: the first member that is set decides."""
        lines = ["    y: Any\n"]
        for item in oneof.members:
            absent = "UNSET" if item.kind == "value" else "None"
            terms = self._present(message, item, "y")
            lines.append(f"    if (y := x.{item.py_name}) is not {absent}:\n")
            lines.append(f"        return {' and '.join(terms) or 'True'}\n")
        return "".join([*lines, f"    return {not oneof.required}\n"])

    def _field(self, message: Message, item: Field) -> Iterable[str]:
        """What must hold of a field, as expressions."""
        source = f"x.{item.py_name}"
        where = f"{message.name}.{item.name}"
        required = bool(item.rules is not None and item.rules.required)
        if required and item.kind != "message":
            raise SystemExit(f"{where}: `required` is translated for messages only; use min_len or gte.")
        terms = self._present(message, item, source)
        if not item.presence:
            ignored = item.rules is not None and ignore_of(item) == "IGNORE_IF_ZERO_VALUE"
            return [f"(not {source} or {_and(terms)})"] if ignored and terms else terms
        absent = "UNSET" if item.kind == "value" else "None"
        if required:
            return [f"{source} is not None", *terms]
        return [f"({source} is {absent} or {_and(terms)})"] if terms else []

    def _present(self, message: Message, item: Field, source: str) -> list[str]:
        """What must hold of a field's value, given that it is there."""
        where = f"{message.name}.{item.name}"
        _refuse_unknown(where, item)
        if item.kind == "map":
            return self._map(where, item, source)
        if item.repeated:
            return self._list(where, item, source)
        return self._single(where, item, item.rules, source)

    def _single(self, where: str, item: Field, rules: Any, source: str) -> list[str]:
        if item.kind == "message":
            matters = self._matters(item.type_name)
            return [f"_{self._contract.message(item.type_name).snake}({source})"] if matters else []
        if rules is None or item.kind == "enum":
            return []  # A struct holds no enum value that the contract lacks.
        if item.kind == "string":
            return self._string(where, rules.string, source)
        return _number(getattr(rules, item.kind), source) if item.kind in _NUMBERS else []

    def _string(self, where: str, rules: Any, source: str) -> list[str]:
        terms = []
        if rules.HasField("min_len") or rules.HasField("max_len"):
            terms.append(_between(f"len({source})", rules, "min_len", "max_len"))
        if rules.pattern:
            terms.append(f"{self._pattern(where, rules.pattern)}({source}) is not None")
        if getattr(rules, "in"):
            terms.append(f"{source} in {tuple(getattr(rules, 'in'))!r}")
        return terms

    def _pattern(self, where: str, pattern: str) -> str:
        """The name of a compiled pattern. RE2's `$` is the very end, Python's is not: so the whole must match."""
        if not (pattern.startswith("^") and pattern.endswith("$")) or "|" in pattern or '"' in pattern:
            raise SystemExit(f"{where}: a pattern must be ^...$ without | to be translated: {pattern}")
        name = f"_{where.rsplit('.', 1)[1].upper()}"
        if pattern[1:-1] not in self._patterns:
            taken = set(self._patterns.values())
            free = (name if at == 1 else f"{name}_{at}" for at in range(1, 99))
            self._patterns[pattern[1:-1]] = next(each for each in free if each not in taken)
        return self._patterns[pattern[1:-1]]

    def _list(self, where: str, item: Field, source: str) -> list[str]:
        rules = item.rules.repeated if item.rules is not None else None
        terms = []
        if rules is not None and (rules.HasField("min_items") or rules.HasField("max_items")):
            terms.append(_between(f"len({source})", rules, "min_items", "max_items"))
        if rules is not None and rules.unique:
            terms.append(f"len(set({source})) == len({source})")
        inner = rules.items if rules is not None and rules.HasField("items") else None
        return terms + _each(self._single(where, item, inner, "each"), source)

    def _map(self, where: str, item: Field, source: str) -> list[str]:
        rules = item.rules.map if item.rules is not None else None
        if rules is None:
            return []
        assert item.key is not None
        assert item.value is not None
        terms = []
        if rules.HasField("min_pairs") or rules.HasField("max_pairs"):
            terms.append(_between(f"len({source})", rules, "min_pairs", "max_pairs"))
        if rules.HasField("keys"):
            terms += _each(self._single(where, item.key, rules.keys, "each"), source)
        if rules.HasField("values"):
            terms += _each(self._single(where, item.value, rules.values, "each"), f"{source}.values()")
        return [f"(not {source} or {_and(terms)})"] if terms and not rules.min_pairs else terms


def ignore_of(item: Field) -> str:
    """The name of the field's `ignore`."""
    rules = item.rules
    names = rules.DESCRIPTOR.fields_by_name["ignore"].enum_type.values_by_number
    return str(names[rules.ignore].name)


def _refuse_unknown(where: str, item: Field) -> None:
    """Raises SystemExit for a rule that the functions above do not know."""
    if item.rules is None:
        return
    kind = "map" if item.kind == "map" else "repeated" if item.repeated else item.kind
    for descriptor, value in item.rules.ListFields():
        name = descriptor.name
        if name == "ignore" and ignore_of(item) in ("IGNORE_UNSPECIFIED", "IGNORE_IF_ZERO_VALUE"):
            continue
        if name == "required" or (name == kind and not _strange(value, _KNOWN.get(kind, set()))):
            continue
        raise SystemExit(f"{where}: the rule {name} is not translated by {__name__}.")


def _strange(rules: Any, known: set[str]) -> bool:
    """True where a set of rules has one that is not known, or one inside `items`, `keys` or `values` is not."""
    for descriptor, value in rules.ListFields():
        if descriptor.name not in known:
            return True
        if descriptor.name in ("items", "keys", "values"):
            inner = value.ListFields()
            if any(_strange(rule, _KNOWN.get(kind.name, set())) for kind, rule in inner if kind.message_type) or any(
                not kind.message_type for kind, _ in inner
            ):
                return True
    return False


def _number(rules: Any, source: str) -> list[str]:
    bounds = [(name, getattr(rules, name)) for name in _BOUNDS if rules.HasField(name)]
    terms = []
    if {name for name, _ in bounds} == {"gte", "lte"}:
        low, high = (repr(value) for _, value in bounds)
        terms.append(f"{low} <= {source} <= {high}")  # Which NaN and the infinities are not.
    else:
        terms += [f"{source} {_OPERATORS[name]} {value!r}" for name, value in bounds]
        if getattr(rules, "finite", False):
            terms.append(f"isfinite({source})")
    return terms


def _between(value: str, rules: Any, low: str, high: str) -> str:
    if not rules.HasField(low):
        return f"{value} <= {getattr(rules, high)}"
    if not rules.HasField(high):
        return f"{value} >= {getattr(rules, low)}"
    return f"{getattr(rules, low)} <= {value} <= {getattr(rules, high)}"


def _each(terms: list[str], source: str) -> list[str]:
    """The terms for all elements; a single call is mapped, which is quicker than a loop."""
    if not terms:
        return []
    if len(terms) == 1 and terms[0].endswith("(each)"):
        return [f"all(map({terms[0].removesuffix('(each)')}, {source}))"]
    return [f"all([{_and(terms)} for each in {source}])"]


def _one_of(oneof: Oneof) -> str:
    parts = [f"x.{item.py_name} is not {'UNSET' if item.kind == 'value' else 'None'}" for item in oneof.members]
    return f"({' or '.join(parts)})"


def _and(terms: list[str]) -> str:
    return terms[0] if len(terms) == 1 else f"({' and '.join(terms)})"
