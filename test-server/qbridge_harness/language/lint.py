"""What can be known to be wrong before anything is sent: names of RPCs, fields, rules, variables, streams, operators.

It walks the data as written, beside the typed suite, so that each problem has its place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from google.protobuf.descriptor import Descriptor

from qbridge_harness.contract import Contract, Rpc
from qbridge_harness.contract.pool import json_names
from qbridge_harness.language import values
from qbridge_harness.language.document import Document, Path
from qbridge_harness.language.matchers import OPERATORS, matcher_problems
from qbridge_harness.language.model import PHASES, Suite
from qbridge_harness.language.problems import Problem, closest
from qbridge_harness.language.steps import kind_of

EXPECTS: dict[str, frozenset[str]] = {
    "call": frozenset({"result", "error", "status", "headers", "duration_s"}),
    "rest": frozenset({"status", "headers", "body", "text", "duration_s"}),
    "grpc": frozenset({"status", "message", "messages", "error", "metadata", "trailers", "duration_s"}),
    "sse": frozenset({"status", "events", "error", "duration_s"}),
    "ws": frozenset({"status", "messages", "error", "close_code", "duration_s"}),
    "open": frozenset({"error", "status"}),
    "receive": frozenset({"messages", "last", "ended", "error", "close_code"}),
    "collect": frozenset({"results", "late_accepted", "error"}),
    "observe": frozenset(
        {"attached", "attaches", "batches", "sizes", "items", "effects", "results_sent", "go_away", "error"}
    ),
    "leave_one_out": frozenset({"accuracy", "neighbours", "queries"}),
    "recall": frozenset({"recall", "queries"}),
}
"""Kind of step -> what its outcome has."""

_MATCHERS = ("expect", "until", "unless", "is", "when")
_FREE = ("google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.Timestamp", "google.protobuf.ListValue")


def lint_suite(document: Document, suite: Suite, contract: Contract, rules: Collection[str] | None) -> list[Problem]:
    """Every problem of a suite that has the right form."""
    linter = _Linter(document, contract)
    names: set[str] = set()
    for number, case in enumerate(suite.cases):
        path: Path = ("cases", number)
        if case.name in names:
            linter.problem((*path, "name"), f"Two cases are named {case.name!r}.", "rename one of them.")
        names.add(case.name)
        if not (case.act or case.assert_):
            linter.problem(path, f"The case {case.name!r} does nothing.", "add steps under `act:` or `assert:`.")
        for index, rule in enumerate(case.proves):
            if rules is not None and rule not in rules:
                linter.problem((*path, "proves", index), f"There is no rule {rule}.", closest(rule, rules))
        linter.case(suite, number)
    return linter.problems


class _Linter:
    """Collects the problems of one document."""

    def __init__(self, document: Document, contract: Contract) -> None:
        self.document = document
        self.contract = contract
        self.problems: list[Problem] = []
        self.variables: set[str] = set()
        self.streams: dict[str, str] = {}
        self.backends: set[str] = set()

    def problem(self, path: Path, message: str, fix: str) -> None:
        self.problems.append(Problem(self.document.where(path), message, fix))

    def case(self, suite: Suite, number: int) -> None:
        case = suite.cases[number]
        needed = {needs.variable for needs in (suite.needs, case.needs) if needs.variable}
        axes = set(suite.axes) | set(case.axes)
        self.variables = set(values.BUILT_IN) | set(suite.vars) | set(case.vars) | axes | needed
        self.streams, self.backends = {}, set()
        raw = self.document.data["cases"][number]
        for key in ("vars", "axes"):
            self.references(raw.get(key), ("cases", number, key))
        for phase in PHASES:
            for index, step in enumerate(raw.get(phase) or ()):
                self.step(step, ("cases", number, phase, index))

    def references(self, value: Any, path: Path) -> None:
        for place, text in _texts(value, path):
            for reference in values.references(text):
                name = values.head(reference)
                if reference in values.FRESH or reference.startswith(("now+", "now-")):
                    continue
                maker, opened, size = reference.partition("(")
                if opened and maker in values.SIZED:
                    name = "unique" if size.rstrip(")").isdigit() else values.head(size)
                if name == "new":
                    self.problem(place, f"There is no ${{{reference}}}.", closest(reference, values.FRESH))
                elif name not in self.variables:
                    self.problem(place, f"The variable {name!r} is not set here.", closest(name, self.variables))

    def step(self, step: dict[str, Any], path: Path) -> None:
        kind = kind_of(step) or ""
        if kind == "repeat":
            self.repeat(step, path)
            return
        if kind == "wait_until":
            self.step(step["wait_until"], (*path, "wait_until"))
            self.matchers({key: value for key, value in step.items() if key != "wait_until"}, path, "wait_until")
            return
        self.references(step, path)
        self.matchers(step, path, kind)
        self.names(kind, step, path)
        self.variables |= set(step.get("capture") or ())
        if kind == "set":
            self.variables |= set(step["set"] or ())
        if kind in ("data", "backend"):
            self.variables.add(str(step["as"]))

    def repeat(self, step: dict[str, Any], path: Path) -> None:
        self.references(step.get("over"), (*path, "over"))
        if (step.get("times") is None) == (step.get("over") is None):
            self.problem(path, "A repeat needs either `times` or `over`.", "write `times: 3` or `over: [...]`.")
        self.variables.add(str(step.get("as", "item")))
        for index, child in enumerate(step["repeat"] or ()):
            self.step(child, (*path, "repeat", index))

    def matchers(self, step: dict[str, Any], path: Path, kind: str) -> None:
        for key in _MATCHERS:
            if key in step:
                for place, message, sign in matcher_problems(step[key], (*path, key)):
                    self.problem(place, message, closest(sign, OPERATORS) if sign else "see the guide to matchers.")
        known = EXPECTS.get(kind)
        expected = step.get("expect")
        if known is None or not isinstance(expected, dict):
            return
        for key in expected:
            if key not in known and not str(key).startswith("$"):
                self.problem((*path, "expect", key), f"A {kind} step has no outcome {key!r}.", closest(str(key), known))
        self.error_code(expected.get("error"), (*path, "expect", "error"))

    def error_code(self, expected: Any, path: Path) -> None:
        code = expected.get("code") if isinstance(expected, dict) else expected
        if isinstance(code, str) and "$" not in code and code not in self.contract.errors:
            self.problem(path, f"The error table has no {code!r}.", closest(code, self.contract.errors))

    def names(self, kind: str, step: dict[str, Any], path: Path) -> None:
        """The names that a step refers to: RPCs, fields, streams, backends."""
        if kind in ("call", "grpc", "open"):
            self.rpc(kind, step, path)
        if kind == "open":
            self.streams[str(step["as"])] = str(step["open"])
        elif kind in ("send", "receive", "collect", "close"):
            name = str(step[kind])
            if name not in self.streams:
                self.problem((*path, kind), f"No stream {name!r} is open here.", closest(name, self.streams))
            elif kind == "send" and not step.get("invalid"):
                rpc = self.contract.find_rpc("Backend.Execute" if self.streams[name] == "Execute" else "Session")
                if rpc is not None:
                    self.fields(rpc.request, step["message"], (*path, "message"))
        elif kind == "backend":
            self.backends.add(str(step["as"]))
        elif kind in ("tell", "observe") and str(step[kind]) not in self.backends:
            self.problem((*path, kind), f"No backend {step[kind]!r} is here.", closest(str(step[kind]), self.backends))

    def rpc(self, kind: str, step: dict[str, Any], path: Path) -> None:
        name = str(step[kind])
        rpc = self.contract.find_rpc("Backend.Execute" if name == "Execute" else name)
        if rpc is None:
            known = [*self.contract.rpcs, *(r.method for r in self.contract.rpcs.values())]
            self.problem((*path, kind), f"The contract has no RPC {name!r}.", closest(name, known))
            return
        if kind == "call" and (rpc.client_streaming or rpc.server_streaming):
            self.problem((*path, kind), f"{name} is a stream.", f"write `open: {rpc.method}`.")
        if step.get("invalid"):
            return
        if kind == "grpc":
            for index, message in enumerate(step.get("send") or ()):
                self.fields(rpc.request, message, (*path, "send", index))
        else:
            self.fields(_asked(rpc), step.get("with"), (*path, "with"))

    def fields(self, descriptor: Descriptor, value: Any, path: Path) -> None:
        """Keys of a message that its type does not have."""
        if descriptor.full_name in _FREE or not isinstance(value, dict):
            return
        names = json_names(descriptor)
        for key, item in value.items():
            field = names.get(key)
            if field is None:
                if not key.startswith("${"):
                    known = [each.json_name for each in descriptor.fields]
                    self.problem((*path, key), f"{descriptor.name} has no field {key!r}.", closest(key, known))
                continue
            kind = field.message_type
            if kind is not None and not kind.GetOptions().map_entry:
                for place, member in _members(item, (*path, key)):
                    self.fields(kind, member, place)


def _asked(rpc: Rpc) -> Descriptor:
    return rpc.asks


def _members(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, list):
        yield from (((*path, index), item) for index, item in enumerate(value))
    else:
        yield path, value


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every text of a value with its place."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key), str(key)
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))
