"""Structs and pb2 messages say the same, and what does not fit is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings, strategies as st

from qbridge_contract import convert, structs as s
from qbridge_contract.errors import BridgeError
from qbridge_contract.v1 import backend_pb2, bridge_pb2, request_pb2, vector_pb2

Canonical = Callable[[Message], bytes]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_message_survives_the_way_to_a_struct_and_back(
    data: st.DataObject, messages: st.SearchStrategy[Message], canonical: Canonical
) -> None:
    message = data.draw(messages)
    assert canonical(convert.to_pb(convert.from_pb(message))) == canonical(message)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_protobuf_bytes_survive_parse_and_serialize(
    data: st.DataObject, messages: st.SearchStrategy[Message], canonical: Canonical
) -> None:
    message = data.draw(messages)
    kind = next(kind for kind, pb in convert.PB.items() if pb is type(message))
    again = type(message).FromString(convert.serialize(convert.parse(kind, message.SerializeToString())))
    assert canonical(again) == canonical(message)


@pytest.mark.parametrize("kind", convert.PB, ids=lambda kind: str(kind.__name__))
def test_an_empty_message_is_an_empty_struct(kind: type[s.Message]) -> None:
    assert convert.from_pb(convert.PB[kind]()) == kind()
    assert convert.to_pb(kind()) == convert.PB[kind]()


@pytest.mark.parametrize(
    "struct",
    [
        s.InternalRequest(priority=-1),
        s.InternalRequest(priority=2**32),
        s.InternalRequest(id=5),  # type: ignore[arg-type]
        s.InternalRequest(id="\ud800"),
        s.InternalRequest(labels={"a": 1}),  # type: ignore[dict-item]
        s.InternalRequest(durability="DURABILITY_DISK"),  # type: ignore[arg-type]
        s.InternalRequest(deadline=datetime(2026, 1, 1)),  # noqa: DTZ001 - that it is naive is the point
        s.InternalRequest(deadline=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))),
        s.InternalRequest(operation=s.Invoke()),  # type: ignore[arg-type]
        s.Operation(invoke=s.Invoke(), count=s.CountVectors(collection="c")),
        s.Payload(data=b"x", json=None),
        s.Payload(data="text"),  # type: ignore[arg-type]
        s.Payload(json=float("nan")),
        s.Payload(json=10**400),
        s.Payload(json={"a": object()}),
        s.Payload(json={1: 2}),
        s.GetVectors(ids="abc"),  # type: ignore[arg-type]
        s.FloatArray(items=[1e300]),
        s.FloatArray(items=[1.0, -3.4028235677973366e38]),
        s.ItemResult(epoch=2**64),
    ],
    ids=str,
)
def test_a_value_that_does_not_fit_is_refused(struct: s.Message) -> None:
    with pytest.raises(BridgeError) as refused:
        convert.to_pb(struct)
    assert refused.value.code is s.ErrorCode.INVALID_ARGUMENT
    assert type(struct).__name__ in refused.value.error.message


def _nested(levels: int) -> Any:
    value: Any = 1
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


def test_values_nest_to_the_limit_and_no_deeper_in_both_directions() -> None:
    deep = s.Payload(json=_nested(24))
    assert convert.parse(s.Payload, convert.serialize(deep)) == deep
    with pytest.raises(BridgeError, match="24 deep"):
        convert.to_pb(s.Payload(json=_nested(25)))
    message = request_pb2.Payload()
    part: Any = message.json
    for _ in range(25):
        part = part.list_value.values.add()
    part.number_value = 1
    with pytest.raises(BridgeError, match="24 deep"):
        convert.from_pb(message)


def test_filters_nest_to_the_limit_and_no_deeper() -> None:
    inner = s.Filter(where=s.Condition(key="k"))
    for _ in range(24):
        inner = s.Filter(not_=inner)
    assert convert.from_pb(convert.to_pb(inner)) == inner
    with pytest.raises(BridgeError, match="24 deep"):
        convert.to_pb(s.Filter(not_=inner))
    message = convert.to_pb(inner)
    outer = vector_pb2.Filter()
    getattr(outer, "not").CopyFrom(message)
    with pytest.raises(BridgeError, match="24 deep"):
        convert.from_pb(outer)


def test_the_largest_float32_fits_in_the_short_form_that_json_format_gives_it() -> None:
    largest = s.FloatArray(items=[3.40282347e38, -3.40282347e38])
    assert convert.from_pb(convert.to_pb(largest)).items == [3.4028234663852886e38, -3.4028234663852886e38]


def test_an_unknown_field_is_refused_with_its_place() -> None:
    message = bridge_pb2.SessionRequest()
    message.submits.add()
    broken = message.submits.add().operation
    broken.ParseFromString(b"\xf8\x07\x01")
    with pytest.raises(BridgeError, match=r"SessionRequest\.submits\[1\]\.operation .* number 127") as refused:
        convert.refuse_unknown_fields(message)
    assert refused.value.code is s.ErrorCode.MALFORMED
    with pytest.raises(BridgeError, match="number 127"):
        convert.parse(s.CancelRequest, b"\x0a\x01x\xf8\x07\x01")


@pytest.mark.parametrize("data", [b"\x0a", b"\x0a\x02\xff\xfe", b"\xff\xff\xff"])
def test_bytes_that_are_no_message_are_malformed(data: bytes) -> None:
    with pytest.raises(BridgeError) as refused:
        convert.parse(s.CancelRequest, data)
    assert refused.value.code is s.ErrorCode.MALFORMED


def test_an_enum_number_that_the_contract_lacks_is_refused() -> None:
    message = backend_pb2.ProbeResponse.FromString(b"\x08\x63")
    with pytest.raises(BridgeError, match="99") as refused:
        convert.from_pb(message)
    assert refused.value.code is s.ErrorCode.INVALID_ARGUMENT


def test_a_time_keeps_its_instant_whatever_its_zone() -> None:
    at = datetime(2026, 5, 4, 3, 2, 1, 123456, tzinfo=timezone(timedelta(hours=-7)))
    again = convert.from_pb(convert.to_pb(s.InternalRequest(deadline=at))).deadline
    assert again == at
    assert again.tzinfo is UTC
