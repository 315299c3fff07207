"""TLS: both doors speak it with the flags' certificate, and ask for the caller's where a CA is named."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from qbridge_contract.v1 import platform_pb2, platform_pb2_grpc
from qbridge_server.config import ServerConfig
from qbridge_server.serve import Server


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        self.file = folder / "ca.pem"
        self._write("ca", self._key, self._sign(self._name, self._key.public_key(), authority=True))

    def issue(self, name: str) -> Any:
        """(certificate file, key file) for 127.0.0.1."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        return self._write(name, key, self._sign(subject, key.public_key(), authority=False))

    def _sign(self, subject: Any, public_key: Any, *, authority: bool) -> Any:
        now = datetime.datetime.now(datetime.UTC)
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(names, critical=False)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def _write(self, name: str, key: Any, certificate: Any) -> Any:
        files = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        files[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return files


@pytest.fixture
def authority(tmp_path: Path) -> Any:
    return Authority(tmp_path)


async def capabilities(address: str, credentials: Any) -> str:
    async with grpc.aio.secure_channel(address, credentials) as channel:
        stub = platform_pb2_grpc.PlatformServiceStub(channel)
        answer = await stub.GetCapabilities(platform_pb2.GetCapabilitiesRequest(), timeout=5)
        version: str = answer.capabilities.contract_version
        return version


@pytest.mark.parametrize("mutual", [False, True])
async def test_both_doors_speak_tls_and_ask_for_certificates_where_told(authority: Authority, mutual: bool) -> None:
    cert, key = authority.issue("server")
    client_cert, client_key = authority.issue("client")
    server = Server(
        ServerConfig(
            grpc="127.0.0.1:0",
            rest="127.0.0.1:0",
            tls_cert=cert,
            tls_key=key,
            tls_client_ca=authority.file if mutual else None,
        )
    )
    addresses = await server.start()
    assert addresses.rest.startswith("https://")
    root = authority.file.read_bytes()
    bare = grpc.ssl_channel_credentials(root)
    shown = grpc.ssl_channel_credentials(root, client_key.read_bytes(), client_cert.read_bytes())
    trusting = ssl.create_default_context(cafile=str(authority.file))
    showing = ssl.create_default_context(cafile=str(authority.file))
    showing.load_cert_chain(client_cert, client_key)
    try:
        assert await capabilities(addresses.grpc, shown) == "v1"
        async with httpx.AsyncClient(verify=showing) as client:
            assert (await client.get(f"{addresses.rest}/v1/health")).status_code == 200
        async with httpx.AsyncClient(verify=trusting) as client:
            if mutual:
                with pytest.raises(httpx.TransportError):
                    await client.get(f"{addresses.rest}/v1/health")
                with pytest.raises(grpc.aio.AioRpcError):
                    await capabilities(addresses.grpc, bare)
            else:
                assert (await client.get(f"{addresses.rest}/v1/health")).status_code == 200
                assert await capabilities(addresses.grpc, bare) == "v1"
    finally:
        await server.stop()
