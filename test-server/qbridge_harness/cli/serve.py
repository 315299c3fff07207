"""`qbridge-harness serve`: the server on a port, against a target or against a reference server of its own."""

from __future__ import annotations

import argparse
import asyncio
import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import uvicorn

from qbridge_harness.child import StartFailed, end_on_sigterm
from qbridge_harness.cli.itest import AGENT, ROUTES
from qbridge_harness.cli.options import PASSED, UNREACHABLE, add_judging, add_target, judging, named_target, select
from qbridge_harness.clients import Target
from qbridge_harness.contract import load_contract
from qbridge_harness.deployment import ReferenceServer, start_agent
from qbridge_harness.server.app import create_app
from qbridge_harness.server.guard import is_loopback
from qbridge_harness.server.harness import Harness
from qbridge_harness.server.history import History, HistoryUnusable, Retention
from qbridge_harness.server.runs import Limits, Runs
from qbridge_harness.spans import SpanReceiver
from qbridge_harness.usage import UsageError

PORT = 7500
HISTORY = Path("reports") / "harness.db"
TOKEN_VARIABLE = "QBRIDGE_HARNESS_TOKEN"  # noqa: S105 - the name of a variable, not what is in it.

EXAMPLES = """examples:
  qbridge-harness serve                                          against a reference server of its own
  qbridge-harness serve --target http://127.0.0.1:7401 --grpc 127.0.0.1:7400
  QBRIDGE_HARNESS_TOKEN=... qbridge-harness serve --host 0.0.0.0 --allow-host harness.example
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `qbridge-harness serve`."""
    parser.add_argument("cases", nargs="*", type=Path, help="files or folders (default: cases)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=PORT, help=f"port to listen on (default: {PORT}; 0: a free one)")
    add_target(parser, required=False)
    add_judging(parser)
    limits = parser.add_argument_group("limits")
    for name, default, what in (("at-once", 1, "runs at the same time"), ("waiting-max", 32, "runs that may wait")):
        limits.add_argument(f"--runs-{name}", type=int, default=default, metavar="N", help=f"{what} ({default})")
    kept = parser.add_argument_group("history")
    kept.add_argument("--history", metavar="PATH", help=f"file of the past runs, or `none` (default: {HISTORY})")
    kept.add_argument("--keep-runs", type=int, default=200, metavar="N", help="how many runs are kept (200)")
    kept.add_argument("--keep-days", type=float, default=30.0, metavar="N", help="how many days runs are kept (30)")
    access = parser.add_argument_group("access")
    token_help = f"token that every request must carry (default: ${TOKEN_VARIABLE}); without one, only loopback"
    access.add_argument("--token", default=os.environ.get(TOKEN_VARIABLE, ""), help=token_help)
    host_help = "a name under which the harness is reached, beside localhost; repeatable"
    access.add_argument("--allow-host", action="append", default=[], metavar="NAME", help=host_help)
    parser.set_defaults(run=serve)


def serve(arguments: argparse.Namespace) -> int:
    """Serves until it is stopped. Without a target it starts the reference server as a child process."""
    _check(arguments)
    arguments.only, arguments.tag, arguments.skip_tag = [], [], []
    planned = select(arguments)
    end_on_sigterm()
    with closing(_listen(arguments.host, arguments.port)) as listener, closing(_history(arguments)) as history:
        try:
            with _deployment(arguments) as deployment:
                # A seed belongs to a run: only one that was named holds for all of them.
                options = replace(judging(arguments, deployment.variables), seed=arguments.seed)
                limits = Limits(arguments.runs_at_once, arguments.runs_waiting_max)

                async def run() -> None:
                    target = deployment.target
                    runs = Runs(target, load_contract(), options, history, limits)
                    app = create_app(
                        Harness(planned, runs, target.rest, target.grpc),
                        token=arguments.token,
                        hosts=(arguments.host, *arguments.allow_host),
                    )
                    config = uvicorn.Config(app, log_level="warning", ws="none")
                    words = f"The harness judges {target.rest} and {target.grpc} with {len(planned)} cases."
                    await _Server(config, runs, words).serve([listener])

                asyncio.run(run())
        except StartFailed as error:
            print(error, file=sys.stderr)
            return UNREACHABLE
    return PASSED


class _Server(uvicorn.Server):
    """Says where it is once it listens; ends its runs before it waits for those who follow them."""

    def __init__(self, config: uvicorn.Config, runs: Runs, words: str) -> None:
        super().__init__(config)
        self._runs = runs
        self._words = words

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
            print(f"{self._words}\nTry: curl -f {url}/run/smoke\nOr open {url}/ in a browser.", flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._runs.close()
        await super().shutdown(sockets)


@dataclass(frozen=True, slots=True)
class _Deployment:
    """What is judged, and the variables that go with it."""

    target: Target
    variables: dict[str, str]


@contextmanager
def _deployment(arguments: argparse.Namespace) -> Iterator[_Deployment]:
    """The target that the call names, or a reference server with an agent. Raises StartFailed."""
    if arguments.target:
        target = named_target(arguments)
        yield _Deployment(target, {})
        return
    with (
        closing(SpanReceiver(arguments.otlp or "127.0.0.1:0")) as receiver,
        ReferenceServer(routes=ROUTES, otlp=receiver.url) as server,
    ):
        arguments.spans = receiver
        if not AGENT.is_file():
            yield _Deployment(server.target, {})
            return
        agent = start_agent(AGENT, server.target, server.folder)
        try:
            yield _Deployment(server.target, {"agent": "librarian"})
        finally:
            agent.stop()


def _check(arguments: argparse.Namespace) -> None:
    """Refuses what would surprise later. Raises UsageError."""
    if bool(arguments.target) != bool(arguments.grpc):
        raise UsageError("A target needs both addresses: --target URL --grpc HOST:PORT.")
    if not arguments.token and not is_loopback(arguments.host):
        raise UsageError(
            f"On {arguments.host} others reach the harness, so it asks for a token: give one in ${TOKEN_VARIABLE}"
            " (or with --token), or listen on 127.0.0.1."
        )
    if not arguments.token.isascii() or any(letter.isspace() for letter in arguments.token):
        raise UsageError(
            "A token has letters, digits and signs of ASCII, and no spaces: `openssl rand -hex 16` makes one."
        )
    for name, least in (("runs_at_once", 1), ("runs_waiting_max", 0), ("keep_runs", 1), ("keep_days", 0)):
        if getattr(arguments, name) < least:
            raise UsageError(f"--{name.replace('_', '-')} takes {least} or more.")


def _listen(host: str, port: int) -> socket.socket:
    """The port, taken before anything else is started. Raises UsageError."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(
                f"Port {port} of {host} is in use: stop what listens there, or choose another --port (0: a free one)."
            ) from None
        raise UsageError(f"The harness cannot listen on {host}:{port}: {error.strerror or error}.") from None


def _history(arguments: argparse.Namespace) -> History:
    """The history that the call names, else the one of this folder, else one in memory. Raises HistoryUnusable."""
    retention = Retention(arguments.keep_runs, arguments.keep_days)
    if arguments.history:
        return History.open(None if arguments.history == "none" else Path(arguments.history), retention)
    try:
        return History.open(HISTORY, retention)
    except HistoryUnusable as error:
        print(f"{error}\nUntil then past runs are forgotten when the harness ends.", file=sys.stderr)
        return History.open(None, retention)
