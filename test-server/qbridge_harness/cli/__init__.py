"""`qbridge-harness`: run, list, serve, itest.

Takes words of the command line, gives an exit code: 0 all passed, 1 a case failed, 2 a mistake in the call or in a case
file, 3 the target does not answer. It knows every other part of the harness; none knows it.
"""

from __future__ import annotations

from collections.abc import Sequence

INTERRUPTED = 130
"""The exit code that shells give to a command that Ctrl-C ended."""


def main(argv: Sequence[str] | None = None) -> int:
    """The console script; what it needs is imported when it is called."""
    try:
        from qbridge_harness.cli.main import main as run_command

        return run_command(argv)
    except KeyboardInterrupt:
        return INTERRUPTED
