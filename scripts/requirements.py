"""The map of requirements: each id, in a sentence, with the cases and tests that prove it, or the part that will.

docs/requirements.yaml is written by hand; docs/requirements.md is made from it. `--check` fails where the page is not
what the data makes, where an id is missing or there twice, where a named case or test does not exist or is switched
off, and where a row has neither evidence nor a plan.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from qbridge_harness.contract import load_contract
from qbridge_harness.language import load_suites, plan_cases
from qbridge_harness.rules import load_rules

ROOT = Path(__file__).parent.parent
State = Literal["proven", "partly", "planned"]
MEMBERS = {"ids", "says", "cases", "tests", "planned", "missing"}
OFF = {"skip", "xfail"}
"""Marks of a test that proves nothing."""

_HEAD = """# Requirements

Generated from `docs/requirements.yaml` by `make requirements`. Do not edit.

Every id of the requirements, and what shows that it is met. *Proven* means: each named case and test exists, and runs
in `make test` or `make itest`. *Partly* says what is still to come. *Planned* names the later part of the project.

"""


@dataclass(frozen=True, slots=True)
class Row:
    """Ids that mean one thing, with their evidence."""

    capability: str
    ids: list[str]
    says: str
    cases: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)
    planned: str = ""
    missing: str = ""

    @property
    def state(self) -> State:
        """What the evidence and the plan make of it."""
        if not (self.cases or self.tests):
            return "planned"
        return "partly" if self.planned else "proven"


@dataclass(frozen=True, slots=True)
class Map:
    """The whole map."""

    parts: dict[str, str]
    titles: dict[str, str]
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Known:
    """What there really is."""

    ids: set[str]
    cases: set[str]
    tests: dict[str, set[str]]
    """Node id (`tests/x.py::test_y`) -> the marks that switch it off."""


def read_map(file: Path) -> Map:
    """The data file. Raises ValueError for a member that a row does not have."""
    data: dict[str, Any] = yaml.safe_load(file.read_text())
    rows = []
    for name, capability in data["capabilities"].items():
        for row in capability["rows"]:
            if set(row) - MEMBERS:
                raise ValueError(
                    f"{file}: {row['ids']}: a row has no {sorted(set(row) - MEMBERS)}; use {sorted(MEMBERS)}"
                )
            rows.append(Row(name, **row))
    return Map(data["parts"], {name: each["title"] for name, each in data["capabilities"].items()}, rows)


def known(root: Path) -> Known:
    """The ids that were asked for, the planned cases, and the test functions of the repository."""
    suites = load_suites([root / "cases"], load_contract(), load_rules())
    ids = set((root / "docs" / "requirements.ids").read_text().split())
    return Known(ids, {case.id for case in plan_cases(suites)}, dict(_tests(root)))


def _tests(root: Path) -> Iterator[tuple[str, set[str]]]:
    for file in sorted((root / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                marks = {mark for each in node.decorator_list for mark in _names(each)}
                yield f"{file.relative_to(root)}::{node.name}", marks & OFF


def _names(decorator: ast.expr) -> Iterator[str]:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(called, ast.Attribute):
        yield called.attr


# ---------------------------------------------------------------- the check


def problems(wanted: Map, there: Known) -> list[str]:
    """What is wrong with the map; empty where it is true."""
    counted = Counter(name for row in wanted.rows for name in row.ids)
    found = [f"{name} is missing: give it a row in docs/requirements.yaml" for name in sorted(there.ids - set(counted))]
    found += [f"{name} is no id of docs/requirements.ids" for name in sorted(set(counted) - there.ids)]
    found += [f"{name} is there {count} times: keep one row" for name, count in counted.items() if count > 1]
    for row in wanted.rows:
        found += [f"{' '.join(row.ids)}: {text}" for text in _row_problems(row, wanted.parts, there)]
    return found


def _row_problems(row: Row, parts: dict[str, str], there: Known) -> Iterator[str]:
    if row.state == "planned" and not row.planned:
        yield "neither a case nor a test proves it: name one, or the part that will (`planned`)"
    if row.planned and row.planned not in parts:
        yield f"no part is called {row.planned!r}: {', '.join(parts)}"
    if (row.state == "partly") != bool(row.missing):
        yield "`missing` says what is left where the row has evidence and is `planned`, and only there"
    for case in row.cases:
        if not any(name == case or name.startswith(f"{case}/") for name in there.cases):
            yield f"there is no case {case}; `qbridge-harness list` shows all"
    for test in row.tests:
        if test not in there.tests:
            yield f"there is no test {test}"
        elif there.tests[test]:
            yield f"{test} is marked {', '.join(there.tests[test])}, so it proves nothing"


# ---------------------------------------------------------------- the page


def page(wanted: Map) -> str:
    """The text of docs/requirements.md."""
    out = [_HEAD, *_summary(wanted), ""]
    for name, title in wanted.titles.items():
        rows = [row for row in wanted.rows if row.capability == name]
        out += [f"\n## {name} {title}\n", "| ids | what | state | evidence |", "|---|---|---|---|"]
        out += [_line(row, wanted.parts) for row in rows]
    return "\n".join(out) + "\n"


def _summary(wanted: Map) -> Iterable[str]:
    states = ("proven", "partly", "planned")
    yield "| capability | proven | partly | planned |"
    yield "|---|---:|---:|---:|"
    for name, title in wanted.titles.items():
        counted = Counter(dict.fromkeys(states, 0))
        for row in wanted.rows:
            counted[row.state] += len(row.ids) if row.capability == name else 0
        yield f"| {name} {title} | {' | '.join(str(counted[state]) for state in states)} |"
    whole = [sum(len(row.ids) for row in wanted.rows if row.state == state) for state in states]
    yield f"| **all {sum(whole)}** | {' | '.join(f'**{count}**' for count in whole)} |"


def _line(row: Row, parts: dict[str, str]) -> str:
    evidence = [f"case `{case}`" for case in row.cases]
    evidence += [f"`{test.removeprefix('tests/')}`" for test in row.tests]
    if row.planned:
        evidence.append(f"to come with {parts[row.planned]}{f': {row.missing}' if row.missing else ''}")
    return f"| {' '.join(row.ids)} | {row.says} | {row.state} | {'<br>'.join(evidence)} |"


def main(arguments: list[str]) -> int:
    """Writes the page, or checks everything; answers 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare and check, write nothing")
    asked = parser.parse_args(arguments)
    file = ROOT / "docs" / "requirements.md"
    wanted = read_map(ROOT / "docs" / "requirements.yaml")
    text = page(wanted)
    found = problems(wanted, known(ROOT))
    if asked.check and (not file.exists() or file.read_text() != text):
        found.append("docs/requirements.md is not what the data makes: run `make requirements`")
    if not asked.check:
        file.write_text(text)
    for each in found:
        print(each)
    counted = Counter(row.state for row in wanted.rows for _ in row.ids)
    print(
        f"{sum(counted.values())} requirements: "
        + ", ".join(f"{counted[s]} {s}" for s in ("proven", "partly", "planned"))
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
