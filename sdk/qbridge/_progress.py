"""How far a bulk operation is: a bar for people, a callback for programs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

ProgressArgument = bool | Callable[[int, int | None], object]
"""True shows a bar where stderr is a terminal; a callable gets (done, total), total None where not known."""

_WIDTH = 30
_REDRAW_S = 0.1


def reporter(progress: ProgressArgument, label: str) -> Callable[[int, int | None], object]:
    """What to call after each step."""
    if callable(progress):
        return progress
    if progress and sys.stderr.isatty():
        return _Bar(label)
    return lambda done, total: None


class _Bar:
    """One line on stderr, drawn again at most ten times a second, and ended when all is done."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._started = time.monotonic()
        self._drawn = 0.0

    def __call__(self, done: int, total: int | None) -> None:
        now = time.monotonic()
        last = done == total
        if now - self._drawn < _REDRAW_S and not last:
            return
        self._drawn = now
        rate = done / max(now - self._started, 1e-9)
        if total:
            filled = _WIDTH * done // total
            line = f"{self._label} [{'#' * filled}{'.' * (_WIDTH - filled)}] {done}/{total}"
        else:
            line = f"{self._label} {done}"
        sys.stderr.write(f"\r{line} {rate:,.0f}/s" + ("\n" if last else ""))
        sys.stderr.flush()
