"""What is wrong in a case file, where, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a case file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where it is, what is wrong, and the fix."""

    where: Where
    message: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" + (f" Fix: {self.fix}" if self.fix else "")


class CaseFileError(Exception):
    """The case files cannot be run. Nothing has been sent; correct every problem that is listed."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def _begun(word: str, names: list[str]) -> list[str]:
    """The one name that begins with the word."""
    found = [name for name in names if len(word) > 2 and name.startswith(word)]
    return found if len(found) == 1 else []


def closest(word: str, known: Iterable[str]) -> str:
    """A fix for an unknown word: the nearest known one, or the list of what is known."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6) or _begun(word, names)
    if near:
        return f"did you mean {near[0]!r}?"
    return "use one of: " + ", ".join(names) if names else "leave it out."
