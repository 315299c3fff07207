"""The registry: the backends of the deployment by name, those of its configuration and those that registered."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import (
    Backend as BackendSpec,
    BackendState,
    BatchLimits,
    ErrorCode,
    FieldViolation,
    UpdateBackendRequest,
)
from qbridge_server.backends.remote import RemoteBackend
from qbridge_server.ports import Attachment, Backend, Clock

REMOTE_IN_FLIGHT_MAX = 64
"""Batches of a remote backend's lane that are out at once, where its registration does not say: as many as the contract
allows, since the windows of its processes say how many they take."""

Change = Callable[[str], Awaitable[None]]


class BackendRegistry:
    """Backends by name. Registered ones are kept in `folder/backends.json`, so that a restart knows them.

    `on_change` is awaited after a backend came or its batch limits changed, `on_delete` after one went.
    """

    def __init__(self, backends: Sequence[Backend], *, clock: Clock, folder: Path | None) -> None:
        self._backends: dict[str, Backend] = {backend.spec.name: backend for backend in backends}
        self._clock = clock
        self._file = folder / "backends.json" if folder else None
        self.on_change: Change = _nothing
        self.on_delete: Change = _nothing

    async def open(self) -> None:
        """Opens the configured backends and brings back the registered ones."""
        now = datetime.fromtimestamp(self._clock.wall(), UTC)
        for backend in self._backends.values():
            await backend.open()
            backend.spec.state = BackendState.READY
            backend.spec.version = max(backend.spec.version, 1)
            backend.spec.created_at = backend.spec.created_at or now
        for spec in self._stored():
            self._backends.setdefault(spec.name, RemoteBackend(spec, self._clock))

    def find(self, name: str) -> Backend | None:
        """The backend, or None."""
        return self._backends.get(name)

    def all(self) -> Sequence[Backend]:
        """All backends, by name."""
        return [self._backends[name] for name in sorted(self._backends)]

    async def register(self, spec: BackendSpec) -> tuple[BackendSpec, bool]:
        """Makes a remote backend; (spec, True where it is new)."""
        if spec.kind not in ("", "remote"):
            message = (
                f"Only backends of kind remote can be registered, not {spec.kind}; "
                "the others belong to the server's configuration."
            )
            violation = FieldViolation(field="backend.kind", rule="backend.kind", message=message)
            raise BridgeError.of(ErrorCode.INVALID_ARGUMENT, message, violations=[violation])
        there = self._backends.get(spec.name)
        if there is not None:
            if isinstance(there, RemoteBackend) and not _differing(there.spec, spec):
                return there.spec, False
            raise BridgeError.of(ErrorCode.ALREADY_EXISTS, _exists(there, spec))
        made = msgspec.structs.replace(
            spec,
            kind="remote",
            state=BackendState.DISCONNECTED,
            connections=0,
            version=1,
            created_at=datetime.fromtimestamp(self._clock.wall(), UTC),
            batch=_limits(spec.batch),
        )
        self._backends[spec.name] = RemoteBackend(made, self._clock)
        self._store()
        await self.on_change(spec.name)
        return made, True

    async def update(self, request: UpdateBackendRequest) -> BackendSpec:
        """Changes a remote backend's description, labels or batch limits."""
        spec = self._remote(request.name).spec
        if request.expected_version not in (0, spec.version):
            raise BridgeError.of(
                ErrorCode.VERSION_CONFLICT,
                f"The backend {spec.name} has version {spec.version}, not {request.expected_version}.",
            )
        if request.description is not None:
            spec.description = request.description
        before = spec.batch
        if request.batch is not None:
            spec.batch = _limits(request.batch)
        spec.labels = {**spec.labels, **request.labels}
        spec.version += 1
        self._store()
        if spec.batch != before:
            await self.on_change(spec.name)
        return spec

    async def delete(self, name: str) -> None:
        """Takes a remote backend away."""
        backend = self._remote(name)
        del self._backends[name]
        self._store()
        await backend.close()
        await self.on_delete(name)

    def attach(self, name: str, window: int) -> Attachment:
        """A process that serves the remote backend."""
        return self._remote(name).attach(window or 1)

    async def close(self) -> None:
        """Closes all backends."""
        for backend in self._backends.values():
            await backend.close()

    def _remote(self, name: str) -> RemoteBackend:
        backend = self._backends.get(name)
        if backend is None:
            raise BridgeError.of(ErrorCode.NOT_FOUND, f"There is no backend named {name}; register it first.")
        if not isinstance(backend, RemoteBackend):
            raise BridgeError.of(
                ErrorCode.FAILED_PRECONDITION,
                f"The backend {name} belongs to the server's configuration; only a remote one can be changed "
                "or served by another process.",
            )
        return backend

    def _stored(self) -> list[BackendSpec]:
        if self._file is None or not self._file.exists():
            return []
        specs = msgspec.json.decode(self._file.read_bytes(), type=list[BackendSpec])
        for spec in specs:
            spec.state, spec.connections = BackendState.DISCONNECTED, 0
        return specs

    def _store(self) -> None:
        if self._file is None:
            return
        specs = [each.spec for each in self._backends.values() if isinstance(each, RemoteBackend)]
        draft = self._file.with_suffix(".new")
        with draft.open("wb") as file:
            file.write(msgspec.json.encode(specs))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._file)


async def _nothing(_name: str) -> None:
    """Nobody listens yet."""


def _limits(asked: BatchLimits | None) -> BatchLimits:
    """The limits with the default of what they leave open."""
    limits = asked or BatchLimits()
    return msgspec.structs.replace(limits, in_flight_max=limits.in_flight_max or REMOTE_IN_FLIGHT_MAX)


def _differing(there: BackendSpec, new: BackendSpec) -> list[str]:
    """What a registration sets otherwise than the earlier one; nothing where it repeats it."""
    settings = ("description", "operations", "labels")
    found = [name for name in settings if getattr(there, name) != getattr(new, name)]
    return found if there.batch == _limits(new.batch) else [*found, "batch"]


def _exists(there: Backend, new: BackendSpec) -> str:
    if not isinstance(there, RemoteBackend):
        return f"A backend named {new.name} is in the server's configuration; choose another name."
    return (
        f"A backend named {new.name} exists already with another {', '.join(_differing(there.spec, new))}; "
        "update it, delete it first, or choose another name."
    )
