"""How much of the contract a run has seen: operation x status x stream event, against all that it can answer.

What can be answered comes from the contract alone: over REST the statuses of the OpenAPI document, over gRPC the
statuses that the error table gives those, on streams every kind of message and every way to end. Many an answer cannot
be had from a healthy deployment; the figure tells where to look, and is no mark.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from qbridge_harness.contract import Contract, Rpc
from qbridge_harness.contract.schemas import Schemas
from qbridge_harness.contract.stream_events import kinds_possible

Kind = Literal["rest status", "grpc status", "stream event"]
KINDS: tuple[Kind, ...] = ("rest status", "grpc status", "stream event")


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """One thing that the contract can answer."""

    operation: str
    kind: Kind
    transport: str
    value: str


@dataclass(slots=True)
class Coverage:
    """What can be seen, and what was."""

    possible: frozenset[Point]
    seen: dict[Point, int]
    """Point -> in how many cases."""

    def share(self, *, kind: Kind | None = None, operation: str | None = None) -> tuple[int, int]:
        """How many were seen, of how many: of all, of a kind, of an operation."""
        chosen = [
            point for point in self.possible if kind in (None, point.kind) and operation in (None, point.operation)
        ]
        return sum(point in self.seen for point in chosen), len(chosen)

    @property
    def operations(self) -> list[str]:
        """Every operation, in order."""
        return sorted({point.operation for point in self.possible})

    @property
    def missing(self) -> list[Point]:
        """What nobody has seen."""
        return sorted(self.possible - set(self.seen))

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        seen, possible = self.share()
        kinds = {kind: _share(*self.share(kind=kind)) for kind in KINDS}
        operations = {operation: _share(*self.share(operation=operation)) for operation in self.operations}
        missing = [f"{point.operation} {point.transport} {point.value}" for point in self.missing]
        return _share(seen, possible) | {"kinds": kinds, "operations": operations, "missing": missing}


def _share(seen: int, possible: int) -> dict[str, Any]:
    return {"seen": seen, "possible": possible, "percent": percent(seen, possible)}


def percent(part: int, whole: int) -> float:
    """A share in percent with one digit; 100 of nothing."""
    return round(100 * part / whole, 1) if whole else 100.0


def contract_coverage(contract: Contract, report: Mapping[str, Any]) -> Coverage:
    """The coverage of one run, given as its JSON report."""
    possible = frozenset(point for rpc in contract.rpcs.values() for point in _points(rpc, contract))
    seen: dict[Point, int] = {}
    for text, count in report["coverage"].items():
        point = _point(text, contract)
        if point in possible:
            seen[point] = seen.get(point, 0) + int(count)
    return Coverage(possible, seen)


def _points(rpc: Rpc, contract: Contract) -> Iterator[Point]:
    """All that one operation can answer, on each of its transports."""
    statuses = Schemas(contract.openapi).statuses(rpc)
    rows = [row for row in contract.errors.values() if not statuses or row.http_status in statuses]
    streams = rpc.client_streaming or rpc.server_streaming
    if rpc.http_path:
        transport = "sse" if streams else "rest"
        yield from (Point(rpc.name, "rest status", transport, str(status)) for status in sorted(statuses))
    for status in {"OK", *(row.grpc_status for row in rows)}:
        yield Point(rpc.name, "grpc status", "grpc", status)
    if streams:
        doors = ["grpc", *(["websocket"] if rpc.websocket else []), *(["sse"] if rpc.http_path else [])]
        for door in doors:
            yield from (Point(rpc.name, "stream event", door, kind) for kind in kinds_possible(rpc))


def _point(text: str, contract: Contract) -> Point | None:
    """A line of a report: `Service/Method transport 200`, `... grpc NOT_FOUND`, `... sse event SUCCEEDED`."""
    operation, _, rest = text.partition(" ")
    transport, _, value = rest.rpartition(" ")
    if transport.endswith(" event"):
        return Point(operation, "stream event", transport.removesuffix(" event").split(", ")[-1], value)
    transport = transport.split(", ")[-1]
    row = contract.errors.get(value)
    rpc = contract.rpcs.get(operation)
    streams = rpc is not None and (rpc.client_streaming or rpc.server_streaming)
    if transport == "grpc":
        return Point(operation, "grpc status", "grpc", row.grpc_status if row and streams else value)
    if transport in ("sse", "rest"):
        status = "200" if value == "OK" else str(row.http_status) if row else value
        return Point(operation, "rest status", "sse" if streams else "rest", status)
    return None
