"""YAML to plain data, with the place of every value: the only reader of case files' text.

Refused here: broken YAML, a key that is there twice, and aliases (a small file may unfold to gigabytes).
Dates stay text; whatever else YAML 1.1 makes of a scalar stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import yaml

from qbridge_harness.language.problems import CaseFileError, Problem, Where

Path = tuple[str | int, ...]

_TEXT_TAG = "tag:yaml.org,2002:str"
_DATE_TAG = "tag:yaml.org,2002:timestamp"
_DEPTH_MAX = 60
_SIZE_MAX = 4 * 1024 * 1024
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Document:
    """A read file: its data, and where each part of it stands."""

    file: str
    data: Any
    places: dict[Path, Where] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    """What could not be read; the rest of the file is there."""
    unread: set[Path] = field(default_factory=set)
    """Where nothing stands for a value because of such a problem."""

    def where(self, path: Path) -> Where:
        """The place of the nearest part that the file has on the way to `path`."""
        for end in range(len(path), -1, -1):
            place = self.places.get(path[:end])
            if place is not None:
                return place
        return Where(self.file, 1, 1)


class _Builder:
    """Walks the tree of nodes once; a node met twice is an alias."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.seen: set[int] = set()
        self.scalars = yaml.constructor.SafeConstructor()

    def where(self, node: yaml.Node) -> Where:
        return Where(self.document.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def problem(self, node: yaml.Node, message: str, fix: str) -> None:
        self.document.problems.append(Problem(self.where(node), message, fix))

    def unread(self, node: yaml.Node, path: Path, message: str, fix: str) -> None:
        self.document.unread.add(path)
        self.problem(node, message, fix)

    def build(self, node: yaml.Node, path: Path) -> Any:
        self.document.places.setdefault(path, self.where(node))
        if id(node) in self.seen:
            fix = "write the value out, or use vars and ${name}."
            return self.unread(node, path, "An alias (*name) is not allowed.", fix)
        self.seen.add(id(node))
        if len(path) > _DEPTH_MAX:
            return self.unread(node, path, f"The file is nested deeper than {_DEPTH_MAX} levels.", "make it flatter.")
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
        return self.scalar(node, path)

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if not isinstance(key_node, yaml.ScalarNode):
                self.problem(key_node, "A key must be a plain word.", "quote the key.")
                continue
            if key in found:
                self.problem(key_node, f"The key {key!r} is here twice.", "keep one of them.")
                continue
            self.document.places[(*path, key)] = self.where(key_node)
            found[key] = self.build(value_node, (*path, key))
        return found

    def scalar(self, node: yaml.Node, path: Path) -> Any:
        if node.tag == _DATE_TAG:
            node.tag = _TEXT_TAG
        try:
            return self.scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            return self.unread(node, path, f"This value cannot be read: {error}.", "quote it.")


def read_document(text: str, file: str) -> Document:
    """Reads one YAML (or JSON) text; its `problems` are for the caller to tell. Raises CaseFileError for no YAML."""
    document = Document(file, None)
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = Where(file, mark.line + 1, mark.column + 1) if mark else Where(file, 1, 1)
        fix = "correct the YAML here; a value with ': ' or '#' in it needs quotes."
        raise CaseFileError([Problem(where, f"This is not YAML: {error.problem}.", fix)]) from None
    except (yaml.YAMLError, RecursionError) as error:
        fix = "save the file as UTF-8 text without control characters."
        raise CaseFileError([Problem(Where(file, 1, 1), f"This is not YAML: {error}.", fix)]) from None
    if node is None:
        raise CaseFileError([Problem(Where(file, 1, 1), "The file is empty.", "write `purpose:` and `cases:`.")])
    document.data = _Builder(document).build(node, ())
    return document


def read_text(file: FilePath) -> str:
    """The text of a case file. Raises CaseFileError where it is no file, cannot be read, is too large or no text."""
    where = Where(str(file), 1, 1)
    if not file.is_file():
        # A pipe or a device may have no end, and a read of it none either.
        raise CaseFileError([Problem(where, "This is no regular file.", "name a file of cases/.")])
    if file.stat().st_size > _SIZE_MAX:
        raise CaseFileError([Problem(where, f"The file is larger than {_SIZE_MAX} bytes.", "split it.")])
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CaseFileError([Problem(where, f"The file is not UTF-8: {error}.", "save it as UTF-8.")]) from None
    except OSError as error:
        fix = "see who may read it: ls -l."
        raise CaseFileError([Problem(where, f"The file cannot be read: {error.strerror}.", fix)]) from None


def read_file(file: FilePath) -> Document:
    """Reads one file. Raises CaseFileError."""
    return read_document(read_text(file), str(file))
