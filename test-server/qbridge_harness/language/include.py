"""What suites share: files with variables, secrets and fragments of steps, read where a suite says `include:`.

Paths are relative to the file that names them and stay inside the folder of cases. A `use:` step is filled in here
with the steps of its fragment, which keep their places, so that every mistake is told where it stands.
"""

from __future__ import annotations

import copy
from pathlib import Path as FilePath
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qbridge_harness.language.document import Document, Path, read_file
from qbridge_harness.language.explain import explain
from qbridge_harness.language.model import PHASES
from qbridge_harness.language.problems import CaseFileError, Problem, closest
from qbridge_harness.language.shared import Fragment, Included, Secret
from qbridge_harness.language.steps import Step

FOLDER = "shared"
"""The folder for such files: nothing in it is taken for a suite."""
_FILES_MAX = 50
_USES_MAX = 1000


class Shared(BaseModel):
    """A file that suites include."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    purpose: str = Field(default="", description="What it is for, in a sentence.")
    include: list[str] = Field(default=[], description="More shared files, relative to this one.")
    vars: dict[str, Any] = {}
    secrets: dict[str, Secret] = {}
    fragments: dict[str, list[Step]] = Field(default={}, description="Name -> steps, for `use: name`.")


def include(document: Document) -> Included:
    """Reads what a suite includes and fills in its `use` steps, in place; its `problems` are for the caller to tell."""
    reader = _Reader(cases_root(FilePath(document.file)))
    if isinstance(document.data, dict):
        reader.read(document, (FilePath(document.file).resolve(),))
        expander = _Expander(document, reader.included)
        for number, case in enumerate(_list(document.data.get("cases"))):
            for phase in PHASES if isinstance(case, dict) else ():
                expander.steps(case.get(phase), ("cases", number, phase), ())
    return reader.included


def cases_root(file: FilePath) -> FilePath:
    """The folder that includes must stay in: the nearest one named `cases` above the file, or else its own."""
    parents = file.resolve().parents
    return next((parent for parent in parents if parent.name == "cases"), parents[0])


class _Reader:
    """Follows includes, depth first."""

    def __init__(self, root: FilePath) -> None:
        self.root = root
        self.included = Included()

    def read(self, document: Document, trail: tuple[FilePath, ...]) -> None:
        named = document.data.get("include")
        one = isinstance(named, str)
        for index, name in enumerate([named] if one else _list(named)):
            path: Path = ("include",) if one else ("include", index)
            if isinstance(name, str):
                self.follow(document, path, name, trail)

    def follow(self, document: Document, path: Path, name: str, trail: tuple[FilePath, ...]) -> None:
        file = (trail[-1].parent / name).resolve()
        problem = self.refused(file, name, trail)
        if problem is not None:
            self.included.complete = False
            self.included.problems.append(Problem(document.where(path), *problem))
            return
        if file in self.included.files:
            return
        self.included.files.append(file)
        try:
            found = read_file(file)
            self.included.problems += found.problems
            shared = _shared(found)
        except CaseFileError as error:
            self.included.complete = False
            self.included.problems += error.problems
            return
        self.read(found, (*trail, file))
        self.included.vars |= shared.vars
        self.included.secrets |= shared.secrets
        for fragment in shared.fragments:
            if fragment in self.included.fragments:
                other = self.included.fragments[fragment].document.file
                message = f"The fragment {fragment!r} is in {other} too."
                where = found.where(("fragments", fragment))
                self.included.problems.append(Problem(where, message, "rename one of them."))
            self.included.fragments[fragment] = Fragment(found, found.data["fragments"][fragment])

    def refused(self, file: FilePath, name: str, trail: tuple[FilePath, ...]) -> tuple[str, str] | None:
        """Why a file is not read, and the fix."""
        if not file.is_relative_to(self.root):
            return f"{name!r} is outside of the folder of cases.", f"keep shared files below {self.root.name}/."
        if file in trail:
            circle = " -> ".join(each.name for each in (*trail[trail.index(file) :], file))
            return f"The include goes in a circle: {circle}.", "take out one of these includes."
        if not file.is_file():
            known = [str(each.relative_to(self.root)) for each in self.root.rglob("*.yaml") if FOLDER in each.parts]
            return f"There is no file {name!r} beside {trail[-1].name}.", closest(name, known)
        if len(self.included.files) >= _FILES_MAX:
            return f"A suite includes at most {_FILES_MAX} files.", "join some of them."
        return None


def _shared(document: Document) -> Shared:
    if isinstance(document.data, dict) and "cases" in document.data:
        where = document.where(("cases",))
        raise CaseFileError([Problem(where, "This is a suite, and is included.", "include files without `cases:`.")])
    try:
        return Shared.model_validate(document.data)
    except ValidationError as error:
        raise CaseFileError(explain(document, error.errors(include_url=False), Shared)) from None


class _Expander:
    """Fills in `use` steps."""

    def __init__(self, document: Document, included: Included) -> None:
        self.document = document
        self.included = included
        self.uses = 0

    def steps(self, steps: Any, path: Path, trail: tuple[str, ...]) -> None:
        for index, step in enumerate(_list(steps)):
            if isinstance(step, dict):
                self.step(step, (*path, index), trail)

    def step(self, step: dict[str, Any], path: Path, trail: tuple[str, ...]) -> None:
        if isinstance(step.get("use"), str):
            self.use(step, path, trail)
        elif isinstance(step.get("parallel"), dict):
            for branch, steps in step["parallel"].items():
                self.steps(steps, (*path, "parallel", branch), trail)
        else:
            self.steps(step.get("repeat"), (*path, "repeat"), trail)

    def use(self, step: dict[str, Any], path: Path, trail: tuple[str, ...]) -> None:
        name = step["use"]
        fragment = self.included.fragments.get(name)
        self.uses += 1
        if "steps" in step:
            self.problem((*path, "steps"), "A `use` step has no steps of its own.", "take `steps` out.")
        elif fragment is None:
            if self.included.complete:
                fix = closest(name, self.included.fragments)
                self.problem((*path, "use"), f"No fragment {name!r} is included.", fix)
        elif name in trail:
            circle = " -> ".join((*trail[trail.index(name) :], name))
            self.problem((*path, "use"), f"The fragments use each other in a circle: {circle}.", "take one `use` out.")
        elif self.uses > _USES_MAX:
            if self.uses == _USES_MAX + 1:
                self.problem((*path, "use"), f"The file uses fragments more than {_USES_MAX} times.", "use `repeat`.")
        else:
            step["steps"] = copy.deepcopy(fragment.steps)
            root: Path = ("fragments", name)
            for place, where in fragment.document.places.items():
                if place[:2] == root:
                    self.document.places[(*path, "steps", *place[2:])] = where
            self.steps(step["steps"], (*path, "steps"), (*trail, name))

    def problem(self, path: Path, message: str, fix: str) -> None:
        self.included.problems.append(Problem(self.document.where(path), message, fix))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
