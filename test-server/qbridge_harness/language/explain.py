"""What pydantic found in a file, as sentences with a place and a fix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from qbridge_harness.language.document import Document, Path
from qbridge_harness.language.problems import Problem, closest
from qbridge_harness.language.steps import KINDS, TAG


def explain(document: Document, errors: Sequence[ErrorDetails], root: type[BaseModel]) -> list[Problem]:
    """Every finding as a problem at its place; `root` is the model that was asked for."""
    found = []
    for error in errors:
        path = tuple(part for part in error["loc"] if not (isinstance(part, str) and part.startswith(TAG)))
        message, fix = _explain(path, error, root)
        found.append(Problem(document.where(path), message, fix))
    return found


def _explain(path: Path, error: ErrorDetails, root: type[BaseModel]) -> tuple[str, str]:
    """A sentence and a fix for what pydantic found."""
    kind = error["type"]
    name = ".".join(map(str, path)) or "the file"
    if kind == "extra_forbidden":
        return f"There is no key {path[-1]!r} here.", closest(str(path[-1]), _siblings(path, error, root))
    if kind == "missing":
        return f"The key {path[-1]!r} is missing.", f"add `{path[-1]}:`."
    if kind == "union_tag_not_found":
        words = list(error["input"]) if isinstance(error["input"], dict) else [str(error["input"])]
        return f"This is no step: none of its keys ({', '.join(map(str, words))}) names one.", closest(
            str(words[0]) if words else "", KINDS
        )
    if path and path[0] == "secrets" and kind == "model_type":
        return f"{name} is a secret, and stands in the file.", "name where it comes from: {env: NAME}."
    context = error.get("ctx", {})
    if "pattern" in context:
        return f"{name}: {error['input']!r} does not look as it should.", f"write it like {context['pattern']}."
    if "expected" in context:
        return f"{name}: {error['input']!r} is not allowed.", f"use {context['expected']}."
    return f"{name}: {error['msg']}.", "correct the value."


def _siblings(path: Path, error: ErrorDetails, root: type[BaseModel]) -> list[str]:
    """The keys that are allowed beside the one at `path`."""
    model: Any = root
    tags = [part for part in error["loc"] if isinstance(part, str) and part.startswith(TAG)]
    if tags:
        model = KINDS[tags[-1].removeprefix(TAG)]
        if "does" in path:
            model = model.model_fields["does"].annotation.__args__[0]
    elif "needs" in path[:-1] or "defaults" in path[:-1]:
        model = root.model_fields[str(path[-2])].annotation
    elif path[0] == "secrets":
        model = root.model_fields["secrets"].annotation.__args__[1]  # type: ignore[union-attr]
    elif path[0] == "cases":
        model = root.model_fields["cases"].annotation.__args__[0]  # type: ignore[union-attr]
    return [field.alias or name for name, field in model.model_fields.items()]
