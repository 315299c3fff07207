"""The world of one deployment: what it has accepted, which backends it has, what it remembers.

Each promise of the contract is a method of its own, so that a broken mock can break just that one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from itertools import count

import betterproto2

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.backends import Backend, EchoBackend, RemoteBackend, VectorBackend
from qbridge_mocks.conforming.caller import Caller, KeyRing
from qbridge_mocks.conforming.ids import new_id, new_traceparent, trace_id_of
from qbridge_mocks.conforming.job import Job, State
from qbridge_mocks.conforming.quota import Quotas
from qbridge_mocks.conforming.refusal import Refusal

LIMITS = v1.Limits(
    message_bytes_max=4 * 1024 * 1024,
    frame_items_max=1024,
    session_items_max=1024,
    lane_items_max=10_000,
    batch_items_max=1024,
    top_k_max=1000,
    timeout_s_default=30.0,
    result_ttl_s=3600.0,
)
CRASHES_DEFAULT = 2
ERRORS_DEFAULT = 0
JOBS_MAX = 100_000
PAGE_DEFAULT = 50


class World:
    """All that the deployment knows."""

    key_ring: type[KeyRing] = KeyRing
    quota_book: type[Quotas] = Quotas
    vectors: type[VectorBackend] = VectorBackend
    remotes: type[RemoteBackend] = RemoteBackend

    def __init__(self, *, first_key: str = "", routes: Iterable[tuple[str, str]] = ()) -> None:
        self.keys = self.key_ring(first_key)
        self.routes = list(routes)
        self.backends: dict[str, Backend] = {each.spec.name: each for each in (EchoBackend(), self.vectors())}
        self.quotas = self.quota_book()
        self.jobs: dict[tuple[str, str], Job] = {}
        self.by_effect_key: dict[tuple[str, str], Job] = {}
        self.in_order: list[Job] = []
        self.orders = count(1)
        self.epochs = count(1)
        self.started = time.monotonic()
        self.closing = asyncio.Event()

    def capabilities(self) -> v1.Capabilities:
        """What this deployment claims."""
        return v1.Capabilities(
            contract_version="v1",
            product="qbridge-mocks/1",
            profiles=["core", "vector"],
            transports=["grpc", "rest", "sse", "websocket"],
            durabilities=[v1.Durability.MEMORY],
            limits=LIMITS,
            authentication=self.keys.needed,
        )

    # ---- accepting

    def accept(self, request: v1.InternalRequest, caller: Caller, *, timeout_s: float = 0.0) -> tuple[Job, bool]:
        """The job of a checked request, and whether it was there before. Raises Refusal.

        `timeout_s` bounds a request that brings no deadline of its own; 0 means none.
        """
        effect_key = (caller.tenant, request.idempotency_key or request.id)
        earlier = self.repeated(request, effect_key)
        if earlier:
            self.refuse_conflict(request, earlier)
            return earlier, True
        left_s = self.seconds_left(request, timeout_s)
        if left_s is not None and left_s <= 0:
            raise Refusal.of("DEADLINE_EXCEEDED", "The deadline had passed before the request came.")
        backend = self.choose_backend(request)
        assert request.operation is not None
        backend.must_offer(request.operation)
        durability = self.choose_durability(request)
        if backend.depth() >= LIMITS.lane_items_max:
            raise Refusal.of("QUEUE_FULL", f"The lane of {backend.spec.name!r} is full.", retry_after_s=1.0)
        self.quotas.charge(caller.tenant, self.in_flight)
        job = self.new_job(request, caller, backend, durability)
        self.remember(job, effect_key)
        job.move(State.SUBMITTED)
        self.arm(job, left_s)
        backend.take(job)
        return job, False

    def repeated(self, request: v1.InternalRequest, effect_key: tuple[str, str]) -> Job | None:
        """The job that was accepted under the same effect key, or with the same id."""
        tenant, key = effect_key
        if not key:
            return None
        return self.by_effect_key.get(effect_key) or self.jobs.get((tenant, request.id))

    def refuse_conflict(self, request: v1.InternalRequest, earlier: Job) -> None:
        """Raises Refusal IDEMPOTENCY_CONFLICT where the repeated key comes with other work."""
        same_key = (request.idempotency_key or request.id) in (earlier.request.idempotency_key, earlier.id)
        same_work = (request.backend, request.operation) == (earlier.asked_backend, earlier.request.operation)
        if not (same_key and same_work):
            raise Refusal.of("IDEMPOTENCY_CONFLICT", f"The key was used for {earlier.id} with another body.")

    def choose_backend(self, request: v1.InternalRequest) -> Backend:
        """The backend named, or the one that the rules choose. Raises Refusal NOT_FOUND."""
        return self.backend(request.backend or self.route(request))

    def route(self, request: v1.InternalRequest) -> str:
        """The rule whose pattern matches the operation's name; else typed operations go to vectors."""
        assert request.operation is not None
        kind, work = betterproto2.which_one_of(request.operation, "kind")
        if not isinstance(work, v1.Invoke):
            return "vectors" if kind else ""
        return next((backend for glob, backend in self.routes if fnmatchcase(work.name, glob)), "echo")

    def choose_durability(self, request: v1.InternalRequest) -> v1.Durability:
        """The level that holds. Raises Refusal FAILED_PRECONDITION for a level that is named and not kept."""
        if request.durability not in (v1.Durability.UNSPECIFIED, v1.Durability.MEMORY):
            level = v1.Durability(request.durability).name
            raise Refusal.of("FAILED_PRECONDITION", f"This deployment keeps nothing on disk, so not {level}.")
        return v1.Durability.MEMORY

    def new_job(self, request: v1.InternalRequest, caller: Caller, backend: Backend, durability: v1.Durability) -> Job:
        """The job of a request that has passed admission."""
        asked_backend = request.backend
        request.backend = backend.spec.name
        request.id = request.id or self.new_request_id()
        request.traceparent = self.trace_context(request, caller)
        retry = request.retry or v1.RetryPolicy()
        return Job(
            request=request,
            asked_backend=asked_backend,
            tenant=caller.tenant,
            order=next(self.orders),
            durability=durability,
            trace_id=trace_id_of(request.traceparent),
            crashes_left=CRASHES_DEFAULT if retry.crashes_max is None else retry.crashes_max,
            errors_left=ERRORS_DEFAULT if retry.errors_max is None else retry.errors_max,
        )

    def new_request_id(self) -> str:
        """The id of a request that names none."""
        return new_id("req")

    def trace_context(self, request: v1.InternalRequest, caller: Caller) -> str:
        """The request's trace context, or its caller's, or a new one."""
        return request.traceparent or caller.traceparent or new_traceparent()

    def remember(self, job: Job, effect_key: tuple[str, str]) -> None:
        """Keeps the job under its id and its effect key; forgets the oldest final one where there are too many."""
        tenant, key = effect_key
        self.jobs[tenant, job.id] = job
        self.by_effect_key[tenant, key or job.id] = job
        self.in_order.append(job)
        if len(self.in_order) > JOBS_MAX and self.in_order[0].final:
            old = self.in_order.pop(0)
            self.jobs.pop((old.tenant, old.id), None)
            self.by_effect_key.pop((old.tenant, old.request.idempotency_key or old.id), None)

    def seconds_left(self, request: v1.InternalRequest, timeout_s: float) -> float | None:
        """How long the answer is of use: the earlier of deadline and timeout, else `timeout_s`; None is for ever."""
        waits = [request.timeout_s] if request.timeout_s else []
        if request.deadline:
            waits.append((request.deadline - datetime.now(UTC)).total_seconds())
        return min(waits, default=timeout_s or None)

    def arm(self, job: Job, left_s: float | None) -> None:
        """Expires the job once its deadline passes."""
        if left_s is not None:
            job.deadline = datetime.now(UTC) + timedelta(seconds=left_s)
            job.timer = asyncio.get_running_loop().call_later(left_s, self.expire, job)

    def expire(self, job: Job) -> None:
        """EXPIRED, if it is not final."""
        job.fail(State.EXPIRED, "DEADLINE_EXCEEDED", "The deadline passed before the request finished.")

    # ---- afterwards

    def find(self, tenant: str, request_id: str) -> Job:
        """The tenant's job. Raises Refusal NOT_FOUND."""
        job = self.jobs.get((tenant, request_id))
        if job is None:
            raise Refusal.of("NOT_FOUND", f"There is no request {request_id!r}.")
        return job

    def cancel(self, job: Job) -> None:
        """CANCELLED, if it is not final."""
        job.fail(State.CANCELLED, "CANCELLED", "The caller cancelled the request.")

    def known_events(self, job: Job, after: int) -> list[v1.RequestEvent]:
        """The events so far, behind the one that the watcher has."""
        return job.events[after:]

    async def events(self, job: Job, after: int) -> AsyncIterator[v1.RequestEvent]:
        """Each event once, until the job is final."""
        while True:
            for event in self.known_events(job, after):
                after = event.sequence
                yield event
            if job.final or self.closing.is_set():
                return
            await job.changed.wait()

    def listed(self, tenant: str, request: v1.ListRequest) -> tuple[list[Job], str]:
        """A page of the tenant's jobs, newest first, and the token of the next one."""
        below = self.page_start(request.page_token)
        size = request.page_size or PAGE_DEFAULT
        found = [
            job
            for job in reversed(self.in_order)
            if job.tenant == tenant
            and job.order < below
            and request.backend in ("", job.request.backend)
            and request.state in (State.UNSPECIFIED, job.state)
        ]
        page = found[:size]
        return page, self.next_token(page) if len(found) > size else ""

    def page_start(self, token: str) -> int:
        """The order below which a page begins. Raises Refusal INVALID_ARGUMENT for a token that is not ours."""
        if not token:
            return 1 << 62
        number = token.removeprefix("below-")
        if number == token or not (number.isascii() and number.isdigit()):
            raise Refusal.of("INVALID_ARGUMENT", "The page token is not one of this list.")
        return int(number)

    def next_token(self, page: list[Job]) -> str:
        """The token of the page behind this one."""
        return f"below-{page[-1].order}"

    # ---- backends

    def backend(self, name: str) -> Backend:
        """The backend of that name. Raises Refusal NOT_FOUND."""
        if name not in self.backends:
            raise Refusal.of("NOT_FOUND", f"There is no backend {name!r}.")
        return self.backends[name]

    def add_remote(self, spec: v1.Backend) -> RemoteBackend:
        """A new remote backend, in the place of any of the same name."""
        backend = self.backends[spec.name] = self.remotes(spec, self.epochs)
        return backend

    def remote(self, name: str) -> RemoteBackend:
        """The remote backend of that name. Raises Refusal NOT_FOUND or FAILED_PRECONDITION."""
        backend = self.backend(name)
        if not isinstance(backend, RemoteBackend):
            raise Refusal.of("FAILED_PRECONDITION", f"{name!r} is built in: it cannot be changed or served.")
        return backend

    def in_flight(self, tenant: str) -> int:
        """How many of the tenant's jobs are not final."""
        return sum(not job.final for job in self.in_order if job.tenant == tenant)

    def close(self) -> None:
        """Ends every stream and every job."""
        self.closing.set()
        for backend in self.backends.values():
            if isinstance(backend, RemoteBackend):
                backend.close("UNAVAILABLE", "The deployment stops.")
        for job in self.in_order:
            job.changed.set()
