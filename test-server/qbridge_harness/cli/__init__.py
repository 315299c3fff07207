"""`qbridge-harness`: a command in each module.

Takes words of the command line, gives an exit code by the class of what went wrong (`options.EXIT_CODES`). It knows
every other part of the harness; none knows it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

INTERRUPTED = 130
"""The exit code that shells give to a command that Ctrl-C ended."""


def main(argv: Sequence[str] | None = None) -> int:
    """The console script; what it needs is imported when it is called."""
    # Pydantic would look through the metadata of everything that is installed, and the harness has no plugins for it.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    try:
        from qbridge_harness.cli.commands import main as run_command

        return run_command(argv)
    except KeyboardInterrupt:
        return INTERRUPTED
