"""Errors in what goes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import betterproto2
from starlette.routing import BaseRoute

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.grpc_door import GrpcDoor
from qbridge_mocks.conforming.reading import Reads
from qbridge_mocks.conforming.refusal import Refusal
from qbridge_mocks.conforming.rest_door import RestDoor
from qbridge_mocks.parts import Parts


class WrongStatus(RestDoor):
    """Says 400 where something is not there."""

    def status(self, error: v1.Error) -> int:
        return 400 if error.code == v1.ErrorCode.NOT_FOUND else super().status(error)


class ProblemWithoutCode(RestDoor):
    """Leaves the code out of its problems."""

    def problem(self, error: v1.Error) -> dict[str, Any]:
        members = super().problem(error)
        del members["code"]
        return members


class ExtraField(RestDoor):
    """Adds a member to results that the contract lacks."""

    def members_of(self, answer: betterproto2.Message) -> Reads:
        members = super().members_of(answer)
        return {**members, "debugInfo": "node-7"} if isinstance(answer, v1.Result) else members


class WrongEventId(RestDoor):
    """Counts the events of SSE from 0, so that a reader who comes back gets one twice."""

    def event_id(self, event: v1.RequestEvent) -> int:
        return super().event_id(event) - 1


class NoSockets(RestDoor):
    """Serves no WebSocket, while the capabilities say so."""

    def socket_routes(self) -> list[BaseRoute]:
        return []


class BareStatus(GrpcDoor):
    """Answers errors as a status without details."""

    def details(self, refusal: Refusal) -> Sequence[Any] | None:
        return None


class UnknownStatus(GrpcDoor):
    """Answers a missing thing with a status that is not the table's."""

    def status_name(self, error: v1.Error) -> str:
        return "UNKNOWN" if error.code == v1.ErrorCode.NOT_FOUND else super().status_name(error)


MOCKS = {
    "wrong_status_for_not_found": Parts(rest=WrongStatus),
    "problem_without_code": Parts(rest=ProblemWithoutCode),
    "result_schema_extra_field": Parts(rest=ExtraField),
    "sse_wrong_id": Parts(rest=WrongEventId),
    "capability_lies": Parts(rest=NoSockets),
    "grpc_error_without_details": Parts(grpc=BareStatus),
    "grpc_wrong_status": Parts(grpc=UnknownStatus),
}
