"""`qbridge serve` and `qbridge keys`: the server's commands, found by the entry point qbridge.commands."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import HealthState
from qbridge_server.config import ConfigError, ServerConfig, load

if TYPE_CHECKING:
    from qbridge_server.serve import Server

USAGE_ERROR = 2
TTL_S_MAX = 100 * 365.25 * 24 * 3600
LOOK_S = 1.0
"""How often the command looks at the log's health."""


def register(subparsers: Any) -> None:
    """Adds the commands to the `qbridge` parser."""
    _add_serve(subparsers)
    _add_keys(subparsers)


def _add_serve(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "serve",
        help="run the bridge: gRPC, REST and WebSocket",
        description="Runs the bridge until Ctrl-C or SIGTERM, then drains: it finishes what it has accepted. "
        "Without --data all is in memory. Without --keys it listens on loopback only.",
        epilog="examples:\n"
        "  qbridge serve\n"
        "  qbridge serve --data ./bridge --route 'agent.*=agent'\n"
        "  qbridge serve --grpc 0.0.0.0:7400 --rest 0.0.0.0:7401 --keys keys.json --tls-cert c.pem --tls-key k.pem",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML; the flags below win over it")
    parser.add_argument("--grpc", metavar="HOST:PORT", help="address of the gRPC door (127.0.0.1:7400; port 0: any)")
    parser.add_argument("--rest", metavar="HOST:PORT", help="address of the REST door (127.0.0.1:7401; port 0: any)")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="keep the buffer and the vectors here")
    parser.add_argument("--keys", type=Path, metavar="FILE", help="ask for API keys; see `qbridge keys`")
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="certificate chain (PEM)")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="its private key (PEM)")
    parser.add_argument("--tls-client-ca", type=Path, metavar="FILE", help="ask for client certificates of this CA")
    parser.add_argument(
        "--route",
        action="append",
        metavar="PATTERN=BACKEND",
        dest="routes",
        help="send generic operations whose name matches to a backend; may be repeated",
    )
    parser.add_argument("--chroma", metavar="URL", help="add the backend `chroma`, served by the Chroma server at URL")
    parser.add_argument("--otlp", metavar="URL", help="send spans here by OTLP over HTTP, e.g. http://127.0.0.1:4318")
    parser.add_argument("--sample-ratio", type=float, metavar="R", help="share of requests that become spans (0.01)")
    parser.add_argument(
        "--ready-file",
        type=Path,
        metavar="FILE",
        help="write the addresses here, as JSON, once the doors are open",
    )
    parser.add_argument("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    parser.set_defaults(run=_serve)


def _serve(args: argparse.Namespace) -> int:
    # One thread an algebra call: several would fight with the loop for the cores. It counts before numpy is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        import uvloop
    except ModuleNotFoundError:
        print("qbridge serve needs the server's packages: pip install 'qbridge[server]'", file=sys.stderr)
        return USAGE_ERROR
    _log_json(args.log_level)
    names = (
        "grpc",
        "rest",
        "data",
        "keys",
        "tls_cert",
        "tls_key",
        "tls_client_ca",
        "routes",
        "otlp",
        "sample_ratio",
    )
    overrides = {name: getattr(args, name) for name in names}
    try:
        if args.ready_file is not None:
            _refuse_ready_file(args.ready_file)
        config = load(args.config, overrides)
        if args.chroma:
            config = config.with_backend("chroma", "chroma", args.chroma)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_run(config, args.ready_file))
    except ConfigError as error:
        print(f"qbridge serve: {error}", file=sys.stderr)
        return USAGE_ERROR
    except BridgeError as error:
        print(f"qbridge serve: {error.error.message}", file=sys.stderr)
        return USAGE_ERROR


def _refuse_ready_file(path: Path) -> None:
    """Only what is a file, or is not there yet, in a folder that is: anything else would be replaced by a file."""
    if path.exists() and not path.is_file():
        raise ConfigError(f"--ready-file: {path} is there and is no file; name one that may be replaced")
    if not path.parent.is_dir():
        raise ConfigError(f"--ready-file: there is no folder {path.parent}; make it first")


async def _run(config: ServerConfig, ready_file: Path | None) -> int:
    from qbridge_server.serve import Server, write_ready_file

    server = Server(config)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    addresses = await server.start()
    _calm()
    kept = f"in {config.data}" if config.data else "in memory"
    print(f"qbridge serves  gRPC {addresses.grpc}  REST {addresses.rest}  data {kept}", file=sys.stderr)
    print(f"try:  curl {addresses.rest}/v1/capabilities     stop: Ctrl-C", file=sys.stderr)
    if ready_file is not None:
        write_ready_file(ready_file, addresses)
    failed = await _until(stopping, server)
    print("qbridge drains ...", file=sys.stderr)
    drained = await server.stop()
    if failed:
        print(
            f"qbridge stopped because its log failed: {failed}; see to the disk, then start it again", file=sys.stderr
        )
        return 1
    if not drained:
        print("qbridge stopped with requests undone; durable ones go on at the next start", file=sys.stderr)
    return 0 if drained else 1


async def _until(stopping: asyncio.Event, server: Server) -> str:
    """Waits for a signal, or for the log to fail, in which case what it says is answered: nothing durable can go on."""
    while not stopping.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await stopping.wait()
        state, detail = server.deployment.buffer.health()
        if state is HealthState.NOT_SERVING:
            return detail
    return ""


def _calm() -> None:
    """Settings of a process that serves and does nothing else; an embedded bridge leaves its host's alone.

    The cycle collector looks rarely, because requests are trees and thousands of kept ones are not worth walking; and
    threads hand the interpreter over sooner, so that the log's writer never holds the loop up for long. The bound on
    open files is raised as far as the system lets us: a thousand idle connections must not shut the doors.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)
    sys.setswitchinterval(0.0005)


def _add_keys(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "keys",
        help="make, list and revoke API keys in a file",
        description="API keys of a deployment, in a file.",
    )
    commands = parser.add_subparsers(dest="keys_command", required=True, metavar="COMMAND")
    create = commands.add_parser("create", help="make a key and print its secret, once")
    create.add_argument("--name", required=True, help="what it is for")
    create.add_argument("--tenant", default="default", help="whose callers use it (default)")
    create.add_argument("--scopes", default="call", help="comma-separated: call, backend, admin (call)")
    create.add_argument("--ttl-s", type=_ttl_s, default=0.0, help="how long it holds, in seconds (for good)")
    listing = commands.add_parser("list", help="list the keys, without their secrets")
    revoke = commands.add_parser("revoke", help="revoke a key; a running server heeds it within a second")
    revoke.add_argument("key_id")
    for command, run in ((create, _create), (listing, _list), (revoke, _revoke)):
        command.add_argument("--file", type=Path, default=Path("qbridge-keys.json"), help="(qbridge-keys.json)")
        command.set_defaults(run=_or_say(run))


def _keyring(file: Path) -> Any:
    from qbridge_server.gateway.keys import Keyring
    from qbridge_server.runtime import SystemClock, SystemRng

    return Keyring(file, clock=SystemClock(), rng=SystemRng())


def _ttl_s(text: str) -> float:
    """Seconds, up to a hundred years; 0 for good."""
    ttl_s = float(text)
    if not 0.0 <= ttl_s <= TTL_S_MAX:
        raise argparse.ArgumentTypeError(f"from 0 (for good) to {TTL_S_MAX:.0f} seconds, a hundred years, not {text}")
    return ttl_s


def _create(args: argparse.Namespace) -> int:
    scopes = [scope.strip() for scope in args.scopes.split(",") if scope.strip()]
    unknown = set(scopes) - {"call", "backend", "admin"}
    if unknown or not scopes:
        print(f"qbridge keys: scopes are call, backend and admin, not {args.scopes}", file=sys.stderr)
        return USAGE_ERROR
    key, secret = _keyring(args.file).create(args.name, args.tenant, scopes, args.ttl_s)
    print(f"{key.key_id} for {key.tenant} may {', '.join(key.scopes)}; its secret, shown once:", file=sys.stderr)
    print(secret)
    return 0


def _list(args: argparse.Namespace) -> int:
    for key in _keyring(args.file).all():
        state = "revoked" if key.revoked else "good"
        print(f"{key.key_id}  {key.tenant:<16} {','.join(key.scopes):<20} {state:<8} {key.name}")
    return 0


def _revoke(args: argparse.Namespace) -> int:
    _keyring(args.file).revoke(args.key_id)
    print(f"{args.key_id} is revoked")
    return 0


def _or_say(run: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """The command, which says in a line what it could not do."""

    def command(args: argparse.Namespace) -> int:
        from qbridge_server.gateway.keys import KeysError

        try:
            return run(args)
        except BridgeError as error:
            print(f"qbridge keys: {error.error.message}", file=sys.stderr)
        except KeysError as error:
            print(f"qbridge keys: {error}", file=sys.stderr)
        return 1

    return command


class _JsonLines(logging.Formatter):
    """One JSON object a line. What a call passes in `extra` becomes members of its own."""

    _known = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update({key: value for key, value in vars(record).items() if key not in self._known})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def _log_json(level: str) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("uvicorn.error").setLevel(max(logging.WARNING, logging.getLevelName(level.upper())))
