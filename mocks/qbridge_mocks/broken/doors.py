"""Errors in what goes out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import betterproto2
from starlette.responses import Response
from starlette.websockets import WebSocket

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.grpc_door import GrpcDoor
from qbridge_mocks.conforming.reading import Reads
from qbridge_mocks.conforming.refusal import Refusal, make_error
from qbridge_mocks.conforming.rest_door import RestDoor
from qbridge_mocks.conforming.socket_door import SocketDoor
from qbridge_mocks.conforming.surface import Rpc
from qbridge_mocks.parts import Parts

MATCHES_MAX = 5000
CLOSED_BY_ERROR = 1011


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


class WrongMethodIsNotFound(RestDoor):
    """Knows no path for a method that it does not have."""

    def refusal(self, error: v1.Error, headers: Mapping[str, str] | None = None) -> Response:
        if error.code == v1.ErrorCode.METHOD_NOT_ALLOWED:
            error, headers = make_error("NOT_FOUND", error.message), None
        return super().refusal(error, headers)


class SubmitsWith200(RestDoor):
    """Answers every success with 200."""

    def success(self, rpc: Rpc, response: betterproto2.Message) -> Response:
        return super().success(replace(rpc, status=200) if rpc.method == "submit" else rpc, response)


class WithoutRetryAfter(RestDoor):
    """Says how long to wait in the problem alone."""

    def refusal(self, error: v1.Error, headers: Mapping[str, str] | None = None) -> Response:
        answer = super().refusal(error, headers)
        if "retry-after" in answer.headers:
            del answer.headers["retry-after"]
        return answer


class NamesOneField(RestDoor):
    """Stops at the first field at fault."""

    def problem(self, error: v1.Error) -> dict[str, Any]:
        return super().problem(replace(error, violations=error.violations[:1]))


class ExtraField(RestDoor):
    """Adds a member to results that the contract lacks."""

    def members_of(self, answer: betterproto2.Message) -> Reads:
        members = super().members_of(answer)
        return {**members, "debugInfo": "node-7"} if isinstance(answer, v1.Result) else members


class ClosesWithoutStatus(SocketDoor):
    """Closes every broken stream with one code."""

    def close_code(self, refusal: Refusal) -> int:
        return CLOSED_BY_ERROR


class SendsBinary(SocketDoor):
    """Sends the events of a Watch as bytes."""

    async def send(self, socket: WebSocket, response: betterproto2.Message) -> None:
        if isinstance(response, v1.WatchResponse):
            await socket.send_bytes(json.dumps(self.members_of(response)).encode())
        else:
            await super().send(socket, response)


class CutsFrames(SocketDoor):
    """Cuts the matches of a long reply."""

    def members_of(self, response: betterproto2.Message) -> Reads:
        members = super().members_of(response)
        for result in members.get("results", []):
            matches = result.get("reply", {}).get("matches", {})
            for column in ("ids", "distances"):
                if len(matches.get(column, ())) > MATCHES_MAX:
                    matches[column] = matches[column][:MATCHES_MAX]
        return members


class DoorOfOneCode(RestDoor):
    """Its sockets close with one code."""

    sockets = ClosesWithoutStatus


class DoorOfBytes(RestDoor):
    """Its sockets send events as bytes."""

    sockets = SendsBinary


class DoorOfShortFrames(RestDoor):
    """Its sockets cut long replies."""

    sockets = CutsFrames


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
    "wrong_method_is_not_found": Parts(rest=WrongMethodIsNotFound),
    "submit_answers_200": Parts(rest=SubmitsWith200),
    "retry_after_missing": Parts(rest=WithoutRetryAfter),
    "first_violation_only": Parts(rest=NamesOneField),
    "binary_frames_sent": Parts(rest=DoorOfBytes),
    "result_schema_extra_field": Parts(rest=ExtraField),
    "socket_closes_without_status": Parts(rest=DoorOfOneCode),
    "large_frames_are_cut": Parts(rest=DoorOfShortFrames),
    "grpc_error_without_details": Parts(grpc=BareStatus),
    "grpc_wrong_status": Parts(grpc=UnknownStatus),
}
