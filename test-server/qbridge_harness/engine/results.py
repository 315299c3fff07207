"""What came of a run: plain data that every report is written from."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from qbridge_harness.contract import Violation
from qbridge_harness.log import Message

Verdict = Literal["passed", "failed", "skipped"]


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

    def count(self, verdict: Verdict) -> int:
        """How many cases have this verdict."""
        return sum(case.verdict == verdict for case in self.cases)

    @property
    def summary(self) -> str:
        """The line that a terminal report closes with."""
        text = f"{self.count('passed')} passed, {self.count('failed')} failed"
        skipped = self.count("skipped")
        return f"{text}, {skipped} skipped" if skipped else text

    @property
    def ok(self) -> bool:
        """Whether nothing failed, and something was tried."""
        return not self.count("failed") and bool(self.count("passed"))

    def rules(self) -> dict[str, dict[str, str]]:
        """Rule -> transport -> the worst verdict of the cases that prove it."""
        worst = {"failed": 2, "passed": 1, "skipped": 0}
        table: dict[str, dict[str, str]] = {}
        for case in self.cases:
            transport = str(case.axes.get("transport", "any"))
            for rule in case.proves:
                row = table.setdefault(rule, {})
                if worst[case.verdict] >= worst[row.get(transport, "skipped")]:
                    row[transport] = case.verdict
        return dict(sorted(table.items()))

    def coverage(self) -> dict[str, int]:
        """`Service/Method transport outcome` -> in how many cases it was seen."""
        return dict(sorted(Counter(seen for case in self.cases for seen in case.coverage).items()))

    def to_json(self) -> dict[str, Any]:
        """The report as plain data."""
        counts = {verdict: self.count(verdict) for verdict in ("passed", "failed", "skipped")}
        document = asdict(self)
        extra = {"summary": self.summary, "counts": counts, "rules": self.rules(), "coverage": self.coverage()}
        return {key: value for key, value in document.items() if key != "cases"} | extra | {"cases": document["cases"]}
