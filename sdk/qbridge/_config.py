"""How a client is set up: one frozen value, made at the door and passed in.

The environment is read here and nowhere else: `QBRIDGE_TARGET`, `QBRIDGE_API_KEY`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from qbridge.exceptions import invalid

Scheme = Literal["embedded", "grpc", "grpcs", "http", "https"]

TIMEOUT_S_DEFAULT = 30.0
CONNECT_TIMEOUT_S_DEFAULT = 5.0
GRPC_PORT_DEFAULT = 7400
REST_PORT_DEFAULT = 7401


_HOST_AND_PORT = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class TLS:
    """Which certificates to use with `grpcs://` and `https://`; without it, the system's authorities."""

    ca_file: str | None = None
    """Certificate authorities to trust, a PEM file."""
    cert_file: str | None = None
    """The client's own certificate, a PEM file, for mutual TLS."""
    key_file: str | None = None
    """The private key of that certificate, a PEM file."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the bridge is: in this process, or at an address."""

    scheme: Scheme
    address: str = ""
    """host:port; for `embedded`, the folder, or empty where nothing is kept."""

    def __str__(self) -> str:
        if self.scheme == "embedded":
            return self.address or "embedded"
        return f"{self.scheme}://{self.address}"


@dataclass(frozen=True, slots=True)
class Options:
    """All that a client needs to know before its first request."""

    target: Target
    api_key: str = field(default="", repr=False)
    """Sent as `Authorization: Bearer KEY`; never shown."""
    timeout_s: float = TIMEOUT_S_DEFAULT
    """How long a call waits where it does not say, in seconds; 0 waits for ever."""
    connect_timeout_s: float = CONNECT_TIMEOUT_S_DEFAULT
    """How long unanswered requests wait for a connection, at first and after a loss, in seconds."""
    coalesce: bool = True
    """True packs concurrent gRPC calls into the frames of one session."""
    tls: TLS | None = None
    """Certificates, for `grpcs://` and `https://`."""


def parse_target(target: str | os.PathLike[str] | None) -> Target:
    """Reads a target: None (embedded, nothing kept), a folder, or an address with its scheme.

    Raises InvalidRequest for a scheme that is not known and for an address without a host.
    """
    if target is None or target == "":
        return Target("embedded")
    text = os.fspath(target)
    scheme, separator, rest = text.partition("://")
    if not separator:
        if isinstance(target, str) and _HOST_AND_PORT.fullmatch(text):
            raise invalid(f"target {text!r} has no scheme: grpc://{text} or http://{text}; ./{text} for a folder")
        return Target("embedded", str(Path(text).expanduser()))
    address = rest.rstrip("/")
    if scheme not in ("grpc", "grpcs", "http", "https"):
        raise invalid(f"target {text!r}: use a folder, grpc://, grpcs://, http:// or https://")
    if not address or address.startswith(":"):
        raise invalid(f"target {text!r} has no host: write {scheme}://localhost:PORT")
    if scheme.startswith("grpc") and ":" not in address.rsplit("]", 1)[-1]:
        address = f"{address}:{GRPC_PORT_DEFAULT}"
    return Target(scheme, address)  # type: ignore[arg-type]  # one of the four, checked above


def options_from(
    target: str | os.PathLike[str] | None,
    *,
    api_key: str | None,
    timeout_s: float,
    connect_timeout_s: float,
    coalesce: bool,
    tls: TLS | None,
) -> Options:
    """The options of a client; what is None comes from the environment.

    Raises InvalidRequest for a target or a time that cannot be.
    """
    if timeout_s < 0 or connect_timeout_s <= 0:
        raise invalid("timeout_s must be 0 or more (0 waits for ever), connect_timeout_s more than 0")
    return Options(
        target=parse_target(target if target is not None else os.environ.get("QBRIDGE_TARGET")),
        api_key=os.environ.get("QBRIDGE_API_KEY", "") if api_key is None else api_key,
        timeout_s=timeout_s,
        connect_timeout_s=connect_timeout_s,
        coalesce=coalesce,
        tls=tls,
    )
