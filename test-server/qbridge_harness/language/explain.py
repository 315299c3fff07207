"""What pydantic found in a file, as sentences with a place and a fix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from qbridge_harness.language.document import Document, Path
from qbridge_harness.language.keys import keys_at
from qbridge_harness.language.matchers import show
from qbridge_harness.language.problems import Problem, closest
from qbridge_harness.language.steps import KINDS

_KINDS = {
    "model_type": "keys with values",
    "model_attributes_type": "keys with values",
    "dict_type": "keys with values",
    "list_type": "a list",
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
}
"""What pydantic asks for by a kind of error."""
_HOW = {
    "keys with values": "write `key: value`, indented below it.",
    "a list": "write it as a list: [...].",
    "a text": "put it in quotes.",
    "a whole number": "write digits, without quotes.",
    "a number": "write a number, like 1.5.",
    "true or false": "write true or false.",
}
_BOUNDS = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
_PATTERNS = {
    r"^[a-z0-9][a-z0-9_.-]*$": "lower-case letters, digits, `_`, `.` and `-`",
    r"^\$\{[^${}]+\}$": "${name}",
    r"^/\S*$": "a path: /v1/call",
    r"^[A-Za-z_][A-Za-z0-9_]*$": "letters, digits and `_`: QBRIDGE_API_KEY",
    r"^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) /\S*$": "a method and a path: GET /v1/capabilities",
}
"""The patterns of the language -> how to write what they match."""


def explain(document: Document, errors: Sequence[ErrorDetails], root: type[BaseModel]) -> list[Problem]:
    """Every mistake as a problem at its place, once; `root` is the model that was asked for."""
    found: dict[Path, list[ErrorDetails]] = {}
    for error in errors:
        found.setdefault(place(document, error), []).append(error)
    # Where several forms are allowed, pydantic tells of each; the one that came furthest is the one that was meant.
    meant = {path: group for path, group in found.items() if not any(_inside(other, path) for other in found)}
    return [Problem(document.where(path), *_explain(path, group, root)) for path, group in meant.items()]


def place(document: Document, error: ErrorDetails) -> Path:
    """The path of an error in the file, without pydantic's names of the forms that it tried."""
    path: Path = ()
    last = len(error["loc"]) - 1
    for index, part in enumerate(error["loc"]):
        if (*path, part) in document.places or (index == last and error["type"] == "missing"):
            path = (*path, part)
    return path


def _inside(inner: Path, outer: Path) -> bool:
    return len(inner) > len(outer) and inner[: len(outer)] == outer


def _explain(path: Path, errors: Sequence[ErrorDetails], root: type[BaseModel]) -> tuple[str, str]:
    """A sentence and a fix for what pydantic found at one place."""
    error = next((each for each in errors if each["type"] in _BOUNDS), errors[0])
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    name = _name(path)
    if kind == "extra_forbidden":
        return f"There is no key {path[-1]!r} here.", closest(str(path[-1]), keys_at(error["loc"][:-1], root))
    if kind == "missing":
        return f"The key {path[-1]!r} is missing.", f"add `{path[-1]}:`."
    if kind == "union_tag_not_found":
        return _no_step(path, value)
    if path and path[0] == "secrets" and kind == "model_type":
        return f"{name} is a secret, and stands in the file.", "name where it comes from: {env: NAME}."
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return (
            f"{name} must be {words} {context[key]:g}, and is {show(value)}.",
            f"write a number {words} {context[key]:g}.",
        )
    if kind in ("too_short", "too_long"):
        return _wrong_length(name, error)
    if kind == "string_too_short":
        return f"{name} is empty.", "write a sentence."
    forms = list(dict.fromkeys(_form(each) for each in errors))
    if all(forms):
        fix = _HOW.get(forms[0], f"write {forms[0]}.") if len(forms) == 1 else f"write {' or '.join(forms)}."
        return f"{name} must be {' or '.join(forms)}, and is {show(value)}.", fix
    message = error["msg"].removeprefix("Value error, ")
    return f"{name}: {message[:1].lower()}{message[1:]}.", "see the guide to cases."


def _name(path: Path) -> str:
    """A place in a sentence; where exactly it is, the line and the column say."""
    keys = [str(part) for part in path if isinstance(part, str)]
    if not keys:
        return "The file"
    return f"An item of `{keys[-1]}`" if isinstance(path[-1], int) else f"`{keys[-1]}`"


def _form(error: ErrorDetails) -> str:
    """What a value must look like; empty where that is not known."""
    context = error.get("ctx", {})
    if "pattern" in context:
        return _PATTERNS.get(context["pattern"], f"like {context['pattern']}")
    return str(context["expected"]) if "expected" in context else _KINDS.get(error["type"], "")


def _wrong_length(name: str, error: ErrorDetails) -> tuple[str, str]:
    context = error["ctx"]
    few = error["type"] == "too_short"
    bound, has = context["min_length" if few else "max_length"], context.get("actual_length", 0)
    items = f"{bound} {'item' if bound == 1 else 'items'}"
    if few:
        return f"{name} must have at least {items}, and has {has}.", f"add {bound - has} or more."
    return f"{name} must have at most {items}, and has {has}.", "take some out."


def _no_step(path: Path, value: Any) -> tuple[str, str]:
    """What has none of the keys that make a step."""
    if not isinstance(value, dict) or not value:
        return f"A step is keys with values, and this is {show(value)}.", "write one, such as `- call: Call`."
    words = [str(word) for word in value]
    known = ("call", "rest") if path[-1:] == ("load",) else tuple(KINDS)
    near = (closest(word, known) for word in words)
    fix = next((each for each in near if each.startswith("did you mean")), closest(words[0], known))
    return f"This is no step: none of its keys ({', '.join(words)}) names one.", fix
