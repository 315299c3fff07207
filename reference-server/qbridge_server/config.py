"""The configuration of a deployment: one frozen value, read from a TOML file and the command line, at the door."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from qbridge_server.gateway.router import Rule


class ConfigError(Exception):
    """The configuration cannot be used; the message says which setting, and what it may be."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BatchConfig(_Frozen):
    """How batches are formed where a backend says nothing of its own."""

    size_max: Annotated[int, Field(ge=1, le=1024)] = 256
    """Requests of a batch at most."""
    wait_s_max: Annotated[float, Field(ge=0.0, le=60.0)] = 0.0
    """How long the first request waits for others at most; 0 sends as soon as the backend is free."""
    in_flight_max: Annotated[int, Field(ge=1, le=64)] = 1
    """Batches of one lane that a backend works on at once."""


class LimitsConfig(_Frozen):
    """The bounds of the deployment, as its capabilities publish them."""

    message_bytes_max: Annotated[int, Field(ge=65536, le=256 * 1024 * 1024)] = 4 * 1024 * 1024
    frame_items_max: Annotated[int, Field(ge=1, le=1024)] = 1024
    session_items_max: Annotated[int, Field(ge=1)] = 1024
    lane_items_max: Annotated[int, Field(ge=1)] = 10_000
    results_kept_max: Annotated[int, Field(ge=1)] = 10_000
    """Final requests that stay in memory at most."""
    lane_bytes_max: Annotated[int, Field(ge=1)] = 256 * 1024 * 1024
    """Payload of the requests that wait in a lane."""
    results_bytes_max: Annotated[int, Field(ge=1)] = 64 * 1024 * 1024
    """Payload of the final requests that stay in memory, with their results."""
    timeout_s_default: Annotated[float, Field(gt=0.0)] = 30.0
    result_ttl_s: Annotated[float, Field(gt=0.0)] = 600.0


class BackendConfig(_Frozen):
    """A backend of the deployment."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
    kind: Literal["echo", "vector", "chroma"]
    url: str = ""
    """Where a remote engine is: `http://host:port` for chroma."""
    description: str = ""

    @model_validator(mode="after")
    def _has_its_url(self) -> Self:
        if self.kind == "chroma" and not self.url.startswith(("http://", "https://")):
            raise ValueError(f"a Chroma server is named by its URL, http://HOST:PORT, not {self.url!r}")
        return self


class ServerConfig(_Frozen):
    """A deployment: where it listens, what it keeps, what it serves."""

    grpc: str = "127.0.0.1:7400"
    """Address of the gRPC door; port 0 takes a free one."""
    rest: str = "127.0.0.1:7401"
    """Address of the REST and WebSocket door."""
    data: Path | None = None
    """The folder that holds the buffer, the vectors and the registrations; without one, all is in memory."""
    keys: Path | None = None
    """The file with the hashed API keys; without one, callers on loopback need none."""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    """With it, callers must show a certificate of this authority (mTLS)."""
    routes: tuple[str, ...] = ()
    """Routing rules, PATTERN=BACKEND, tried in order."""
    backends: tuple[BackendConfig, ...] = (
        BackendConfig(name="echo", kind="echo", description="Answers what it is given."),
        BackendConfig(name="vectors", kind="vector", description="Vectors on this host, by usearch and SQLite."),
    )
    batch: BatchConfig = BatchConfig()
    limits: LimitsConfig = LimitsConfig()
    otlp: str = ""
    """Where spans go, for example http://127.0.0.1:4318; empty keeps none."""
    sample_ratio: Annotated[float, Field(ge=0.0, le=1.0)] = 0.01
    """The share of requests that become spans besides those whose caller asks for it."""
    drain_s_max: Annotated[float, Field(ge=0.0)] = 10.0
    """How long a stop waits for accepted requests."""

    @model_validator(mode="after")
    def _has_all_of_tls(self) -> Self:
        """Half of it would be plaintext where somebody believes in TLS."""
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("TLS needs both tls_cert and tls_key; give the other one too")
        if self.tls_client_ca is not None and self.tls_cert is None:
            raise ValueError("tls_client_ca asks callers for certificates over TLS: give tls_cert and tls_key too")
        return self

    def with_backend(self, name: str, kind: str, url: str) -> ServerConfig:
        """The same deployment with one backend more. Raises ConfigError."""
        return _checked({**self.model_dump(), "backends": [*self.backends, {"name": name, "kind": kind, "url": url}]})

    def rules(self) -> list[Rule]:
        """The routing rules. Raises ConfigError."""
        try:
            return [Rule.parse(text) for text in self.routes]
        except ValueError as error:
            raise ConfigError(str(error)) from None

    @property
    def vector_default(self) -> str:
        """The backend of typed vector operations that name none: the first that is one."""
        return next((each.name for each in self.backends if each.kind in ("vector", "chroma")), "")


def load(file: Path | None, overrides: dict[str, object]) -> ServerConfig:
    """The configuration in `file`, with `overrides` over it. Raises ConfigError."""
    settings: dict[str, object] = {}
    if file is not None:
        try:
            settings = tomllib.loads(file.read_text())
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"{file} cannot be read: {error}") from None
    settings.update({key: value for key, value in overrides.items() if value is not None})
    return _checked(settings)


def _checked(settings: dict[str, object]) -> ServerConfig:
    """The configuration of these settings. Raises ConfigError, which names each at fault."""
    try:
        return ServerConfig.model_validate(settings)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}".removeprefix(": ") for each in error.errors()]
        raise ConfigError("; ".join(lines)) from None
