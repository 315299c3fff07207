"""The moving line at the bottom of a terminal: how far the run is, what is red, what runs now."""

from __future__ import annotations

import shutil
from typing import TextIO

_CLEAR = "\r\033[K"


class Progress:
    """Draws on a terminal only; who writes lines clears it before and draws it after."""

    def __init__(self, stream: TextIO, planned: int) -> None:
        self._stream = stream
        self._planned = planned
        self._ended = 0
        self._red = 0
        self._running: dict[str, None] = {}

    def started(self, case_id: str) -> None:
        """A case runs now."""
        self._running[case_id] = None
        self.draw()

    def ended(self, case_id: str, *, red: bool) -> None:
        """A case runs no longer."""
        self._running.pop(case_id, None)
        self._ended += 1
        self._red += red

    def draw(self) -> None:
        """Draws the line again, cut to the width of the terminal."""
        width = shutil.get_terminal_size().columns
        self._stream.write(_CLEAR + self.text()[: max(width - 1, 0)])
        self._stream.flush()

    def clear(self) -> None:
        """Takes the line away."""
        self._stream.write(_CLEAR)

    def text(self) -> str:
        """The line."""
        red = f", {self._red} red" if self._red else ""
        running = f"  {', '.join(self._running)}" if self._running else ""
        return f"{self._ended} of {self._planned}{red}{running}"
