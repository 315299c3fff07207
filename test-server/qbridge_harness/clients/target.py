"""The deployment under test: its two addresses and the key."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

ANSWER_BYTES_MAX = 64 * 1024 * 1024
"""The most that the harness takes of one answer, or of one stream, in bytes."""


class Unreachable(Exception):
    """The deployment cannot be reached, or the connection broke; the message says which address."""


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

    @property
    def websocket(self) -> str:
        """The base URL of WebSockets."""
        return "ws" + self.rest.removeprefix("http").rstrip("/")

    def grpc_parts(self) -> tuple[str, int, bool]:
        """Host, port and whether TLS is asked for. Raises ValueError for an address without a port."""
        text = self.grpc if "://" in self.grpc else f"grpc://{self.grpc}"
        parts = urlsplit(text)
        if not parts.hostname or not parts.port:
            raise ValueError(f"{self.grpc!r} is no gRPC address: write HOST:PORT.")
        return parts.hostname, parts.port, parts.scheme == "grpcs"

    def authorization(self, key: str | None) -> dict[str, str]:
        """The header that names the caller; `key` overrides the run's, and 'none' sends none."""
        used = self.key if key is None else ("" if key == "none" else key)
        return {"authorization": f"Bearer {used}"} if used else {}
