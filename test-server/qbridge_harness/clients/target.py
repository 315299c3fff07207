"""The deployment under test: its two addresses and the key."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from qbridge_harness.usage import UsageError

ANSWER_BYTES_MAX = 64 * 1024 * 1024
"""The most that the harness takes of one answer, or of one stream, in bytes."""


class Unreachable(Exception):
    """The deployment cannot be reached, or the connection broke; the message says which address."""


class NoBridge(Unreachable):
    """Something answers, and it is no deployment of the contract."""


class KeyRefused(Exception):
    """The deployment asks for API keys and refuses the run's; the message says how to give one."""


class TooLarge(Unreachable):
    """The deployment sends more than the harness takes."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: the answer is larger than {ANSWER_BYTES_MAX} bytes, and was left there")


@dataclass(frozen=True, slots=True)
class Target:
    """Where the deployment is; only these two addresses are ever contacted."""

    rest: str
    """The base URL of REST, SSE and WebSocket: `http://127.0.0.1:7401`."""
    grpc: str
    """The address of gRPC: `127.0.0.1:7400`; `grpcs://` before it asks for TLS."""
    key: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        for address in (self.rest, self.grpc):
            if "@" in urlsplit(address if "://" in address else f"//{address}").netloc:
                # An address is printed, kept and reported; what is secret is not.
                raise UsageError("An address holds no user and no password: give the key in QBRIDGE_API_KEY.")

    @property
    def websocket(self) -> str:
        """The base URL of WebSockets."""
        return "ws" + self.rest.removeprefix("http").rstrip("/")

    def grpc_parts(self) -> tuple[str, int, bool]:
        """Host, port and whether TLS is asked for. Raises UsageError for an address without a port."""
        text = self.grpc if "://" in self.grpc else f"grpc://{self.grpc}"
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port
        except ValueError:  # A port that is no number, or too large.
            host = port = None
        if not host or not port:
            raise UsageError(f"{self.grpc!r} is no gRPC address: write HOST:PORT.")
        return host, port, parts.scheme == "grpcs"

    def authorization(self, key: str | None) -> dict[str, str]:
        """The header that names the caller; `key` overrides the run's, and 'none' sends none."""
        used = self.key if key is None else ("" if key == "none" else key)
        return {"authorization": f"Bearer {used}"} if used else {}
