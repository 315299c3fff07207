"""The betterproto2 package says the same on the wire as pb2."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from google.protobuf.message import Message
from hypothesis import given, settings, strategies as st

from qbridge_contract import convert, structs as s
from qbridge_contract_betterproto.qbridge import v1

Canonical = Callable[[Message], bytes]


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_betterproto_reads_and_writes_what_pb2_does(
    data: st.DataObject, messages: st.SearchStrategy[Message], canonical: Canonical
) -> None:
    message = data.draw(messages)
    twin: Any = getattr(v1, message.DESCRIPTOR.name).parse(message.SerializeToString())
    again = type(message).FromString(bytes(twin))
    assert canonical(again) == canonical(message)


def test_a_dataclass_written_by_hand_becomes_our_struct() -> None:
    request = v1.InternalRequest(
        backend="echo",
        operation=v1.Operation(invoke=v1.Invoke(name="echo", payload=v1.Payload(data=b"hello"))),
        durability=v1.Durability.DISK,
        timeout_s=math.pi,
    )
    struct = convert.parse(s.InternalRequest, bytes(request))
    assert struct.operation == s.Operation(invoke=s.Invoke(name="echo", payload=s.Payload(data=b"hello")))
    assert (struct.backend, struct.durability, struct.timeout_s) == ("echo", s.Durability.DISK, math.pi)


def test_each_message_and_service_has_its_twin() -> None:
    names = {kind.__name__ for kind in convert.PB}
    assert names <= set(v1.__all__)
    for service in ("BridgeService", "BackendService", "PlatformService"):
        assert {f"{service}Base", f"{service}Stub"} <= set(v1.__all__)
