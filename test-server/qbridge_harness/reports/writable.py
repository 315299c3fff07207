"""Whether reports can be written where they are asked for, found out before anything is sent."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from qbridge_harness.usage import UsageError

FOLDERS = ("allure",)
"""The formats that are a folder."""


def refuse_unwritable(paths: Mapping[str, Path]) -> None:
    """Raises UsageError for the first path that cannot be written; folders are made, nothing else is left there."""
    for name, path in paths.items():
        try:
            _write_nothing(path, folder=name in FOLDERS)
        except OSError as error:
            raise UsageError(f"{unwritten(name, path, error)} Name another place.") from None


def unwritten(name: str, path: Path, error: OSError) -> str:
    """The sentence about a report that cannot be written."""
    return f"The {name} report cannot be written to {path}: {error.strerror or error}."


def _write_nothing(path: Path, *, folder: bool) -> None:
    if folder:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    if new or path.is_file() or path.is_dir():  # A device or a pipe is opened once, by whoever writes.
        with path.open("ab"):
            pass
    if new and not path.is_symlink():
        path.unlink()
