"""The changes: every small way in which the code of a module could be wrong.

Comparisons, conditions, `and` and `or`, constants, `any` and `all`, and statements that are left out. What a person
reads (messages, names, annotations, docstrings) is not changed: it decides nothing.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

_NAME_MAX = 90
_COMPARE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_OTHER_NAME = {"any": "all", "all": "any", "min": "max", "max": "min"}


@dataclass(frozen=True, slots=True)
class Subject:
    """A module to change, the functions that decide in it, and the tests that should notice."""

    file: str
    tests: list[str]
    only: frozenset[str]
    skip: frozenset[str]

    @property
    def module(self) -> str:
        """Its import name: the path below the room's folder."""
        return ".".join(Path(self.file).with_suffix("").parts[1:])


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change, named by what it changes and not by its line, which moves."""

    subject: Subject
    name: str
    line: int
    source: str


def mutants(subject: Subject, text: str) -> list[Mutant]:
    """Every change of a module. Raises ValueError where `only` or `skip` names what the module has not."""
    tree = ast.parse(text)
    _refuse_strangers(subject, tree)
    found: list[Mutant] = []
    seen: Counter[str] = Counter()
    for function, node, parent in _places(tree):
        if (subject.only and function not in subject.only) or function in subject.skip:
            continue
        for changed in changes(node, parent):
            label = f"{subject.file}::{function}: {_short(node)} -> {_short(changed)}"
            seen[label] += 1
            name = label if seen[label] == 1 else f"{label} ({seen[label]})"
            found.append(Mutant(subject, name, getattr(node, "lineno", 0), _with(tree, node, changed)))
    return found


def _refuse_strangers(subject: Subject, tree: ast.Module) -> None:
    """A name that matches nothing leaves out code that moved, and nobody would notice."""
    known = set(_defined(tree, ""))
    for name in sorted((subject.only | subject.skip) - known):
        raise ValueError(f"{subject.file} has no function {name!r}: correct `only` or `skip` in settings.toml.")


def _defined(node: ast.AST, prefix: str) -> Iterator[str]:
    """The names of all functions and classes below a node, as settings write them."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + child.name
            yield from _defined(child, f"{prefix}{child.name}.")


def _is_type(node: ast.AST) -> bool:
    """`Literal["passed", "failed"]`: a type, which no test can notice."""
    return isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "Literal"


def _short(node: ast.AST) -> str:
    """A node in a line; of a branch only its condition."""
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        return f"if {ast.unparse(node.test)}"
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= _NAME_MAX else f"{text[:_NAME_MAX]}..."


def _places(tree: ast.Module) -> Iterator[tuple[str, ast.AST, ast.AST]]:
    """(function, node, its parent) of everything that is executed; annotations and docstrings are not."""

    def walk(node: ast.AST, parent: ast.AST, function: str) -> Iterator[tuple[str, ast.AST, ast.AST]]:
        yield function, node, parent
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            function = node.name if function == "module" else f"{function}.{node.name}"
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list") or _is_type(node):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr | ast.arguments):
                    yield from walk(child, node, function)

    for statement in tree.body:
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            yield from walk(statement, tree, "module")


def changes(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """The changes of one node."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARE:
        yield ast.Compare(node.left, [_COMPARE[type(node.ops[0])](), *node.ops[1:]], node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.Constant):
        yield from _constant(node, parent)
    elif isinstance(node, ast.Name) and node.id in _OTHER_NAME and isinstance(parent, ast.Call):
        yield ast.Name(_OTHER_NAME[node.id], node.ctx)
    elif isinstance(node, ast.If | ast.IfExp | ast.While) and isinstance(
        node.test, ast.Name | ast.Attribute | ast.Call
    ):
        changed = deepcopy(node)
        changed.test = ast.UnaryOp(ast.Not(), node.test)
        yield changed
    elif isinstance(node, ast.AugAssign | ast.Raise) or _is_call(node) or _sets_a_member(node):
        yield ast.Pass()
    elif isinstance(node, ast.Break):
        yield ast.Continue()
    elif isinstance(node, ast.Continue):
        yield ast.Break()


def _constant(node: ast.Constant, parent: ast.AST) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, float):
        yield ast.Constant(value * 2 or 1.0)
    elif isinstance(value, str) and value and _decides(parent):
        yield ast.Constant(f"{value}~")


def _decides(parent: ast.AST) -> bool:
    """Whether a text in it is compared, or looked up; elsewhere it is a message."""
    if isinstance(parent, ast.Tuple | ast.Set):
        return all(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in parent.elts)
    return isinstance(parent, ast.Compare | ast.Subscript)


def _is_call(node: ast.AST) -> bool:
    """A statement that only calls: its effect is all that it has."""
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value.value if isinstance(value, ast.Await) else value, ast.Call)


def _sets_a_member(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute | ast.Subscript)


def _with(tree: ast.Module, node: ast.AST, changed: ast.AST) -> str:
    """The module's text with one node replaced."""

    class Replace(ast.NodeTransformer):
        def visit(self, visited: ast.AST) -> ast.AST:
            return changed if visited is node else super().generic_visit(visited)

    # A transformer changes in place, so each text comes from a tree whose nodes are put back afterwards.
    backup = {id(each): dict(vars(each)) for each in ast.walk(tree)}
    lists = [
        (value, list(value)) for each in ast.walk(tree) for value in vars(each).values() if isinstance(value, list)
    ]
    nodes = list(ast.walk(tree))
    try:
        return ast.unparse(ast.fix_missing_locations(Replace().visit(tree)))
    finally:
        for each in nodes:
            vars(each).update(backup[id(each)])
        for value, before in lists:
            value[:] = before
