"""Errors in what is let in."""

from __future__ import annotations

from google.protobuf import json_format
from google.protobuf.message import Message

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.reading import Reader, Reads
from qbridge_mocks.parts import Parts


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


class TakesAnyTopK(Lenient):
    """Lets a query ask for no neighbours at all, or for too many."""

    forgiven = frozenset({"uint32.gte_lte"})


MOCKS = {
    "unknown_fields_accepted": Parts(reader=TakesUnknownFields),
    "nan_accepted": Parts(reader=TakesNaN),
    "duplicate_ids_accepted": Parts(reader=TakesDuplicateIds),
    "top_k_unbounded": Parts(reader=TakesAnyTopK),
}
