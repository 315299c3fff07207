"""Admission: from a request as it was sent to an entry that the buffer can take, or an error of the table.

Nothing is accepted here. What can be known to fail is refused now, so that it never takes a place in a lane.
"""

from __future__ import annotations

from collections.abc import Callable

from qbridge_contract.errors import BridgeError
from qbridge_contract.ids import new_id
from qbridge_contract.structs import Durability, ErrorCode, InternalRequest, Limits, Operation
from qbridge_server.gateway import trace
from qbridge_server.gateway.context import CallContext
from qbridge_server.gateway.router import Router
from qbridge_server.ports import Clock, Entry, Registry, Rng

PRIORITY_DEFAULT = 5
CRASHES_MAX_DEFAULT = 2
ERRORS_MAX_DEFAULT = 0


class Admission:
    """Admits requests: ids, deadline, routing, lane, durability, trace."""

    def __init__(
        self,
        registry: Registry,
        router: Router,
        durabilities: tuple[Durability, ...],
        limits: Limits,
        *,
        clock: Clock,
        rng: Rng,
        sampled: Callable[[bool], bool],
    ) -> None:
        self._registry = registry
        self._router = router
        self._durabilities = durabilities
        self._limits = limits
        self._monotonic = clock.monotonic
        self._wall = clock.wall
        self._rng = rng
        self._sampled = sampled
        ranked = sorted(durabilities, key=lambda level: level.number)
        self._read_default = ranked[0]
        self._write_default = max(
            (level for level in ranked if level.number <= Durability.DISK.number),
            key=lambda level: level.number,
        )

    def admit(self, request: InternalRequest, context: CallContext, timeout_s_default: float = 0.0) -> Entry:
        """The entry of a request. Raises BridgeError; completes the request in place (id, backend, trace).

        `timeout_s_default` holds where the request has no deadline of its own; 0 means none.
        """
        now, wall = self._monotonic(), self._wall()
        operation = request.operation
        assert operation is not None  # a rule of the contract, checked at the door
        if not request.backend:
            request.backend = self._router.route(operation)
        backend = self._registry.find(request.backend)
        if backend is None:
            message = f"There is no backend named {request.backend}; GET /v1/backends lists those that there are."
            raise BridgeError.of(ErrorCode.NOT_FOUND, message)
        lane = backend.lane_of(operation)
        deadline = self._deadline(request, context, now, wall, timeout_s_default)
        trace_id, sampled = self._trace(request, context)
        if not request.id:
            request.id = new_id("req", wall, self._rng.bits(80))
        read_only = is_read_only(operation)
        retry = request.retry
        crashes = retry.crashes_max if retry is not None else None
        errors = retry.errors_max if retry is not None else None
        return Entry(
            request=request,
            caller=context.caller,
            backend=request.backend,
            lane=f"{request.backend}/{lane}",
            durability=self._durability(request.durability, read_only),
            effect_key=request.idempotency_key or request.id,
            trace_id=trace_id,
            accepted_at=now,
            accepted_wall=wall,
            deadline=deadline,
            priority=PRIORITY_DEFAULT if request.priority is None else request.priority,
            read_only=read_only,
            crashes_left=CRASHES_MAX_DEFAULT if crashes is None else crashes,
            errors_left=ERRORS_MAX_DEFAULT if errors is None else errors,
            sampled=sampled,
        )

    def _deadline(
        self,
        request: InternalRequest,
        context: CallContext,
        now: float,
        wall: float,
        timeout_s_default: float,
    ) -> float | None:
        """The earliest of the request's deadline, its timeout, and the time that the transport gives."""
        left_s = request.timeout_s or None
        if request.deadline is not None:
            until_s = request.deadline.timestamp() - wall
            left_s = until_s if left_s is None else min(left_s, until_s)
        if context.timeout_s is not None:
            left_s = context.timeout_s if left_s is None else min(left_s, context.timeout_s)
        if left_s is None:
            left_s = timeout_s_default or None
        if left_s is None:
            return None
        if left_s <= 0.0:
            raise BridgeError.of(ErrorCode.DEADLINE_EXCEEDED, "The deadline had passed when the request arrived.")
        return now + left_s

    def _trace(self, request: InternalRequest, context: CallContext) -> tuple[str, bool]:
        """(trace id, sampled), from the request, else from the door's header, else new."""
        parsed = None
        if request.traceparent:
            parsed = trace.parse(request.traceparent)
        elif context.traceparent:
            parsed = trace.parse(context.traceparent)
            if parsed is not None:
                request.traceparent = context.traceparent
        if parsed is None:
            trace_id, asked = trace.new_trace_id(self._rng), False
            request.traceparent = ""
        else:
            trace_id, asked = parsed
        return trace_id, self._sampled(asked)

    def _durability(self, asked: Durability, read_only: bool) -> Durability:
        if asked is Durability.UNSPECIFIED:
            return self._read_default if read_only else self._write_default
        if asked not in self._durabilities:
            kept = ", ".join(level.name for level in self._durabilities)
            raise BridgeError.of(
                ErrorCode.FAILED_PRECONDITION,
                f"This deployment keeps the durability levels {kept}, not {asked.name}.",
            )
        return asked


def is_read_only(operation: Operation) -> bool:
    """True where the operation has no side effects."""
    invoke = operation.invoke
    if invoke is not None:
        return invoke.no_side_effects
    return (
        operation.query is not None
        or operation.get is not None
        or operation.count is not None
        or operation.list_collections is not None
    )
