"""Who is judged, and what must be found."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from qbridge_mocks.broken import load_descriptions

ROOT = Path(__file__).parents[2]
NODE = ROOT / "mocks" / "node" / "dist" / "src" / "main.js"


@dataclass(frozen=True, slots=True)
class Expected:
    """An implementation, and the rules that it must show broken; none for one that conforms."""

    name: str
    breaks: frozenset[str] = frozenset()

    @property
    def conforms(self) -> bool:
        """Whether every case must pass."""
        return not self.breaks


def missing_node() -> str:
    """Why mocks/node cannot be judged; empty where it can."""
    if shutil.which("node") is None:
        return "there is no Node: install Node 20 or newer, with npm"
    return "" if NODE.exists() else "it is not built: node mocks/node/scripts/build.mjs"


def everybody() -> list[Expected]:
    """All implementations: those that conform first. The one for Node is there once it is built."""
    node = [] if missing_node() else [Expected("node")]
    broken = [Expected(f"broken/{name}", frozenset(row.breaks)) for name, row in sorted(load_descriptions().items())]
    return [Expected("conforming"), *node, *broken]


def chosen(names: Collection[str]) -> list[Expected]:
    """Those of the names, with or without `broken/`; all where none is named.

    Raises LookupError for another name, and on CI where not all could be judged.
    """
    known = everybody()
    if not names:
        if os.environ.get("CI") == "true" and (reason := missing_node()):
            raise LookupError(f"mocks/node cannot be judged: {reason}.")
        return known
    by_name = {each.name: each for each in known}
    found = []
    for name in names:
        each = by_name.get(name) or by_name.get(f"broken/{name}")
        if each is None:
            there = "" if name != "node" else " (build it first: node mocks/node/scripts/build.mjs)"
            raise LookupError(f"There is no implementation {name!r}{there}; `qbridge-mocks list` names them.")
        found.append(each)
    return found
