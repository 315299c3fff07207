"""Renews requirements.lock: one file for every extra and every tool, for Python 3.11 to 3.13, with hashes.

It holds no address of a package registry: which one to use is the business of the machine that installs.
Versions already locked stay unless `--upgrade` is given.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements.lock"
COMPILE = [
    "pip",
    "compile",
    "pyproject.toml",
    "--all-extras",
    "--group=dev",
    "--group=docs",
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-annotate",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--custom-compile-command=make lock",
    "--quiet",
]


def without_addresses(text: str) -> str:
    """The lock without the options and links that the machine's own settings may have put into it."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("-") and "://" not in line)


def main(arguments: list[str]) -> int:
    """Compiles into requirements.lock; answers uv's exit code."""
    uv = Path(sys.executable).with_name("uv")
    outcome = subprocess.run([uv, *COMPILE, f"--output-file={LOCK.name}", *arguments], cwd=ROOT, check=False)
    if outcome.returncode == 0:
        LOCK.write_text(without_addresses(LOCK.read_text()))
    return outcome.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
