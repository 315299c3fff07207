"""The parser of `qbridge-harness`, and its smallest command: schema."""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

from qbridge_harness import __version__
from qbridge_harness.cli.options import ERROR, EXIT_CODES, PASSED, UNREACHABLE, USAGE
from qbridge_harness.clients.target import KeyRefused, NoBridge, Unreachable
from qbridge_harness.language import CaseFileError, Suite
from qbridge_harness.usage import UsageError

COMMANDS = {
    "list": "list the cases, or with --plan what running them would do; nothing is sent",
    "run": "run cases against a target",
    "serve": "run cases over HTTP: GET /run/{case}",
    "itest": "run everything against the reference server, or a target",
    "contract": "fuzz a target with schemathesis and verify the published pacts; spoils what is there",
    "rules": "show which rules of the contract the last run has proven",
    "coverage": "show how much of the contract the last run has seen",
    "watch": "run cases, and again what a changed file touches",
    "report": "write the conformance report of a run",
}
"""Commands with a module of their own beside this one, which is imported only when it is the one that is called."""

EXAMPLES = """examples:
  qbridge-harness itest                          every case against a reference server of its own
  qbridge-harness run cases/smoke.yaml --target http://127.0.0.1:7401 --grpc 127.0.0.1:7400
  qbridge-harness rules                          which promises the last run has proven
  qbridge-harness report --out reports/conformance
  qbridge-harness COMMAND --help                 the options of a command, with examples
"""
_TEXT = argparse.RawDescriptionHelpFormatter
ENOUGH = 141
"""The exit code that shells give to a command whose reader closed the pipe."""


def main(argv: Sequence[str] | None = None) -> int:
    """The console script."""
    words = sys.argv[1:] if argv is None else argv
    arguments = _parser(next((word for word in words if not word.startswith("-")), "")).parse_args(words)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except (CaseFileError, KeyRefused, UsageError) as error:
        print(error, file=sys.stderr)
        return USAGE
    except NoBridge as error:
        print(f"{error}. Is the address right?", file=sys.stderr)
        return UNREACHABLE
    except Unreachable as error:
        print(f"The target does not answer: {error}. Is it running, and is the address right?", file=sys.stderr)
        return UNREACHABLE
    except OSError:
        return _output_lost() or _broken()
    except Exception:  # What breaks here is the harness, and must not look like a verdict on the deployment.
        return _broken()
    return code


def _broken() -> int:
    traceback.print_exc()
    return ERROR


def _output_lost() -> int:
    """The exit code where it was the standard output that broke; 0 where it is well."""
    try:
        sys.stdout.write("\n")  # Only another try tells: what failed before is forgotten.
        sys.stdout.flush()
    except OSError as error:
        # What is left in its buffer would be tried, and told, again as the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return ENOUGH
        print(f"The standard output cannot be written: {error.strerror}.", file=sys.stderr)
        return ERROR
    return PASSED


def _parser(called: str) -> argparse.ArgumentParser:
    """The parser; of the commands elsewhere only the called one knows its options."""
    about = "Judges any deployment of the contract, by its two addresses and nothing else."
    parser = argparse.ArgumentParser(
        prog="qbridge-harness", description=about, epilog=f"{EXAMPLES}\n{EXIT_CODES}", formatter_class=_TEXT
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    schema = commands.add_parser("schema", help="print the JSON Schema of case files, for editors")
    schema.add_argument("--report", action="store_true", help="that of JSON reports instead")
    schema.add_argument("--shared", action="store_true", help="that of the files that suites include instead")
    schema.set_defaults(run=_schema)
    for name, help_text in COMMANDS.items():
        text = help_text[0].upper() + help_text[1:] + "."
        command = commands.add_parser(name, help=help_text, description=text, formatter_class=_TEXT)
        if name == called:
            module = import_module(f"qbridge_harness.cli.{name}")
            command.epilog = f"{getattr(module, 'EXAMPLES', '')}\n{EXIT_CODES}".lstrip()
            module.add_options(command)
    return parser


def _schema(arguments: argparse.Namespace) -> int:
    if arguments.report:
        from qbridge_harness.reports.json import schema

        print(json.dumps(schema(), indent=1))
    elif arguments.shared:
        from qbridge_harness.language.include import Shared

        print(json.dumps(Shared.model_json_schema(), indent=1))
    else:
        print(json.dumps(Suite.model_json_schema(), indent=1))
    return PASSED
