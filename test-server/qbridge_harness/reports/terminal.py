"""The report for a person at a terminal: a line a case while it runs, what is red at the end, then the count."""

from __future__ import annotations

from typing import TextIO

from qbridge_harness.engine.results import CaseResult, Report
from qbridge_harness.language.plan import PlannedCase
from qbridge_harness.reports.progress import Progress
from qbridge_harness.reports.text import explain, known_note, mask, printable, run_again

_SIGNS = {"passed": ("32", "✓"), "failed": ("31", "✗"), "error": ("35", "!"), "skipped": ("33", "-")}
_PROBLEMS_MAX = 6
_MESSAGES_SHOWN = 6
_FAILURES_SHOWN = 25


class Terminal:
    """Writes to a stream; colours and a moving progress line only where it is a terminal."""

    def __init__(self, stream: TextIO, *, verbose: bool = False, planned: int = 0) -> None:
        self._stream = stream
        self._verbose = verbose
        self._colour = stream.isatty()
        self._progress = Progress(stream, planned) if self._colour and planned else None

    def started(self, planned: PlannedCase) -> None:
        """A case starts."""
        if self._progress:
            self._progress.started(planned.id)

    def case(self, case: CaseResult) -> None:
        """One line for a case that has ended."""
        colour, sign = _SIGNS[case.verdict]
        text = f"{self._paint(colour, sign)} {case.id}"
        if case.verdict == "skipped":
            text += f"  (skipped: {printable(case.reason)})"
        else:
            text += f"  {self._paint('2', f'{case.duration_ms:.0f} ms')}"
        if case.known and case.verdict in ("failed", "error"):
            text += f"  ({known_note(case)})"
        if self._progress:
            self._progress.ended(case.id, red=case.red)
        self._line(text)

    def close(self, report: Report) -> None:
        """What is red in full, then the closing lines."""
        self.stop()
        for title, verdict in (("Failures", "failed"), ("Errors: the harness could not judge these", "error")):
            found = [case for case in report.cases if case.verdict == verdict and case.red]
            if found:
                self._line("\n" + self._paint("1;31" if verdict == "failed" else "1;35", title))
            for case in found[:_FAILURES_SHOWN]:
                self._failure(report, case)
            if len(found) > _FAILURES_SHOWN:
                self._line(f"\n... and {len(found) - _FAILURES_SHOWN} more; the JSON and HTML reports have them all.")
        self._known(report)
        proved = sum(all(verdict == "passed" for verdict in row.values()) for row in report.rules().values())
        seed = f", seed {report.seed}" if report.seed else ""
        self._line(
            f"\n{len(report.cases)} cases, {len(report.rules())} rules named, {proved} of them proved, "
            f"in {report.duration_s:.1f} s against {report.target} and {report.grpc}{seed}"
        )
        if report.stopped:
            self._text(f"{report.stop_reason}: {report.ran} of {len(report.cases)} cases ran")
        self._line(report.summary)

    def stop(self) -> None:
        """Takes the progress line away; nothing moves from now on."""
        if self._progress:
            self._progress.clear()
            self._progress = None

    def _known(self, report: Report) -> None:
        entries = [entry for entry in report.known if entry.red]
        if entries:
            self._line("\n" + self._paint("1;31", "Known results that are no longer true"))
        for entry in entries:
            self._line(f"  {entry.file}:{entry.line}: {entry.pattern}: {entry.reason}")

    def _failure(self, report: Report, case: CaseResult) -> None:
        self._line(f"\n{self._paint('31', case.id)}  ({case.file}:{case.line})")
        self._text(f"  {case.reason}")
        for line in explain(case)[: 2 * _PROBLEMS_MAX]:
            self._text(f"    {line}")
        shown = case.messages if self._verbose else case.messages[-_MESSAGES_SHOWN:]
        for message in shown:
            sign = "->" if message.direction == "sent" else "<-"
            text = message.text if self._verbose else message.text[:200]
            line = f"    {message.at_ms:8.1f} ms {sign} {message.transport}: {message.title} {text}"
            self._line(self._paint("2", printable(line)))
        self._line(f"  Again: {run_again(report, case)}")

    def _text(self, text: str) -> None:
        """Words that came from elsewhere."""
        self._line(printable(text))

    def _paint(self, colour: str, text: str) -> str:
        return f"\033[{colour}m{text}\033[0m" if self._colour else text

    def _line(self, text: str) -> None:
        """One line, above the progress line. What the terminal's encoding does not have becomes `?`."""
        if self._progress:
            self._progress.clear()
        encoding = self._stream.encoding or "utf-8"
        self._stream.write(mask(text).encode(encoding, "replace").decode(encoding) + "\n")
        if self._progress:
            self._progress.draw()
        self._stream.flush()
