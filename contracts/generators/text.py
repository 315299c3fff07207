"""How generated Python text is put together: headers, docstrings, one formatter."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

HEADER = "Generated from contracts/proto by `make contracts`; do not edit."
WIDTH = 110
COMBINED = "--config=lint.isort.combine-as-imports=true"
TEMPLATES = Path(__file__).parent / "templates"


def docstring(text: str, indent: int = 0) -> str:
    """A docstring of that text, wrapped and indented; empty for an empty text."""
    if not text:
        return ""
    pad = " " * indent
    text = text.replace("\\", "\\\\").replace('"""', "'''")
    if len(text) + indent + 6 <= WIDTH and not text.endswith('"'):
        return f'{pad}"""{text}"""\n'
    first, _, rest = text.partition(". ")
    if rest and len(first) + indent + 4 <= WIDTH:
        body = textwrap.fill(rest, WIDTH - indent, initial_indent=pad, subsequent_indent=pad)
        return f'{pad}"""{first}.\n\n{body}\n{pad}"""\n'
    body = textwrap.fill(text, WIDTH - indent - 3, subsequent_indent=pad)
    return f'{pad}"""{body}\n{pad}"""\n'


def module(doc: str, body: str) -> str:
    """A Python module: header, docstring, body."""
    return f"# {HEADER}\n{docstring(doc)}\nfrom __future__ import annotations\n\n{body}"


def template(name: str) -> str:
    """A file of `templates/`, which is copied into the package as it is, under the header."""
    return f"# {HEADER}\n{(TEMPLATES / name).read_text()}"


def as_json(value: Any) -> bytes:
    """A JSON file, indented, with a newline at its end."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def formatted(files: dict[str, str]) -> dict[str, bytes]:
    """The same files, formatted and without unused imports, by the pinned ruff."""
    return {path: _ruff(path, text) if path.endswith(".py") else text.encode() for path, text in files.items()}


def _ruff(path: str, text: str) -> bytes:
    ruff = [str(Path(sys.executable).with_name("ruff"))]
    common = ["--isolated", f"--line-length={WIDTH}", "--target-version=py311", f"--stdin-filename={path}"]
    common.append("-")
    fixed = subprocess.run(
        [*ruff, "check", "--select=I,F401", COMBINED, "--fix", "--quiet", *common],
        input=text.encode(),
        capture_output=True,
    )
    if fixed.returncode:
        words = (fixed.stdout + fixed.stderr).decode()
        raise SystemExit(f"{path}: ruff refused the generated text:\n{words}")
    return subprocess.run(
        [*ruff, "format", "--quiet", *common], input=fixed.stdout, capture_output=True, check=True
    ).stdout
