"""A case as a pytest item: judged in its setup, so that what the harness could not judge is an error and no failure."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest

from qbridge_harness.engine import CaseResult
from qbridge_harness.language import PlannedCase
from qbridge_harness.pytest_plugin.judge import Judge, TargetLost
from qbridge_harness.reports.text import explain, known_note, mask, printable

_MESSAGES_SHOWN = 12
_TEXT_SHOWN = 300


class CaseItem(pytest.Item):
    """One planned case; its name is the case's id."""

    _planned: PlannedCase
    _judge: Judge
    _result: CaseResult | None = None

    def prepare(self, planned: PlannedCase, judge: Judge) -> None:
        """Tells the item what it is: its tags are markers, its rules are words for -k."""
        self._planned = planned
        self._judge = judge
        for tag in sorted(planned.tags):
            self.config.addinivalue_line("markers", f"{tag}: a tag of cases")
            self.add_marker(tag)
        self.extra_keyword_matches.update(planned.case.proves)

    def setup(self) -> None:
        """Judges the case."""
        if hasattr(self.config, "workerinput") and self._judge.stands_alone(self._planned):
            self._skip("it must run alone, and pytest-xdist runs others beside it: run it without -n")
        try:
            result = self._judge.judge(self._planned)
        except TargetLost as error:
            if not error.first:
                self._skip(str(error))
            self._end(str(error))
        self._result = result
        self.user_properties += [("rule", rule) for rule in result.proves]
        self.user_properties += [("rule-broken", rule) for rule in result.tripped]
        self.user_properties += [(f"axis.{axis}", str(value)) for axis, value in result.axes.items()]
        if result.verdict == "skipped":
            self._skip(result.reason)
        if result.verdict in ("failed", "error") and not result.red:
            pytest.xfail(f"{known_note(result)}.txt: {printable(mask(result.reason))}")
        if result.verdict == "error":
            self._end(self._words(result))

    def runtest(self) -> None:
        """Tells the verdict."""
        result = self._result
        if result is None:
            raise RuntimeError("A case is judged in its setup.")
        if result.verdict == "failed":
            self._end(self._words(result))
        if result.verdict == "passed" and result.known == "failing":
            self._end(f"{self.name} passes now: delete its line from known-failing.txt, or narrow the pattern.")

    def reportinfo(self) -> tuple[Path, int, str]:
        """The case's place in its file."""
        return self.path, self._planned.case.where.line - 1, self.name

    def _end(self, words: str) -> NoReturn:
        # Our words say all; a traceback through the harness would hide them.
        raise pytest.fail.Exception(words, pytrace=False) from None

    def _skip(self, reason: str) -> NoReturn:
        # By the case's place: pytest folds skips of one place into a line, and ours would all be of this file.
        raise pytest.skip.Exception(printable(reason), _use_item_location=True) from None

    def _words(self, result: CaseResult) -> str:
        """Why, with the steps and their lines, the broken contract, and the last messages on the wire."""
        lines = [f"{result.file}:{result.line}: {result.reason}", *(f"  {line}" for line in explain(result))]
        if result.tripped:
            lines.append(f"  broken rules: {', '.join(result.tripped)}")
        everything = self.config.get_verbosity() > 0
        messages = result.messages if everything else result.messages[-_MESSAGES_SHOWN:]
        for message in messages:
            sign = "->" if message.direction == "sent" else "<-"
            text = message.text if everything else message.text[:_TEXT_SHOWN]
            lines.append(f"  {message.at_ms:8.1f} ms {sign} {message.transport}: {message.title} {text}".rstrip())
        lines.append(f"  seed {self._judge.seed}")
        return printable(mask("\n".join(lines)))
