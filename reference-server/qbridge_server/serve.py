"""A deployment behind its doors: gRPC on grpc.aio, REST and WebSocket on Starlette, over one application."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import logging
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

import grpc
import grpc.aio
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from qbridge_contract.routes import ROUTES, WEBSOCKETS
from qbridge_contract.services import RPCS
from qbridge_server.app import Deployment
from qbridge_server.config import ConfigError, ServerConfig
from qbridge_server.gateway import reading
from qbridge_server.gateway.grpc_door import GrpcDoor
from qbridge_server.gateway.health_service import HealthService
from qbridge_server.gateway.keys import KeysError
from qbridge_server.gateway.metrics import Metrics
from qbridge_server.gateway.pages import Pages
from qbridge_server.gateway.rest_door import ExactPaths, RestDoor, http_error
from qbridge_server.gateway.spans import SpanSender
from qbridge_server.gateway.ws_door import WebSocketDoor

log = logging.getLogger("qbridge.server")

TRANSPORTS = ["grpc", "rest", "sse", "websocket"]
GRPC_GRACE_S = 2.0
PORT_MAX = 65_535
KEEPALIVE_S = 75
"""Above the idle time of the usual clients and proxies (5 to 60 s), so that it is they who close first."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a deployment listens, as clients name it."""

    grpc: str
    rest: str


class Server:
    """A deployment and its doors. `start`, then `addresses`, then `stop`; `stop` drains first."""

    def __init__(self, config: ServerConfig) -> None:
        self._config = config
        open_to_all = config.keys is None
        if open_to_all:
            _refuse_public(config)
        _refuse_unreadable(config)
        try:
            self.deployment = Deployment(config, open_to_all=open_to_all, transports=TRANSPORTS)
        except KeysError as error:
            raise ConfigError(f"keys: {error}") from None
        self._grpc: grpc.aio.Server | None = None
        self._http: uvicorn.Server | None = None
        self._http_task: asyncio.Task[None] | None = None
        self._spans: asyncio.Task[None] | None = None
        self.addresses = Addresses("", "")

    async def start(self) -> Addresses:
        """Opens the deployment, then the doors. Raises ConfigError where an address cannot be had."""
        try:
            reading.warm()
            await self.deployment.start()
            grpc_port = await self._open_grpc()
            rest_port = await self._open_rest()
        except BaseException:
            await self._close()
            raise
        grpc_host, rest_host = _split(self._config.grpc)[0], _split(self._config.rest)[0]
        scheme = "https" if self._config.tls_cert else "http"
        self.addresses = Addresses(f"{grpc_host}:{grpc_port}", f"{scheme}://{rest_host}:{rest_port}")
        if self._config.keys is not None:
            self.deployment.tasks.spawn(self.deployment.keyring.follow(), "keys")
        if self._config.otlp:
            sender = SpanSender(self.deployment.telemetry, self._config.otlp, rng=self.deployment.rng)
            self._spans = self.deployment.tasks.spawn(sender.run(), "spans")
        return self.addresses

    async def stop(self) -> bool:
        """Drains, closes the doors, then the deployment; True where nothing was left undone."""
        drained = await self.deployment.drain()
        await self._close()
        return drained

    async def _close(self) -> None:
        """Closes the doors that are open, then the deployment."""
        await self.deployment.quiesce()
        if self._grpc is not None:
            await self._grpc.stop(GRPC_GRACE_S)
        if self._http is not None and self._http_task is not None:
            self._http.should_exit = True
            await self._http_task
        if self._spans is not None:
            self._spans.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._spans
        await self.deployment.close()

    async def _open_grpc(self) -> int:
        deployment = self.deployment
        door = GrpcDoor(
            RPCS,
            deployment.applications,
            deployment.keyring,
            message_bytes_max=deployment.limits.message_bytes_max,
            guard=deployment.guard,
        )
        server = self._grpc = grpc.aio.server(options=door.options())
        server.add_generic_rpc_handlers(tuple(door.handlers()))
        server.add_generic_rpc_handlers((HealthService(deployment.health).handler(),))
        try:
            port = _listen(server, self._config)
        except RuntimeError:
            raise ConfigError(f"grpc: the address {self._config.grpc} is taken; choose another, or port 0") from None
        await server.start()
        return port

    async def _open_rest(self) -> int:
        host, port = _split(self._config.rest)
        # asyncio turns Nagle's algorithm off only where the protocol is named: without it an answer waits 40 ms.
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except OSError as error:
            raise ConfigError(f"rest: the address {self._config.rest} cannot be had: {error.strerror}") from None
        config = uvicorn.Config(
            self._application(),
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=3,
            timeout_keep_alive=KEEPALIVE_S,
            ws_max_size=self.deployment.limits.message_bytes_max * 2,
            ssl_certfile=self._config.tls_cert,
            ssl_keyfile=self._config.tls_key,
            ssl_ca_certs=str(self._config.tls_client_ca) if self._config.tls_client_ca else None,
            ssl_cert_reqs=2 if self._config.tls_client_ca else 0,
        )
        self._http = _QuietServer(config)
        self._http_task = asyncio.get_running_loop().create_task(self._http.serve([listening]), name="rest door")
        while not self._http.started:
            if self._http_task.done():
                await self._http_task
                raise ConfigError("rest: the door did not open; the log says why")
            await asyncio.sleep(0.005)
        return int(listening.getsockname()[1])

    def _application(self) -> ExactPaths:
        deployment = self.deployment
        size = deployment.limits.message_bytes_max
        doors = (deployment.applications, deployment.keyring)
        rest = RestDoor(ROUTES, *doors, message_bytes_max=size, guard=deployment.guard)
        sockets = WebSocketDoor(WEBSOCKETS, *doors, message_bytes_max=size, guard=deployment.guard)
        metrics = Metrics(deployment.telemetry, lambda: deployment.batcher.unsettled)
        pages = Pages(deployment.keyring, metrics, deployment.health)
        contract = rest.routes()
        router = Starlette(
            routes=[*contract, *sockets.routes(), *pages.routes()],
            exception_handlers={HTTPException: http_error},
        )
        return ExactPaths(router, contract)


class _QuietServer(uvicorn.Server):
    """uvicorn without its own signal handling: the command line stops us, in order."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield


def _listen(server: grpc.aio.Server, config: ServerConfig) -> int:
    if config.tls_cert is None or config.tls_key is None:
        return server.add_insecure_port(config.grpc)
    authority = config.tls_client_ca.read_bytes() if config.tls_client_ca else None
    credentials = grpc.ssl_server_credentials(
        [(config.tls_key.read_bytes(), config.tls_cert.read_bytes())],
        root_certificates=authority,
        require_client_auth=authority is not None,
    )
    return server.add_secure_port(config.grpc, credentials)


def _refuse_public(config: ServerConfig) -> None:
    """Without keys, only loopback: an open bridge on a public address is nobody's wish."""
    for setting, address in (("grpc", config.grpc), ("rest", config.rest)):
        host = _split(address)[0]
        if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
            raise ConfigError(
                f"{setting}: {address} can be reached from outside, and no keys are set; "
                "make one with `qbridge keys create --file KEYS ...` and serve with --keys KEYS"
            )


def _refuse_unreadable(config: ServerConfig) -> None:
    """Files that the doors need, looked at before anything opens. Raises ConfigError, which names the file."""
    if config.keys is not None and not config.keys.exists():
        raise ConfigError(
            f"keys: there is no {config.keys}, so nobody could call; "
            f"make a first key with `qbridge keys create --file {config.keys} --name NAME`"
        )
    for file in (config.tls_cert, config.tls_key, config.tls_client_ca):
        if file is not None:
            try:
                file.read_bytes()
            except OSError as error:
                raise ConfigError(f"tls: {file} cannot be read: {error.strerror}") from None
    if config.tls_cert is not None:
        _refuse_useless(config.tls_cert, config.tls_key, config.tls_client_ca)


def _refuse_useless(cert: Path, key: Path | None, client_ca: Path | None) -> None:
    """TLS files that hold something else. Raises ConfigError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # An empty password instead of a question at the terminal: gRPC cannot take an encrypted key either.
        context.load_cert_chain(cert, key, password="")
    except ssl.SSLError as error:
        raise ConfigError(f"tls: {cert} and {key} are no certificate and its key: {error}") from None
    try:
        if client_ca is not None:
            context.load_verify_locations(client_ca)
    except ssl.SSLError as error:
        raise ConfigError(f"tls_client_ca: {client_ca} holds no certificate: {error}") from None


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    try:
        number = int(port)
        if host != "localhost":
            ipaddress.ip_address(host)
    except ValueError:
        raise ConfigError(f"an address is HOST:PORT with an IP address or localhost, not {address!r}") from None
    if not 0 <= number <= PORT_MAX:
        raise ConfigError(f"a port is at most {PORT_MAX}, and 0 takes a free one; {address!r} has {number}")
    return host, number


def write_ready_file(path: Path, addresses: Addresses) -> None:
    """Says where the doors are, in one step, so that a reader never sees half of it."""
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps({"grpc": addresses.grpc, "rest": addresses.rest}))
    draft.replace(path)
