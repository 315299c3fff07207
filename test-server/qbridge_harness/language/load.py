"""Case files to suites: read, type, look over, and refuse with every problem at its place."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from qbridge_harness.contract import Contract
from qbridge_harness.language.document import Document, Path, read_document
from qbridge_harness.language.lint import lint_suite
from qbridge_harness.language.model import PHASES, Suite
from qbridge_harness.language.problems import CaseFileError, Problem, Where, closest
from qbridge_harness.language.steps import KINDS, TAG, kind_of
from qbridge_harness.language.wire_steps import StepBase

_SIZE_MAX = 4 * 1024 * 1024


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
    if problems:
        raise CaseFileError(problems)
    return suites


def load_suite(file: FilePath, contract: Contract, rules: Collection[str] | None = None) -> Suite:
    """One suite. Raises CaseFileError."""
    if file.stat().st_size > _SIZE_MAX:
        where = Where(str(file), 1, 1)
        raise CaseFileError([Problem(where, f"The file is larger than {_SIZE_MAX} bytes.", "split it.")])
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        where = Where(str(file), 1, 1)
        raise CaseFileError([Problem(where, f"The file is not UTF-8: {error}.", "save it as UTF-8.")]) from None
    return parse_suite(text, str(file), _suite_id(file), contract, rules)


def parse_suite(text: str, file: str, suite_id: str, contract: Contract, rules: Collection[str] | None = None) -> Suite:
    """One suite from its text. Raises CaseFileError."""
    document = read_document(text, file)
    try:
        suite = Suite.model_validate(document.data)
    except ValidationError as error:
        raise CaseFileError(_problems(document, error.errors(include_url=False))) from None
    suite._id = suite_id
    _place(document, suite)
    problems = lint_suite(document, suite, contract, rules)
    if problems:
        raise CaseFileError(problems)
    return suite


def _files(paths: Sequence[FilePath]) -> list[FilePath]:
    found: list[FilePath] = []
    for path in paths:
        if path.is_dir():
            inside = [file for ending in ("*.yaml", "*.yml") for file in path.rglob(ending)]
            found += sorted(file for file in inside if "data" not in file.relative_to(path).parts[:-1])
        elif path.is_file():
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
    inner = getattr(step, "wait_until", None)
    if isinstance(inner, StepBase):
        _place_step(document, inner, (*path, "wait_until"))
    for index, child in enumerate(getattr(step, "repeat", ()) or ()):
        _place_step(document, child, (*path, "repeat", index))


def _problems(document: Document, errors: Sequence[ErrorDetails]) -> list[Problem]:
    found = []
    for error in errors:
        path = tuple(part for part in error["loc"] if not (isinstance(part, str) and part.startswith(TAG)))
        message, fix = _explain(document, path, error)
        found.append(Problem(document.where(path), message, fix))
    return found


def _explain(document: Document, path: Path, error: ErrorDetails) -> tuple[str, str]:
    """A sentence and a fix for what pydantic found."""
    kind = error["type"]
    name = ".".join(map(str, path)) or "the file"
    if kind == "extra_forbidden":
        return f"There is no key {path[-1]!r} here.", closest(str(path[-1]), _siblings(document, path, error))
    if kind == "missing":
        return f"The key {path[-1]!r} is missing.", f"add `{path[-1]}:`."
    if kind == "union_tag_not_found":
        words = list(error["input"]) if isinstance(error["input"], dict) else [str(error["input"])]
        return f"This is no step: none of its keys ({', '.join(map(str, words))}) names one.", closest(
            str(words[0]) if words else "", KINDS
        )
    context = error.get("ctx", {})
    if "pattern" in context:
        return f"{name}: {error['input']!r} does not look as it should.", f"write it like {context['pattern']}."
    if "expected" in context:
        return f"{name}: {error['input']!r} is not allowed.", f"use {context['expected']}."
    return f"{name}: {error['msg']}.", "correct the value."


def _siblings(document: Document, path: Path, error: ErrorDetails) -> list[str]:
    """The keys that are allowed beside the one at `path`."""
    model: Any = Suite
    tags = [part for part in error["loc"] if isinstance(part, str) and part.startswith(TAG)]
    if tags:
        model = KINDS[tags[-1].removeprefix(TAG)]
        if "does" in path:
            model = model.model_fields["does"].annotation.__args__[0]
    elif "needs" in path[:-1] or "defaults" in path[:-1]:
        model = Suite.model_fields[str(path[-2])].annotation
    elif path and path[0] == "cases":
        model = Suite.model_fields["cases"].annotation.__args__[0]  # type: ignore[union-attr]
    return [field.alias or name for name, field in model.model_fields.items()]


def step_kind(step: StepBase) -> str:
    """The kind of a step, for reports."""
    return kind_of(step) or "step"
