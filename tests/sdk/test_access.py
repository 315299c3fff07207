"""Keys and certificates, against a real server that asks for them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import qbridge

if TYPE_CHECKING:
    from .conftest import ServerProcess


def make_key(file: Path, scopes: str) -> str:
    command = [sys.executable, "-m", "qbridge", "keys", "create", "--file", str(file), "--name", scopes]
    done = subprocess.run([*command, "--tenant", "t", "--scopes", scopes], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def keyed(
    server_class: type[ServerProcess], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ServerProcess, str]]:
    """A server that asks for keys, and a key that may only call."""
    folder = tmp_path_factory.mktemp("keyed")
    key = make_key(folder / "keys.json", "call")
    process = server_class(folder, "--keys", str(folder / "keys.json")).start()
    yield process, key
    process.kill()


@pytest.mark.parametrize("door", ["grpc", "unary", "rest"])
async def test_a_key_opens_and_its_absence_closes(keyed: tuple[ServerProcess, str], door: str) -> None:
    server, key = keyed
    target, coalesce = (server.rest if door == "rest" else server.grpc), door != "unary"
    async with qbridge.aconnect(target, api_key=key, coalesce=coalesce) as client:
        assert await client.call("echo", "echo", "x") == "x"
        with pytest.raises(qbridge.PermissionDenied, match="backend"):
            await client.unregister("echo")
    for wrong in ("", "qb_wrong"):
        async with qbridge.aconnect(target, api_key=wrong, coalesce=coalesce) as client:
            with pytest.raises(qbridge.Unauthenticated):
                await client.call("echo", "echo", "x")
            with pytest.raises(qbridge.Unauthenticated):
                await client.submit("echo", "echo", "x")


async def test_a_worker_without_the_scope_is_refused_and_does_not_try_for_ever(
    keyed: tuple[ServerProcess, str],
) -> None:
    server, key = keyed
    async with qbridge.aconnect(server.grpc, api_key=key) as client:
        with pytest.raises(qbridge.PermissionDenied):
            await client.serve("agent", lambda task: None)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for localhost that is its own authority."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed: no certificate can be made")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    options = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    command = [openssl, *options.split(), *names, "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


async def test_tls_on_both_doors(own_server: Callable[..., ServerProcess], certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    server = own_server("--tls-cert", str(cert), "--tls-key", str(key))
    tls = qbridge.TLS(ca_file=str(cert))
    for target in (server.grpc.replace("grpc://", "grpcs://"), server.rest):
        async with qbridge.aconnect(target, tls=tls) as client:
            assert await client.call("echo", "echo", "x") == "x"
        async with qbridge.aconnect(target, connect_timeout_s=0.5) as stranger:
            with pytest.raises(qbridge.ConnectionLost):
                await stranger.call("echo", "echo", "x")


async def test_a_certificate_that_is_not_there_is_named() -> None:
    for target in ("grpcs://localhost:1", "https://localhost:1"):
        with pytest.raises(qbridge.InvalidRequest, match="tls"):
            await qbridge.aconnect(target, tls=qbridge.TLS(ca_file="/no/such/file"))
