"""The report for a person at a terminal: a line a case while it runs, the failures at the end, then the count."""

from __future__ import annotations

from typing import TextIO

from qbridge_harness.engine.results import CaseResult, Report

_SIGNS = {"passed": ("32", "✓"), "failed": ("31", "✗"), "skipped": ("33", "-")}
_PROBLEMS_MAX = 6
_MESSAGES_SHOWN = 6
_FAILURES_SHOWN = 25


class Terminal:
    """Writes to a stream; colours only where it is a terminal."""

    def __init__(self, stream: TextIO, *, verbose: bool = False) -> None:
        self._stream = stream
        self._verbose = verbose
        self._colour = stream.isatty()

    def case(self, case: CaseResult) -> None:
        """One line for a case that has ended."""
        colour, sign = _SIGNS[case.verdict]
        text = f"{self._paint(colour, sign)} {case.id}"
        if case.verdict == "skipped":
            text += f"  (skipped: {case.reason})"
        else:
            text += f"  {self._paint('2', f'{case.duration_ms:.0f} ms')}"
        self._line(text)

    def close(self, report: Report) -> None:
        """The failures in full, then the closing line."""
        failed = [case for case in report.cases if case.verdict == "failed"]
        if failed:
            self._line("\n" + self._paint("1;31", "Failures"))
        for case in failed[:_FAILURES_SHOWN]:
            self._failure(case)
        if len(failed) > _FAILURES_SHOWN:
            self._line(f"\n... and {len(failed) - _FAILURES_SHOWN} more; the JSON and HTML reports have them all.")
        proved = sum(all(verdict == "passed" for verdict in row.values()) for row in report.rules().values())
        self._line(
            f"\n{len(report.cases)} cases, {len(report.rules())} rules named, {proved} of them proved, "
            f"in {report.duration_s:.1f} s against {report.target} and {report.grpc}"
        )
        self._line(report.summary)

    def _failure(self, case: CaseResult) -> None:
        self._line(f"\n{self._paint('31', case.id)}  ({case.file}:{case.line})")
        self._line(f"  {case.reason}")
        problems = [(step, problem) for step in case.steps for problem in step.problems]
        for step, problem in problems[:_PROBLEMS_MAX]:
            self._line(f"    line {step.line}, {step.phase}, {step.title}: {problem}")
        for violation in case.violations[:_PROBLEMS_MAX]:
            self._line(f"    {violation}")
        shown = case.messages if self._verbose else case.messages[-_MESSAGES_SHOWN:]
        for message in shown:
            sign = "->" if message.direction == "sent" else "<-"
            text = message.text if self._verbose else message.text[:200]
            self._line(
                self._paint("2", f"    {message.at_ms:8.1f} ms {sign} {message.transport}: {message.title} {text}")
            )

    def _paint(self, colour: str, text: str) -> str:
        return f"\033[{colour}m{text}\033[0m" if self._colour else text

    def _line(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()
