"""The command `qbridge`: what a person asks of a bridge from a shell.

Takes words, gives lines for people or, with --json, JSON for programs; errors are one line and what to do
next. Commands stand by subject beside this file; other packages add theirs through the entry points
`qbridge.commands` (that is where `qbridge serve` comes from). Below is the sync client and nothing else.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from qbridge import __version__
from qbridge.cli import _platform, _requests, _vectors
from qbridge.cli._output import EXIT_STATUS, report_error
from qbridge.exceptions import QBridgeError

_GROUP = "qbridge.commands"

_DESCRIPTION = "Ask a bridge to do work, follow it, and see how the bridge is."
_EPILOG = f"""\
where the bridge is:
  --target grpc://HOST:PORT, http://HOST:PORT or a folder; QBRIDGE_TARGET where it is not given;
  otherwise a bridge in this process that keeps nothing. --key or QBRIDGE_API_KEY gives the API key.

to begin with:
  qbridge call echo echo hello                   work done in this process
  qbridge serve                                  a bridge on this machine
  export QBRIDGE_TARGET=grpc://localhost:7400
  qbridge health

exit status: {EXIT_STATUS}
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and answers its exit status."""
    arguments = build_parser().parse_args(argv)
    try:
        return int(arguments.run(arguments) or 0)
    except QBridgeError as error:
        return report_error(error, as_json=getattr(arguments, "json", False))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stderr.close()
        return 0


def build_parser() -> argparse.ArgumentParser:
    """The parser with every command, ours and those of other packages."""
    parser = argparse.ArgumentParser(
        prog="qbridge",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"qbridge {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (_requests, _vectors, _platform):
        module.register(commands)
    for entry_point in sorted(entry_points(group=_GROUP), key=lambda each: each.name):
        _add(entry_point, commands)
    return parser


def _add(entry_point: EntryPoint, commands: Any) -> None:
    """Another package's command; where what it needs is not installed, it says so when it is used."""
    try:
        register = entry_point.load()
    except ImportError as error:
        missing = error.name or str(error)
        parser = commands.add_parser(entry_point.name, help=f"(needs {missing}, which is not installed)")
        parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
        parser.set_defaults(run=lambda arguments: _not_installed(entry_point.name, missing))
        return
    register(commands)


def _not_installed(name: str, missing: str) -> int:
    print(f"qbridge {name}: the module {missing} is not installed; pip install 'qbridge[server]'", file=sys.stderr)
    return 1
