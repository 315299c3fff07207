"""`qbridge-harness serve`: the server on a port, against a target or against a reference server of its own."""

from __future__ import annotations

import argparse
import asyncio
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import uvicorn

from qbridge_harness.child import StartFailed, end_on_sigterm
from qbridge_harness.cli.itest import AGENT, ROUTES
from qbridge_harness.cli.options import PASSED, UNREACHABLE, add_target, select, variables
from qbridge_harness.clients import Target
from qbridge_harness.contract import load_contract
from qbridge_harness.deployment import ReferenceServer, start_agent
from qbridge_harness.engine import Options
from qbridge_harness.language import PlannedCase
from qbridge_harness.runs import Runs
from qbridge_harness.server import Harness, create_app

PORT = 7500


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `qbridge-harness serve`."""
    parser.add_argument("cases", nargs="*", type=Path, help="files or folders (default: cases)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=PORT, help=f"port to listen on (default: {PORT})")
    add_target(parser, required=False)
    parser.set_defaults(run=serve)


def serve(arguments: argparse.Namespace) -> int:
    """Serves until it is stopped. Without a target it starts the reference server as a child process."""
    arguments.only, arguments.tag, arguments.skip_tag = [], [], []
    if bool(arguments.target) != bool(arguments.grpc):
        raise ValueError("A target needs both addresses: --target URL --grpc HOST:PORT.")
    end_on_sigterm()
    planned = select(arguments)
    given = variables(arguments.var)
    with ExitStack() as stack:
        if arguments.target:
            target = Target(arguments.target.rstrip("/"), arguments.grpc, arguments.key)
        else:
            try:
                server = stack.enter_context(ReferenceServer(routes=ROUTES))
            except StartFailed as error:
                print(error, file=sys.stderr)
                return UNREACHABLE
            target = server.target
            if AGENT.is_file():
                agent = start_agent(AGENT, target, server.folder)
                stack.callback(agent.stop)
                given.setdefault("agent", "librarian")
        options = Options(arguments.jobs, dict(given))
        return asyncio.run(_serve(arguments, target, options, planned))


class _Announcing(uvicorn.Server):
    """Says where it is once it listens, and not before."""

    def __init__(self, config: uvicorn.Config, words: str) -> None:
        super().__init__(config)
        self._words = words

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            print(f"{self._words}\nTry: curl -f http://{self.config.host}:{port}/run/smoke", flush=True)


async def _serve(
    arguments: argparse.Namespace, target: Target, options: Options, planned: Sequence[PlannedCase]
) -> int:
    runs = Runs(target, load_contract(), options)
    app = create_app(Harness(list(planned), runs, target.rest, target.grpc))
    config = uvicorn.Config(app, arguments.host, arguments.port, log_level="warning", ws="none")
    words = f"The harness judges {target.rest} and {target.grpc} with {len(planned)} cases."
    await _Announcing(config, words).serve()
    return PASSED
