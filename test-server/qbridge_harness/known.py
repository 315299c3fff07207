"""The two lists of known results: cases that must fail, and cases that never decide.

    known-failing.txt   the case still runs, and must fail; a pass makes its entry stale, and the run red
    known-flaky.txt     the case still runs and is reported; it never decides

A line holds one pattern of case ids (`vectors/upsert`, `*/*/transport:rest`, `**/transport:grpc`), behind a # why.
An entry that names no case at all turns the run red too, so that the lists can only be true. A failure that a list
knows is still a failure against the contract: the conformance report shows it as one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from qbridge_harness.engine.results import CaseResult, KnownEntry
from qbridge_harness.language.plan import under
from qbridge_harness.usage import UsageError

Kind = Literal["failing", "flaky"]


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a list."""

    kind: Kind
    pattern: str
    file: str
    number: int


@dataclass(frozen=True, slots=True)
class KnownLists:
    """Both lists; `ids` are all cases that there are, so that a narrow run leaves the other entries alone."""

    lines: tuple[Line, ...] = ()
    ids: frozenset[str] | None = None
    """None: not all cases are loaded, so that an entry without a case says nothing."""

    def kind_of(self, case_id: str) -> Kind | Literal[""]:
        """Which list names the case."""
        return next((line.kind for line in self.lines if under(case_id, line.pattern)), "")

    def review(self, cases: Sequence[CaseResult]) -> list[KnownEntry]:
        """What the run made of each entry."""
        return [self._review(line, cases) for line in self.lines]

    def _review(self, line: Line, cases: Sequence[CaseResult]) -> KnownEntry:
        entry = KnownEntry(line.kind, line.pattern, line.file, line.number)
        mine = [case for case in cases if under(case.id, line.pattern)]
        entry.cases = [case.id for case in mine]
        passed = [case.id for case in mine if case.verdict == "passed"]
        if not mine:
            if self.ids is not None and not any(under(case_id, line.pattern) for case_id in self.ids):
                entry.state = "unmatched"
                entry.reason = "No case has such a name: correct the pattern, or delete the line."
        elif line.kind == "failing" and passed:
            entry.state = "stale"
            entry.reason = f"{passed[0]} passes now: delete the line, or narrow its pattern."
        elif any(case.verdict != "skipped" for case in mine):
            entry.state = "holds"
        return entry


def load_known(failing: Path | None, flaky: Path | None, ids: Callable[[], Collection[str] | None]) -> KnownLists:
    """Reads the lists that are given; `ids` is asked for all cases only where a list has an entry.

    Raises UsageError for a file that is not there, or a case on both lists.
    """
    lines: list[Line] = []
    both: tuple[tuple[Kind, Path | None], ...] = (("failing", failing), ("flaky", flaky))
    for kind, path in both:
        if path is not None:
            lines += _read(kind, path)
    if not lines:
        return KnownLists()
    known = ids()
    _refuse_contradictions(lines, known or ())
    return KnownLists(tuple(lines), None if known is None else frozenset(known))


def _read(kind: Kind, path: Path) -> Iterable[Line]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(f"There is no list {path}; give one that is there with --known-{kind}.") from None
    except OSError as error:
        raise UsageError(f"The list {path} cannot be read: {error.strerror}; --known-{kind} takes a file.") from None
    except UnicodeDecodeError:
        raise UsageError(f"The list {path} is no text in UTF-8; --known-{kind} takes one pattern a line.") from None
    for number, line in enumerate(text.splitlines(), 1):
        pattern = line.partition("#")[0].strip()
        if pattern:
            if " " in pattern:
                raise UsageError(f"{path}:{number}: one pattern a line; write what it is about behind a #.")
            yield Line(kind, pattern, str(path), number)


def _refuse_contradictions(lines: Sequence[Line], ids: Iterable[str]) -> None:
    """A case cannot have to fail and never decide."""
    failing = [line for line in lines if line.kind == "failing"]
    flaky = [line for line in lines if line.kind == "flaky"]
    if not (failing and flaky):
        return
    for case_id in ids:
        one = next((line for line in failing if under(case_id, line.pattern)), None)
        two = next((line for line in flaky if under(case_id, line.pattern)), None)
        if one and two:
            places = f"{one.file}:{one.number} and {two.file}:{two.number}"
            raise UsageError(f"{case_id} is on both lists, {places}: it either must fail or never decides.")
