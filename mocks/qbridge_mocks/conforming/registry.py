"""BackendService: the backends of the deployment, and the stream by which a process serves as one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.backends import Backend, Process, RemoteBackend
from qbridge_mocks.conforming.refusal import Refusal
from qbridge_mocks.conforming.world import PAGE_DEFAULT, World


class Registry(v1.BackendServiceBase):
    """Register, read, change, remove, probe, and Execute."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def register(self, message: v1.RegisterRequest) -> v1.RegisterResponse:
        """Registers a remote backend; the same registration again is a success."""
        asked = message.backend
        assert asked is not None
        if not asked.name:
            raise Refusal.of("INVALID_ARGUMENT", "backend.name: a backend has a name.")
        if asked.kind not in ("", "remote"):
            raise Refusal.of("INVALID_ARGUMENT", "backend.kind: only a remote backend can be registered.")
        spec = v1.Backend(
            name=asked.name,
            kind="remote",
            description=asked.description,
            operations=asked.operations,
            batch=asked.batch,
            labels=asked.labels,
        )
        known = self.world.backends.get(spec.name)
        if known is None:
            known = self.world.add_remote(spec)
        elif not same_registration(known.spec, spec):
            known = self.replaced(spec)
        return v1.RegisterResponse(backend=known.describe())

    def replaced(self, spec: v1.Backend) -> Backend:
        """What becomes of another registration under a name that exists. Raises Refusal ALREADY_EXISTS."""
        raise Refusal.of("ALREADY_EXISTS", f"There is another backend {spec.name!r} already.")

    async def get(self, message: v1.GetBackendRequest) -> v1.GetBackendResponse:
        """The backend."""
        return v1.GetBackendResponse(backend=self.world.backend(message.name).describe())

    async def list(self, message: v1.ListBackendsRequest) -> v1.ListBackendsResponse:
        """A page of backends, by name."""
        names = sorted(name for name in self.listed() if name > message.page_token)
        size = message.page_size or PAGE_DEFAULT
        backends = [self.world.backends[name].describe() for name in names[:size]]
        token = names[size - 1] if len(names) > size else ""
        return v1.ListBackendsResponse(backends=backends, next_page_token=token)

    def listed(self) -> Iterable[str]:
        """The names that List answers."""
        return self.world.backends

    async def update(self, message: v1.UpdateBackendRequest) -> v1.UpdateBackendResponse:
        """Changes what the message has, on the version that the caller read."""
        backend = self.world.remote(message.name)
        spec = backend.spec
        self.refuse_version(message, spec.version)
        if message.description is not None:
            spec.description = message.description
        if message.batch is not None:
            spec.batch = message.batch
        spec.labels.update(message.labels)
        spec.version += 1
        return v1.UpdateBackendResponse(backend=backend.describe())

    def refuse_version(self, message: v1.UpdateBackendRequest, version: int) -> None:
        """Raises Refusal VERSION_CONFLICT where the caller expects another version than the present one."""
        if message.expected_version not in (0, version):
            raise Refusal.of("VERSION_CONFLICT", f"{message.name!r} is at version {version}.")

    async def delete(self, message: v1.DeleteBackendRequest) -> v1.DeleteBackendResponse:
        """Takes the backend away; what waits for it is lost."""
        backend = self.world.remote(message.name)
        del self.world.backends[message.name]
        backend.close("NOT_FOUND", f"The backend {message.name!r} was deleted.")
        return v1.DeleteBackendResponse()

    async def probe(self, message: v1.ProbeRequest) -> v1.ProbeResponse:
        """Asks the backend whether it works."""
        started = time.perf_counter()
        state, detail = self.world.backend(message.name).probe()
        return v1.ProbeResponse(state=state, detail=detail, latency_s=time.perf_counter() - started)

    async def execute(self, messages: AsyncIterator[v1.ExecuteRequest]) -> AsyncIterator[v1.ExecuteResponse]:
        """One process: batches out, results in, until either side ends the stream."""
        first = await anext(messages, None)
        if first is None or first.attach is None or first.results:
            raise Refusal.of("INVALID_ARGUMENT", "The first message of Execute holds attach, and nothing else.")
        backend = self.attached(first.attach.backend)
        process = backend.attach(first.attach.window)
        failures: list[Refusal] = []
        reader = asyncio.create_task(read_results(backend, process, messages, failures))
        try:
            while (response := await process.outbox.get()) is not None:
                yield response
        finally:
            reader.cancel()
            backend.detach(process)
        if failures:
            raise failures[0]

    def attached(self, name: str) -> RemoteBackend:
        """The backend that a process attaches to. Raises Refusal NOT_FOUND or FAILED_PRECONDITION."""
        return self.world.remote(name)


async def read_results(
    backend: RemoteBackend, process: Process, messages: AsyncIterator[v1.ExecuteRequest], failures: list[Refusal]
) -> None:
    """Settles what the process sends; the end of its stream ends ours."""
    try:
        async for message in messages:
            if message.attach is not None:
                raise Refusal.of("INVALID_ARGUMENT", "Only the first message of Execute holds attach.")
            if message.leaving:
                backend.dismiss(process)
            for result in message.results:
                backend.settle(process, result)
    except Refusal as refusal:
        failures.append(refusal)
    finally:
        process.outbox.put_nowait(None)


def same_registration(known: v1.Backend, asked: v1.Backend) -> bool:
    """Whether both say the same of what a caller may say."""
    members = ("kind", "description", "operations", "batch", "labels")
    return all(getattr(known, member) == getattr(asked, member) for member in members)
