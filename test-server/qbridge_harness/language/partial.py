"""What is sound of a file that has mistakes: the rest is taken out, so that it hides no mistake elsewhere."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from qbridge_harness.language.document import Document, Path
from qbridge_harness.language.explain import place
from qbridge_harness.language.model import PHASES, Suite
from qbridge_harness.language.steps import TAG

_TRIES = 4
_NOTHING = {"check": 1, "is": 1}
"""What stands for a step that is taken out, so that the others keep their numbers."""


def sound_part(document: Document, errors: Sequence[ErrorDetails]) -> tuple[Document, Suite, frozenset[str]] | None:
    """The sound part of a file, typed, and every word of what was taken out: it may have set such a variable.

    None where too little is left.
    """
    left = Document(document.file, copy.deepcopy(document.data), document.places)
    words: set[str] = set()
    for _ in range(_TRIES):
        for error in errors:
            if not _take_out(left, error, words):
                return None
        try:
            return left, Suite.model_validate(left.data), frozenset(words)
        except ValidationError as error:
            errors = error.errors(include_url=False)
    return None


def _take_out(document: Document, error: ErrorDetails, words: set[str]) -> bool:
    """Takes out the smallest part that the file can do without."""
    data, path = document.data, place(document, error)
    step = _step_path(error)
    if step:
        return _put(data, step, dict(_NOTHING), words)
    match path:
        case ("cases", int() as number, *_) if not isinstance(data["cases"][number], dict):
            return _put(data, path[:2], {"name": f"case-{number}", "act": [_NOTHING]}, words)
        case ("cases", int() as number, "name", *_):
            return _put(data, path[:3], f"case-{number}", words)
        case ("cases", int(), str() as key, *_):
            return _put(data, path[:3], [_NOTHING], words) if key in PHASES else _drop(data, path[:3], words)
        case ("purpose", *_):
            return _put(data, path, "unknown", words)
        case (str() as key, *_) if key != "cases":
            return _drop(data, path[:1], words)
    return False


def _step_path(error: ErrorDetails) -> Path:
    """The innermost step of a list that the error lies in; empty where it lies in none."""
    found: Path = ()
    path: Path = ()
    for part in error["loc"]:
        if isinstance(part, str) and part.startswith(TAG):
            found = path if isinstance(path[-1], int) else found
        else:
            path = (*path, part)
    if error["type"] == "union_tag_not_found" and isinstance(path[-1], int):
        found = path
    return found


def _put(data: Any, path: Path, value: Any, words: set[str]) -> bool:
    holder = _holder(data, path)
    if holder is not None:  # else what holds it went before
        if not isinstance(holder, dict) or path[-1] in holder:
            words |= set(_words(holder[path[-1]]))
        holder[path[-1]] = value
    return True


def _drop(data: Any, path: Path, words: set[str]) -> bool:
    holder = _holder(data, path)
    if isinstance(holder, dict):
        words |= set(_words(holder.pop(path[-1], None)))
    return True


def _holder(data: Any, path: Path) -> Any:
    """What the last part of a path is a key or a number of; None where the file has no such thing (any more)."""
    for part in path[:-1]:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data if isinstance(data, dict | list) else None


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _words(item)
    elif isinstance(value, list):
        for item in value:
            yield from _words(item)
