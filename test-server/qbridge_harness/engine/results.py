"""What came of a run: plain data that every report is written from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from qbridge_harness.contract import Violation
from qbridge_harness.log import Message
from qbridge_harness.verdicts.shown import Shown, shown, worse

SCHEMA = 1
"""The version of the JSON report's form; it changes where a reader of the old form would go wrong."""

Verdict = Literal["passed", "failed", "error", "skipped"]
"""error: the harness could not judge, because it broke or its own message broke the contract."""
VERDICTS: tuple[Verdict, ...] = ("passed", "failed", "error", "skipped")

Stopped = Literal["", "interrupted", "gone", "broken"]
"""Why a run ended before its last case: somebody ended it, the target is gone, or the harness broke down."""

Outcome = Literal["passed", "failed", "error", "stale", "unreachable", "interrupted"]
_STOPPED: dict[Stopped, Outcome] = {"interrupted": "interrupted", "gone": "unreachable", "broken": "error"}
OF_AXIS = {"session": "grpc"}
"""Values of the axis `transport` that are ways to use a transport of the contract."""
UNTESTABLE = "untestable: "
"""How the reason of a failed case begins where a prerequisite is missing."""


@dataclass(slots=True)
class StepResult:
    """What came of one step; `number` is its place in the run of the case."""

    number: int
    phase: str
    kind: str
    title: str
    line: int
    verdict: Verdict = "passed"
    problems: list[str] = field(default_factory=list)
    attempts: int = 1
    started_ms: float = 0.0
    duration_ms: float = 0.0
    proves: list[str] = field(default_factory=list)
    """The rules that this step alone decides; empty where it decides all of its case's."""
    branch: str = ""
    """The branch of a `parallel` step in which it ran."""


@dataclass(slots=True)
class CaseResult:
    """What came of one case."""

    id: str
    suite: str
    name: str
    purpose: str
    file: str
    line: int
    axes: dict[str, Any]
    tags: list[str]
    proves: list[str]
    verdict: Verdict = "passed"
    reason: str = ""
    """Why it failed or was skipped, in one sentence; begins with `untestable:` where a prerequisite is missing."""
    started_at: str = ""
    duration_ms: float = 0.0
    steps: list[StepResult] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    messages_dropped: int = 0
    violations: list[Violation] = field(default_factory=list)
    coverage: list[str] = field(default_factory=list)
    tripped: list[str] = field(default_factory=list)
    """The rules that this case showed broken; empty unless it failed."""
    transports: list[str] = field(default_factory=list)
    """The transports that it judged: those over which messages went."""
    known: Literal["", "failing", "flaky"] = ""
    """Which list of known results names it."""

    @property
    def untestable(self) -> bool:
        """Whether it failed because a prerequisite is missing."""
        return self.verdict == "failed" and self.reason.startswith(UNTESTABLE)

    @property
    def red(self) -> bool:
        """Whether it turns the run red: a failure that no list knows, or an error of the harness, listed or not."""
        return self.verdict == "error" or (self.verdict == "failed" and not self.known)


@dataclass(slots=True)
class KnownEntry:
    """A line of known-failing.txt or known-flaky.txt, and what the run made of it."""

    kind: Literal["failing", "flaky"]
    pattern: str
    file: str
    line: int
    cases: list[str] = field(default_factory=list)
    """The cases of the run that it names."""
    state: Literal["holds", "stale", "unmatched", "idle"] = "idle"
    """holds: as written. stale: a case that must fail passed. unmatched: no case has such a name. idle: none ran."""
    reason: str = ""
    """What is wrong with the entry, and what to do about it."""

    @property
    def red(self) -> bool:
        """Whether the entry turns the run red."""
        return self.state in ("stale", "unmatched")


@dataclass(slots=True)
class Report:
    """A whole run."""

    run_id: str
    target: str
    grpc: str
    started_at: str
    harness_version: str
    contract_version: str
    capabilities: dict[str, Any] = field(default_factory=dict)
    duration_s: float = 0.0
    cases: list[CaseResult] = field(default_factory=list)
    seed: str = ""
    """What every id and random choice of the run derives from."""
    known: list[KnownEntry] = field(default_factory=list)
    command: str = ""
    """What runs a case again with `--only ID --seed SEED`, where the target was there for this run only."""
    stopped: Stopped = ""
    """Why the run ended before its last case; empty where it did not."""
    stop_reason: str = ""
    """The same in a sentence, which is the reason of every case that did not run."""

    def count(self, verdict: Verdict) -> int:
        """How many cases have this verdict."""
        return sum(case.verdict == verdict for case in self.cases)

    @property
    def counts(self) -> dict[str, int]:
        """Every verdict, and how many cases have it."""
        return {verdict: self.count(verdict) for verdict in VERDICTS}

    @property
    def ran(self) -> int:
        """How many cases were not cut off by an early end."""
        return sum(not (self.stopped and case.reason == self.stop_reason) for case in self.cases)

    @property
    def summary(self) -> str:
        """The line that a terminal report closes with."""
        text = f"{self.count('passed')} passed, {self.count('failed')} failed"
        baselined = sum(case.verdict == "failed" and not case.red for case in self.cases)
        text += f" ({baselined} of them known)" if baselined else ""
        errors, skipped = self.count("error"), self.count("skipped")
        text += f", {errors} error" + "s" * (errors > 1) if errors else ""
        return f"{text}, {skipped} skipped" if skipped else text

    @property
    def outcome(self) -> Outcome:
        """The run in one word; a failure outweighs an error, both outweigh a list that is no longer true.

        A run that ended early says why: nothing that it has not seen can be judged.
        """
        if self.stopped:
            return _STOPPED[self.stopped]
        red = {case.verdict for case in self.cases if case.red}
        if "failed" in red:
            return "failed"
        if "error" in red:
            return "error"
        if any(entry.red for entry in self.known):
            return "stale"
        tried = any(case.verdict != "skipped" for case in self.cases)
        return "passed" if tried else "failed"

    @property
    def ok(self) -> bool:
        """Whether nothing is red, and something was tried."""
        return self.outcome == "passed"

    def rules(self) -> dict[str, dict[str, Shown]]:
        """Rule -> transport -> the worst that the cases which prove it, or trip it, have shown.

        A case that judged no transport stands under that of its axis, and proves nothing there.
        """
        table: dict[str, dict[str, Shown]] = {}
        for case in self.cases:
            axis = str(case.axes.get("transport", "any"))
            for rule in {*case.proves, *case.tripped}:
                row = table.setdefault(rule, {})
                for transport in case.transports or [OF_AXIS.get(axis, axis)]:
                    found = shown(rule, transport, case.verdict, case.tripped, case.transports)
                    row[transport] = worse(found, row.get(transport, found))
        return dict(sorted(table.items()))

    def coverage(self) -> dict[str, int]:
        """`Service/Method transport outcome` -> in how many cases it was seen."""
        return dict(sorted(Counter(seen for case in self.cases for seen in case.coverage).items()))

    def to_json(self) -> dict[str, Any]:
        """The report as plain data."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        document = {"schema": SCHEMA} | plain
        cases = document.pop("cases")
        extra = {"outcome": self.outcome, "summary": self.summary, "counts": self.counts}
        return document | extra | {"rules": self.rules(), "coverage": self.coverage(), "cases": cases}
