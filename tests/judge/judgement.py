"""What the harness found in an implementation, held against what it had to find."""

from __future__ import annotations

from dataclasses import dataclass

from qbridge_harness.engine import Report
from tests.judge.expected import Expected


@dataclass(frozen=True, slots=True)
class Judgement:
    """One implementation, judged."""

    expected: Expected
    found: frozenset[str] = frozenset()
    """The rules that failed cases tripped."""
    witnesses: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    """(case, reason, rules) of each failed case."""
    errors: tuple[str, ...] = ()
    """Why there is no verdict: the harness broke, or nothing could be judged."""
    passed: int = 0
    seconds: float = 0.0

    @property
    def missing(self) -> frozenset[str]:
        """The rules that should be red and are not."""
        return self.expected.breaks - self.found

    @property
    def extra(self) -> frozenset[str]:
        """The rules that are red and should not be."""
        return self.found - self.expected.breaks

    @property
    def ok(self) -> bool:
        """Whether the judge was right."""
        spotless = not self.witnesses or not self.expected.conforms
        return spotless and not (self.missing or self.extra or self.errors) and bool(self.passed)

    @property
    def verdict(self) -> str:
        """What the harness said of the implementation."""
        if self.errors:
            return "error"
        return "red" if self.witnesses else "green"

    def line(self, width: int) -> str:
        """The verdict in a line, and what is wrong with it in the lines below."""
        mark = "ok " if self.ok else "BAD"
        rules = ", ".join(sorted(self.expected.breaks)) or f"{self.passed} cases passed"
        lines = [f"{mark} {self.expected.name:{width}} {self.verdict:5} {self.seconds:5.1f} s  {rules}"]
        lines += [f"      missing {rule}: nothing found it broken" for rule in sorted(self.missing)]
        for rule in sorted(self.extra):
            case, reason, _ = next(each for each in self.witnesses if rule in each[2])
            lines.append(f"      extra   {rule}: {case}: {reason[:300]}")
        if self.expected.conforms:
            lines += [f"      failed  {case}: {reason[:300]}" for case, reason, _ in self.witnesses]
        lines += [f"      error   {error[:300]}" for error in self.errors]
        return "\n".join(lines)


def judgement_of(expected: Expected, reports: list[Report], seconds: float) -> Judgement:
    """The judgement of one implementation from the reports on it."""
    cases = [case for report in reports for case in report.cases]
    failed = [case for case in cases if case.verdict == "failed"]
    return Judgement(
        expected=expected,
        found=frozenset(rule for case in failed for rule in case.tripped),
        witnesses=tuple((case.id, case.reason, tuple(case.tripped)) for case in failed),
        errors=tuple(f"{case.id}: {case.reason}" for case in cases if case.verdict == "error" or case.untestable),
        passed=sum(case.verdict == "passed" for case in cases),
        seconds=seconds,
    )
