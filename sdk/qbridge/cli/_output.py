"""What commands print: lines and tables for people, JSON for programs, errors that say what to do."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from qbridge._sync import Client, connect
from qbridge.exceptions import QBridgeError, RetryableError
from qbridge_contract import json
from qbridge_contract.errors import problem
from qbridge_contract.structs import Message

EXIT_STATUS = "0 done, 1 refused or failed, 2 wrong arguments, 75 try again later"
_EXIT_FAILED, _EXIT_TRY_LATER = 1, 75


def common() -> argparse.ArgumentParser:
    """The options of every command that talks to a bridge."""
    parser = argparse.ArgumentParser(add_help=False)
    group = parser.add_argument_group("bridge")
    group.add_argument("-t", "--target", metavar="URL", help="grpc://..., http://... or a folder [QBRIDGE_TARGET]")
    group.add_argument("--key", metavar="KEY", help="API key [QBRIDGE_API_KEY]")
    group.add_argument("--timeout", type=float, default=30.0, metavar="S", help="seconds to wait [30]")
    group.add_argument("--json", action="store_true", help="print JSON as the contract writes it")
    return parser


def client_of(arguments: argparse.Namespace) -> Client:
    """The client that the options ask for."""
    return connect(arguments.target, api_key=arguments.key, timeout_s=arguments.timeout)


def print_message(message: Message) -> None:
    """A message of the contract as one line of JSON."""
    print(json.encode(message).decode())


def print_value(value: Any) -> None:
    """An answer: text as it is, bytes as text where they are text, everything else as JSON."""
    if isinstance(value, bytes):
        try:
            value = value.decode()
        except UnicodeDecodeError:
            sys.stdout.flush()
            sys.stdout.buffer.write(value)
            return
    print(value if isinstance(value, str) else msgspec.json.encode(value).decode())


def print_table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Columns, as wide as they need to be."""
    lines = [tuple(str(cell) for cell in row) for row in (head, *rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def report_error(error: QBridgeError, as_json: bool) -> int:
    """Prints an error and what to do about it; answers the exit status."""
    if as_json:
        print(msgspec.json.encode(problem(error.error)).decode(), file=sys.stderr)
    else:
        print(f"qbridge: {error}", file=sys.stderr)
        for violation in error.error.violations:
            if violation.field and violation.field not in error.error.message:
                print(f"  {violation.field}: {violation.message}", file=sys.stderr)
        print(f"  {error.action}", file=sys.stderr)
        if error.trace_id:
            print(f"  trace {error.trace_id}", file=sys.stderr)
    return _EXIT_TRY_LATER if isinstance(error, RetryableError) else _EXIT_FAILED
