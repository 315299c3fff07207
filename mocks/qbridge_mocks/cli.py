"""`qbridge-mocks`: lists the implementations, and serves one of them."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from qbridge_mocks.broken import load_descriptions

_EXAMPLES = """\
examples:
  qbridge-mocks list
  qbridge-mocks list --rule GW-IDEM-001
  qbridge-mocks serve conforming
  qbridge-mocks serve broken/idempotency_ignored --rest 127.0.0.1:7401 --grpc 127.0.0.1:7400
  qbridge-mocks serve conforming --ready-file ready.json    # waits for nobody: read the addresses from it

Then judge it:
  qbridge-harness run cases --target http://127.0.0.1:7401 --grpc 127.0.0.1:7400
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; answers its exit status."""
    asked = parser().parse_args(arguments)
    try:
        status: int = asked.run(asked)
    except KeyboardInterrupt:
        return 130  # As shells have it for a command that Ctrl-C ended.
    return status


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog="qbridge-mocks",
        description="A second implementation of the contract, and ones with a planted error, to judge a harness by.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="name the implementations, and what each broken one breaks")
    listing.add_argument("--json", action="store_true", help="as JSON, for programs")
    listing.add_argument("--rule", metavar="ID", help="only those that break this rule")
    listing.set_defaults(run=show_list)
    serving = commands.add_parser(
        "serve",
        help="serve one of them until Ctrl-C",
        description="Serves one implementation over gRPC, REST, SSE and WebSocket until Ctrl-C or SIGTERM.",
        epilog=implementations(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    serving.add_argument("name", help="conforming, or broken/NAME as `qbridge-mocks list` shows")
    serving.add_argument(
        "--grpc", default="127.0.0.1:7400", metavar="HOST:PORT", help="default %(default)s; port 0: any"
    )
    serving.add_argument(
        "--rest", default="127.0.0.1:7401", metavar="HOST:PORT", help="default %(default)s; port 0: any"
    )
    serving.add_argument(
        "--ready-file", type=Path, metavar="PATH", help="write the addresses there, as JSON, once it serves"
    )
    serving.add_argument(
        "--require-key",
        action="store_true",
        help="refuse callers without an API key; QBRIDGE_API_KEY is the first one, with every scope",
    )
    serving.add_argument(
        "--route",
        action="append",
        default=[],
        metavar="GLOB=BACKEND",
        help="send generic operations whose name matches to that backend, where the request names none",
    )
    serving.set_defaults(run=serve)
    return top


def show_list(asked: argparse.Namespace) -> int:
    """Prints the names."""
    descriptions = {
        name: each for name, each in load_descriptions().items() if asked.rule is None or asked.rule in each.breaks
    }
    if asked.rule and not descriptions:
        return fail(f"no implementation breaks {asked.rule!r}; `qbridge-mocks list` shows what each one breaks")
    if asked.json:
        print(json.dumps({name: vars(each) for name, each in descriptions.items()}, indent=2))
        return 0
    if not asked.rule:
        print("conforming")
        print("    keeps the core and vector profiles")
    for name, each in sorted(descriptions.items()):
        print(f"broken/{name}")
        print(f"    {each.what} Breaks {', '.join(each.breaks)}.")
    return 0


def implementations() -> str:
    """The names that can be served, and the rules that each breaks."""
    descriptions = load_descriptions()
    width = max(map(len, descriptions), default=0)
    rows = [f"  broken/{name:{width}}  {', '.join(each.breaks)}" for name, each in sorted(descriptions.items())]
    return "\n".join(["names, and the rules that each one breaks:", "  conforming", *rows])


def serve(asked: argparse.Namespace) -> int:
    """Serves until a signal."""
    key = os.environ.get("QBRIDGE_API_KEY", "") if asked.require_key else ""
    if asked.require_key and not key:
        return fail("--require-key needs the first key in the environment: QBRIDGE_API_KEY=... qbridge-mocks serve ...")
    routes = [tuple(route.partition("=")[::2]) for route in asked.route]
    if not all(glob and backend for glob, backend in routes):
        return fail("--route wants GLOB=BACKEND, for example --route 'agent.*=agent'")
    if asked.ready_file and asked.ready_file.exists() and not asked.ready_file.is_file():
        return fail(f"--ready-file: {asked.ready_file} is there and is no file; name one that may be replaced")
    try:
        return asyncio.run(serve_until_signal(asked, key, routes))
    except KeyError:
        return fail(f"there is no implementation {asked.name!r}; `qbridge-mocks list` names them")
    except (OSError, ValueError) as error:
        return fail(f"cannot serve on {asked.grpc} and {asked.rest}: {error}; choose others with --grpc and --rest")


async def serve_until_signal(asked: argparse.Namespace, key: str, routes: list[tuple[str, str]]) -> int:
    """Starts, says where, waits for SIGINT or SIGTERM, stops."""
    from qbridge_mocks.running import start

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with await start(asked.name, key=key, grpc=asked.grpc, rest=asked.rest, routes=routes) as running:
        addresses = {"grpc": running.grpc, "rest": running.rest}
        if asked.ready_file:
            write_ready(asked.ready_file, addresses)
        print(f"{asked.name} serves: gRPC {running.grpc}, REST {running.rest}. Ctrl-C stops it.", flush=True)
        await stop.wait()
    return 0


def write_ready(path: Path, addresses: dict[str, str]) -> None:
    """Writes the file in one step: whoever sees it sees all of it."""
    half = path.with_name(path.name + ".part")
    half.write_text(json.dumps(addresses))
    half.replace(path)


def fail(message: str) -> int:
    """Says what is wrong and answers the exit status of a usage error."""
    print(f"qbridge-mocks: {message}", file=sys.stderr)
    return 2
