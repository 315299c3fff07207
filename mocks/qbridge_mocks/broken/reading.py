"""Errors in what is let in."""

from __future__ import annotations

from google.protobuf import json_format
from google.protobuf.message import Message
from starlette.requests import Request

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.reading import Reader, Reads
from qbridge_mocks.conforming.refusal import Refusal
from qbridge_mocks.conforming.rest_door import RestDoor
from qbridge_mocks.conforming.surface import Rpc
from qbridge_mocks.parts import Parts


class TakesEmptyBody(RestDoor):
    """Reads no body as an empty message."""

    async def body(self, request: Request) -> bytes:
        return await super().body(request) or b"{}"


class TakesAnySize(RestDoor):
    """Has no limit."""

    def refuse_size(self, size: int) -> None:
        return


class TakesAnyMediaType(RestDoor):
    """Reads everything as JSON."""

    def refuse_media_type(self, content_type: str) -> None:
        return


class RefusesSnakeCase(RestDoor):
    """Knows only one spelling of a member."""

    async def members(self, rpc: Rpc, request: Request) -> Reads:
        members = await super().members(rpc, request)
        if rpc.body and (strange := [name for name in members.get(rpc.body, {}) if "_" in name]):
            raise Refusal.of("MALFORMED", f"There is no member {strange[0]!r}.")
        return members


class TakesUnknownFields(Reader):
    """Passes over fields that the contract lacks."""

    def fill(self, message: Message, members: Reads) -> None:
        json_format.ParseDict(members, message, ignore_unknown_fields=True)

    def refuse_unknown(self, message: Message, place: str) -> None:
        message.DiscardUnknownFields()


class Lenient(Reader):
    """Passes over some rules."""

    forgiven: frozenset[str] = frozenset()

    def violations(self, message: Message, prefix: str = "") -> list[v1.FieldViolation]:
        return [each for each in super().violations(message, prefix) if each.rule not in self.forgiven]


class TakesNaN(Lenient):
    """Lets vectors in whose numbers are not finite."""

    forgiven = frozenset({"vector.finite"})


class TakesDuplicateIds(Lenient):
    """Lets an upsert name an id twice."""

    forgiven = frozenset({"repeated.unique"})


class TakesAnyBackendName(Lenient):
    """Lets a request name a backend of any form."""

    def violations(self, message: Message, prefix: str = "") -> list[v1.FieldViolation]:
        return [each for each in super().violations(message, prefix) if not each.field.endswith("backend")]


class TakesAnyTopK(Lenient):
    """Lets a query ask for no neighbours at all, or for too many."""

    def violations(self, message: Message, prefix: str = "") -> list[v1.FieldViolation]:
        return [each for each in super().violations(message, prefix) if not each.field.endswith("top_k")]


MOCKS = {
    "empty_body_is_a_message": Parts(rest=TakesEmptyBody),
    "size_unchecked": Parts(rest=TakesAnySize),
    "media_type_ignored": Parts(rest=TakesAnyMediaType),
    "snake_case_refused": Parts(rest=RefusesSnakeCase),
    "unknown_fields_accepted": Parts(reader=TakesUnknownFields),
    "any_backend_name_read": Parts(reader=TakesAnyBackendName),
    "nan_accepted": Parts(reader=TakesNaN),
    "duplicate_ids_accepted": Parts(reader=TakesDuplicateIds),
    "top_k_unbounded": Parts(reader=TakesAnyTopK),
}
