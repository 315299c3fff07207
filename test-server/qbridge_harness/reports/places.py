"""Where a promise is written: the line of a rule, of an RPC in the proto, of an operation in the OpenAPI document.

A checkout has all three. An installed harness has the rules and the OpenAPI document; an RPC is then found in that one.
Paths are always those of the checkout, so that findings land on the right file in code review.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path

from qbridge_harness.contract import Violation
from qbridge_harness.rules import rules_folder

_RULE = re.compile(r"\s*-\s*id:\s*['\"]?([A-Z][A-Z0-9-]*-\d+)")
_SERVICE = re.compile(r"service (\w+)")
_RPC = re.compile(r"\s+rpc (\w+)\(")
_PATH = re.compile(r'    "(/[^"]*)": \{')
_VERB = re.compile(r'      "(get|post|put|patch|delete)": \{')
_DOOR = re.compile(r'\s+"x-qbridge-rpc": "/qbridge\.v1\.([^"]+)"')
_HTTP = re.compile(r"([A-Z]+) (/[^\s?]*)")
_OVER = re.compile(r"(\w+/\w+) \(\w+\)")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file of the contract."""

    path: str
    line: int


class Places:
    """Finds lines; each file is read when it is first needed."""

    def rule(self, rule_id: str) -> Place | None:
        """The row of a rule."""
        return self._rules.get(rule_id)

    def rpc(self, name: str) -> Place | None:
        """The declaration of `Service/Method`; of the proto where it is there, or else of the OpenAPI document."""
        return self._protos.get(name) or self._doors.get(name)

    def operation(self, method: str, path: str) -> Place | None:
        """The OpenAPI operation behind a method and a concrete path, or a template of one."""
        for verb, pattern, place in self._operations:
            if verb == method and pattern.fullmatch(path):
                return place
        return None

    def violation(self, violation: Violation) -> Place | None:
        """What of the contract a message broke."""
        over = _OVER.match(violation.where)
        if over:
            return self.rpc(over[1])
        http = _HTTP.match(violation.where)
        return self.operation(http[1], http[2]) if http else None

    @cached_property
    def _rules(self) -> dict[str, Place]:
        folder = rules_folder()
        found = {}
        for file in sorted(folder.glob("*.yaml")) if folder else ():
            for number, line in _lines(file.read_text(encoding="utf-8")):
                row = _RULE.match(line)
                if row:
                    found[row[1]] = Place(f"contracts/rules/{file.name}", number)
        return found

    @cached_property
    def _protos(self) -> dict[str, Place]:
        root = Path(__file__).parents[3]
        found = {}
        for file in sorted((root / "contracts" / "proto").rglob("*.proto")):
            service = ""
            for number, line in _lines(file.read_text(encoding="utf-8")):
                begins, declares = _SERVICE.match(line), _RPC.match(line)
                service = begins[1] if begins else service
                if declares:
                    found[f"{service}/{declares[1]}"] = Place(file.relative_to(root).as_posix(), number)
        return found

    @cached_property
    def _openapi(self) -> list[tuple[int, str]]:
        return list(_lines((files("qbridge_contract") / "openapi.json").read_text(encoding="utf-8")))

    @cached_property
    def _operations(self) -> list[tuple[str, re.Pattern[str], Place]]:
        found = []
        path = ""
        for number, line in self._openapi:
            opens, verb = _PATH.match(line), _VERB.match(line)
            path = opens[1] if opens else path
            if verb and path:
                # A parameter is one segment, as a template of another spelling is too.
                pattern = re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/:]+", re.escape(path)))
                found.append((verb[1].upper(), pattern, Place("contracts/openapi/openapi.json", number)))
        return found

    @cached_property
    def _doors(self) -> dict[str, Place]:
        doors = ((number, _DOOR.match(line)) for number, line in self._openapi)
        return {door[1]: Place("contracts/openapi/openapi.json", number) for number, door in doors if door}


def _lines(text: str) -> Iterator[tuple[int, str]]:
    return enumerate(text.splitlines(), 1)
