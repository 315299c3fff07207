"""The SDK's reference page, from the docstrings and signatures of `qbridge` as it is. It is a hook of mkdocs.

docs/sdk-reference.md holds the order and the words between; a line `::: qbridge.connect` becomes that function, and
`::: qbridge.Client` a class with its public methods. A name that is not there is an error of the build.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
from functools import cached_property
from itertools import pairwise
from typing import Any

MARK = re.compile(r"^::: ([\w.]+)$", re.MULTILINE)
HIDDEN = frozenset({"build", "ask", "follow"})
"""What the methods themselves stand on; nobody outside of the package calls it."""
LINE_MAX = 100
STARS = {"VAR_KEYWORD": "**", "VAR_POSITIONAL": "*"}
QUALIFIED = re.compile(r"\b(?:qbridge_contract\.structs|qbridge\.\w[\w.]*|collections\.abc|typing|os)\.(?=[A-Z])")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The page with each mark replaced."""
    if page.file.src_uri != "sdk-reference.md":
        return markdown
    return MARK.sub(lambda found: entry(found[1]), markdown)


def entry(path: str) -> str:
    """A function, or a class with its public methods and properties."""
    value = resolve(path)
    name = path.rpartition(".")[2]
    if not inspect.isclass(value):
        return function(name, value, "###")
    parts = [f"### {name}", cleaned(value), fields(value)]
    made_by_hand = not fields(value) and "__init__" in vars(value) and value.__init__.__doc__
    parts += [signature(name, value.__init__), cleaned(value.__init__)] if made_by_hand else []
    parts += [member(key, value) for key in members(value)]
    return "\n\n".join(part for part in parts if part)


def resolve(path: str) -> Any:
    """What a dotted name stands for. Raises AttributeError where there is none."""
    value: Any = importlib.import_module(path.partition(".")[0])
    for part in path.split(".")[1:]:
        value = getattr(value, part)
    return value


def members(owner: type) -> list[str]:
    """The public methods and properties of a class and its bases, in the order of their sources."""
    found: dict[str, None] = {}
    for base in owner.__mro__[:-1]:
        for key, value in vars(base).items():
            told = isinstance(value, property | cached_property) or inspect.isfunction(value)
            if told and not key.startswith("_") and key not in HIDDEN:
                found.setdefault(key)
    return list(found)


def member(key: str, owner: type) -> str:
    """One method or property."""
    value = inspect.getattr_static(owner, key)
    if inspect.isfunction(value):
        return function(key, value, "####")
    return f"#### {key}\n\n{cleaned(value)}"


def function(name: str, value: Any, heading: str) -> str:
    """A heading, the signature, the docstring."""
    return f"{heading} {name}\n\n{signature(name, value)}\n\n{cleaned(value)}"


def signature(name: str, value: Any) -> str:
    """The call as people write it, one argument a line where it is long."""
    found = inspect.signature(value)
    arguments = argument_texts([each for each in found.parameters.values() if each.name != "self"])
    end = (
        "" if found.return_annotation in (inspect.Signature.empty, "None") else f" -> {short(found.return_annotation)}"
    )
    text = f"{name}({', '.join(arguments)}){end}"
    if len(text) > LINE_MAX:
        lines = "".join(f"    {argument},\n" for argument in arguments)
        text = f"{name}(\n{lines}){end}"
    return f"```python\n{text}\n```"


def argument_texts(parameters: list[inspect.Parameter]) -> list[str]:
    """Each argument with its type and default, and the star that opens those with a name."""
    texts: list[str] = []
    for each in parameters:
        if each.kind is inspect.Parameter.KEYWORD_ONLY and "*" not in texts:
            texts.append("*")
        stars = STARS.get(each.kind.name, "")
        kind = "" if each.annotation is inspect.Parameter.empty else f": {short(each.annotation)}"
        default = "" if each.default is inspect.Parameter.empty else f" = {each.default!r}"
        texts.append(f"{stars}{each.name}{kind}{default}")
    return texts


def short(annotation: Any) -> str:
    """A type without the modules that it comes from."""
    return QUALIFIED.sub("", annotation if isinstance(annotation, str) else inspect.formatannotation(annotation))


def fields(owner: type) -> str:
    """The fields of a dataclass, each with the docstring below it in the source."""
    if not dataclasses.is_dataclass(owner):
        return ""
    (node,) = ast.parse(inspect.cleandoc(inspect.getsource(owner))).body
    assert isinstance(node, ast.ClassDef)
    rows = []
    for field, after in pairwise([*node.body, ast.Pass()]):
        if isinstance(field, ast.AnnAssign):
            words = after.value if isinstance(after, ast.Expr) else None
            meaning = str(words.value) if isinstance(words, ast.Constant) else ""
            rows.append(f"| `{ast.unparse(field.target)}` | {ast.unparse(field.annotation)} | {meaning} |")
    table = ["| field | type | meaning |", "|---|---|---|", *(row.replace(" | None", " or None") for row in rows)]
    return "\n".join(table)


def cleaned(value: Any) -> str:
    """A docstring as Markdown: an indented example becomes a block of code."""
    text = inspect.getdoc(value) or ""
    return re.sub(r"(?m)(?:^ {4}.*\n?)+", lambda found: f"```python\n{inspect.cleandoc(found[0])}\n```\n", text)
