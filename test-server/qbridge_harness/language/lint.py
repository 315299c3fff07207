"""What can be known to be wrong before anything is sent: names of RPCs, fields, rules, variables, streams, operators.

It walks the data as written, beside the typed suite, so that each problem has its place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from google.protobuf.descriptor import Descriptor

from qbridge_harness.contract import Contract
from qbridge_harness.language import values
from qbridge_harness.language.barriers import uneven_barriers
from qbridge_harness.language.document import Document, Path
from qbridge_harness.language.flow_steps import WAYS
from qbridge_harness.language.matchers import OPERATORS, matcher_problems
from qbridge_harness.language.message_fields import unknown_fields
from qbridge_harness.language.model import PHASES, Suite
from qbridge_harness.language.outcomes import EXPECTS, JUDGES_ITSELF
from qbridge_harness.language.problems import Problem, closest
from qbridge_harness.language.steps import kind_of

_MATCHERS = ("expect", "until", "unless", "is", "when")
_HOLDERS = ("repeat", "parallel", "use", "wait_until", "barrier", "set", "check")
"""What cannot be waited for: it asks nobody anything, and has no outcome of its own."""


def lint_suite(
    document: Document,
    suite: Suite,
    contract: Contract,
    rules: Collection[str] | None,
    unknown: Collection[str] = (),
) -> list[Problem]:
    """Every problem of a suite that has the right form.

    `unknown` are the words of what had another form and was taken out: it may have set, opened or registered them.
    """
    linter = _Linter(document, contract, suite, unknown)
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
    # A fragment is looked at once for each use; the same mistake in it is told once.
    return list(dict.fromkeys(linter.problems))


class _Linter:
    """Collects the problems of one document."""

    def __init__(self, document: Document, contract: Contract, suite: Suite, unknown: Collection[str]) -> None:
        self.document = document
        self.contract = contract
        self.unknown = unknown
        self.complete = suite.complete
        self.problems: list[Problem] = []
        self.variables: set[str] = set()
        self.streams: dict[str, str] = {}
        self.backends: set[str] = set()
        self.readings: set[str] = set()
        self.proves: list[str] = []
        self.branches = False
        """Whether the step at hand stands in a branch."""

    def problem(self, path: Path, message: str, fix: str) -> None:
        self.problems.append(Problem(self.document.where(path), message, fix))

    def strange(self, name: str, known: Collection[str]) -> bool:
        """Whether nothing can have made the name: no sound step has, no other could, and no file is missing."""
        return self.complete and name not in known and name not in self.unknown

    def case(self, suite: Suite, number: int) -> None:
        case = suite.cases[number]
        needed = {needs.variable for needs in (suite.needs, case.needs) if needs.variable}
        axes = set(suite.axes) | set(case.axes)
        self.variables = set(values.BUILT_IN) | set(suite.variables) | set(suite.all_secrets) | set(case.vars)
        self.variables |= axes | needed
        self.streams, self.backends, self.proves = {}, set(), case.proves
        self.readings = set()
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
                elif self.strange(name, self.variables):
                    self.problem(place, f"The variable {name!r} is not set here.", closest(name, self.variables))

    def step(self, step: dict[str, Any], path: Path) -> None:
        kind = kind_of(step) or ""
        for index, rule in enumerate(step.get("proves") or ()):
            if self.strange(rule, self.proves):
                self.problem((*path, "proves", index), f"The case does not prove {rule}.", closest(rule, self.proves))
        for key in ("expect", "capture"):
            if kind in _HOLDERS and step.get(key):
                text = f"A {kind} step has no outcome of its own."
                self.problem((*path, key), text, f"write `{key}` in the step that has one, or take it out.")
        holder = {"repeat": self.repeat, "parallel": self.parallel, "use": self.use}.get(kind)
        if holder is not None:
            holder(step, path)
            return
        if kind == "wait_until":
            self.wait_until(step, path)
        if kind in ("wait_until", "idempotent", "load"):
            self.step(step[kind], (*path, kind))
            rest = {key: value for key, value in step.items() if key != kind}
            self.references(rest, path)
            self.matchers(rest, path, kind)
            self.variables |= set(step.get("capture") or ())
            if kind == "idempotent":
                self.idempotent(step, path)
            return
        self.references(step, path)
        self.matchers(step, path, kind)
        self.names(kind, step, path)
        self.sizes(step, path)
        self.variables |= set(step.get("capture") or ())
        if kind == "set":
            self.variables |= set(step["set"] or ())
        if kind in ("data", "backend"):
            self.variables.add(str(step["as"]))
        if kind == "barrier" and not self.branches:
            self.problem(path, "A barrier stands outside of `parallel`.", "put it into each branch of one.")

    def wait_until(self, step: dict[str, Any], path: Path) -> None:
        kind = kind_of(step["wait_until"])
        place = (*path, "wait_until")
        if kind in _HOLDERS:
            fix = "wait for a step that asks: `call`, `observe`, ..."
            self.problem(place, f"A {kind} step cannot be waited for.", fix)
        elif kind not in JUDGES_ITSELF and not step["wait_until"].get("expect"):
            fix = "say in the step what to wait for: `expect: {...}`."
            self.problem((*place, kind or ""), f"Without `expect`, {kind} holds at once, whatever it finds.", fix)

    def use(self, step: dict[str, Any], path: Path) -> None:
        self.references(step.get("vars"), (*path, "vars"))
        self.variables |= set(step.get("vars") or ())
        for index, child in enumerate(step.get("steps") or ()):
            self.step(child, (*path, "steps", index))

    def parallel(self, step: dict[str, Any], path: Path) -> None:
        if self.branches:
            self.problem(path, "A `parallel` step stands inside of another.", "make it one, with more branches.")
            return
        self.branches = True
        for branch, steps in step["parallel"].items():
            for index, child in enumerate(steps or ()):
                self.step(child, (*path, "parallel", branch, index))
        self.branches = False
        for name, missing in uneven_barriers(step["parallel"]):
            text = f"Not every branch comes to the barrier {name!r} equally often."
            self.problem(path, text, f"add `barrier: {name}` to {missing}.")

    def idempotent(self, step: dict[str, Any], path: Path) -> None:
        ways = step.get("how") or WAYS
        if "conflict" in ways and step.get("change") is None:
            self.problem(
                path, "The way `conflict` needs another body.", "write `change: {...}`, or leave it out of `how`."
            )
        worker = str(step.get("worker") or "")
        if worker and self.strange(worker, self.backends):
            self.problem((*path, "worker"), f"No backend {worker!r} is here.", closest(worker, self.backends))
        asked = step["idempotent"].get("with")
        taken = {"key": "idempotencyKey", "id": "id"}.get(str(step.get("by", "key")), "")
        if isinstance(asked, dict) and taken in asked:
            place = (*path, "idempotent", "with", taken)
            self.problem(place, f"The step makes {taken!r} itself.", "take it out.")

    def sizes(self, step: dict[str, Any], path: Path) -> None:
        """Bodies larger than the harness sends."""
        size = step.get("filler_bytes")
        if isinstance(size, int) and size > values.SIZE_MAX:
            text = f"A body of {size} bytes is more than the harness sends, which is {values.SIZE_MAX}."
            self.problem((*path, "filler_bytes"), text, "make it smaller.")

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
            if self.strange(name, self.streams):
                self.problem((*path, kind), f"No stream {name!r} is open here.", closest(name, self.streams))
            elif kind == "send" and name in self.streams and not step.get("invalid"):
                rpc = self.contract.find_rpc("Backend.Execute" if self.streams[name] == "Execute" else "Session")
                if rpc is not None:
                    self.fields(rpc.request, step["message"], (*path, "message"))
        elif kind == "backend":
            self.backends.add(str(step["as"]))
        elif kind == "metrics":
            since = step.get("since")
            if since is not None and self.strange(since, self.readings):
                fix = closest(str(since), self.readings)
                self.problem((*path, "since"), f"No reading {since!r} stands before this one.", fix)
            self.readings.add(str(step["metrics"]))
        elif kind in ("tell", "observe") and self.strange(str(step[kind]), self.backends):
            self.problem((*path, kind), f"No backend {step[kind]!r} is here.", closest(str(step[kind]), self.backends))

    def fields(self, descriptor: Descriptor, value: Any, path: Path) -> None:
        """Keys of a message that its type does not have."""
        for place, message, fix in unknown_fields(descriptor, value, path):
            self.problem(place, message, fix)

    def rpc(self, kind: str, step: dict[str, Any], path: Path) -> None:
        name = str(step[kind])
        rpc = self.contract.find_rpc("Backend.Execute" if name == "Execute" else name)
        if rpc is None:
            self.problem((*path, kind), f"The contract has no RPC {name!r}.", self.nearest_rpc(name))
            return
        if kind == "call" and (rpc.client_streaming or rpc.server_streaming):
            self.problem((*path, kind), f"{name} is a stream.", f"write `open: {rpc.method}`.")
        if step.get("invalid"):
            return
        if kind == "grpc":
            for index, message in enumerate(step.get("send") or ()):
                self.fields(rpc.request, message, (*path, "send", index))
        else:
            self.fields(rpc.asks, step.get("with"), (*path, "with"))

    def nearest_rpc(self, name: str) -> str:
        """The fix for an unknown RPC: its name with the service, or the nearest name that cases may write."""
        short = {
            full.replace("Service/", ".").removeprefix("Bridge."): rpc.method
            for full, rpc in self.contract.rpcs.items()
        }
        with_service = [each for each, method in short.items() if method == name]
        return f"did you mean {with_service[0]!r}?" if with_service else closest(name, [*short, *self.contract.rpcs])


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
