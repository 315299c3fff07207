"""Case files to suites: read, type, look over, and refuse with every problem at its place."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path as FilePath

from pydantic import ValidationError

from qbridge_harness.contract import Contract
from qbridge_harness.language.document import Document, Path, read_document, read_text
from qbridge_harness.language.explain import explain, place
from qbridge_harness.language.include import FOLDER, include
from qbridge_harness.language.lint import lint_suite
from qbridge_harness.language.model import PHASES, Suite
from qbridge_harness.language.partial import sound_part
from qbridge_harness.language.problems import CaseFileError, Problem, Where
from qbridge_harness.language.relies import lint_relies_on
from qbridge_harness.language.steps import children, kind_of
from qbridge_harness.language.wire_steps import StepBase

_LEFT_OUT = {"data", FOLDER}
"""Folders of data sets and of shared files."""


def load_suites(paths: Sequence[FilePath], contract: Contract, rules: Collection[str] | None = None) -> list[Suite]:
    """Every suite of the files and folders. Raises CaseFileError with the problems of all of them.

    `rules` are the known ids; None leaves `proves:` unchecked.
    """
    suites: list[Suite] = []
    problems: list[Problem] = []
    for file in _files(paths):
        try:
            suites.append(load_suite(file, contract, rules))
        except CaseFileError as error:
            problems += error.problems
    seen: dict[str, Suite] = {}
    for suite in suites:
        if suite.id in seen:
            where = Where(suite.id, 1, 1)
            problems.append(Problem(where, f"Two files have the id {suite.id!r}.", "rename one of them."))
        seen[suite.id] = suite
    problems = problems or lint_relies_on(suites)
    if problems:
        raise CaseFileError(problems)
    return suites


def load_suite(file: FilePath, contract: Contract, rules: Collection[str] | None = None) -> Suite:
    """One suite. Raises CaseFileError."""
    return parse_suite(read_text(file), str(file), _suite_id(file), contract, rules)


def parse_suite(text: str, file: str, suite_id: str, contract: Contract, rules: Collection[str] | None = None) -> Suite:
    """One suite from its text. Raises CaseFileError."""
    document = read_document(text, file)
    included = include(document)
    problems = [*document.problems, *included.problems]
    unknown: frozenset[str] = frozenset()
    try:
        suite = Suite.model_validate(document.data)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        told = [each for each in errors if place(document, each) not in document.unread]
        problems += explain(document, told, Suite)
        sound = sound_part(document, errors)
        if sound is None:
            raise CaseFileError(_in_order(problems, file)) from None
        document, suite, unknown = sound
    suite._id = suite_id
    suite._included = included
    problems += lint_suite(document, suite, contract, rules, unknown)
    if problems:
        raise CaseFileError(_in_order(problems, file))
    _place(document, suite)
    return suite


def _in_order(problems: list[Problem], file: str) -> list[Problem]:
    """Problems in the order of the file, then those of the files that it includes."""
    return sorted(
        problems, key=lambda each: (each.where.file != file, each.where.file, each.where.line, each.where.column)
    )


def _files(paths: Sequence[FilePath]) -> list[FilePath]:
    found: list[FilePath] = []
    for path in paths:
        if path.is_dir():
            inside = [file for ending in ("*.yaml", "*.yml") for file in path.rglob(ending)]
            found += sorted(file for file in inside if not _LEFT_OUT & set(file.relative_to(path).parts[:-1]))
        elif path.exists():
            found.append(path)
        else:
            where = Where(str(path), 1, 1)
            raise CaseFileError([Problem(where, "There is no such file or folder.", "name a file of cases/.")])
    return list(dict.fromkeys(found))


def _suite_id(file: FilePath) -> str:
    parts = file.with_suffix("").parts
    start = max((index for index, part in enumerate(parts[:-1]) if part == "cases"), default=len(parts) - 2)
    return "/".join(parts[start + 1 :])


def _place(document: Document, suite: Suite) -> None:
    """Tells every case and step where it stands."""
    for number, case in enumerate(suite.cases):
        case._where = document.where(("cases", number))
        for phase in PHASES:
            for index, step in enumerate(case.phase(phase)):
                _place_step(document, step, ("cases", number, phase, index))


def _place_step(document: Document, step: StepBase, path: Path) -> None:
    step._where = document.where(path)
    for inside, child in children(step):
        _place_step(document, child, (*path, *inside))


def step_kind(step: StepBase) -> str:
    """The kind of a step, for reports."""
    return kind_of(step) or "step"
