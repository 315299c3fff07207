"""JSON is the proto3 mapping: `json_format` is the oracle, and stays off every path."""

from __future__ import annotations

import json as stdlib_json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from math import isnan
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from hypothesis import HealthCheck, assume, given, settings, strategies as st

from qbridge_contract import convert, json, structs as s
from qbridge_contract.errors import BridgeError

Canonical = Callable[[Message], bytes]


def _struct_of(message: Message) -> type[s.Message]:
    return next(kind for kind, pb in convert.PB.items() if pb is type(message))


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_json_format_reads_what_encode_writes(
    data: st.DataObject, messages: st.SearchStrategy[Message], canonical: Canonical
) -> None:
    message = data.draw(messages)
    text = json.encode(convert.from_pb(message))
    assert canonical(json_format.Parse(text, type(message)())) == canonical(message)


@settings(max_examples=300, deadline=None)
@given(data=st.data(), names=st.booleans(), numbers=st.booleans())
def test_decode_reads_what_json_format_writes_in_each_of_its_spellings(
    data: st.DataObject, messages: st.SearchStrategy[Message], canonical: Canonical, names: bool, numbers: bool
) -> None:
    message = data.draw(messages)
    text = json_format.MessageToJson(message, preserving_proto_field_name=names, use_integers_for_enums=numbers)
    again = convert.to_pb(json.decode(_struct_of(message), text.encode()))
    assert canonical(again) == canonical(message)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_encode_leaves_out_what_json_format_leaves_out(
    data: st.DataObject, messages: st.SearchStrategy[Message]
) -> None:
    message = data.draw(messages)
    ours, theirs = json.encode(convert.from_pb(message)), json_format.MessageToJson(message)
    assert _names(_without_zeros(stdlib_json.loads(ours))) == _names(_without_zeros(stdlib_json.loads(theirs)))


def _without_zeros(tree: Any) -> Any:
    """The tree without zeros: msgspec leaves out a zero float only where it is the very default."""
    if isinstance(tree, dict):
        return {key: _without_zeros(value) for key, value in tree.items() if value != 0 or value is False}
    return [_without_zeros(each) for each in tree] if isinstance(tree, list) else tree


def _names(tree: Any) -> Any:
    """The tree with its leaves taken off."""
    if isinstance(tree, dict):
        return {key: _names(value) for key, value in tree.items()}
    return [_names(each) for each in tree] if isinstance(tree, list) else None


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4) | st.just("1"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=3,
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(data=st.data(), planted=_anything)
def test_a_changed_text_is_read_as_json_format_reads_it_or_refused(
    data: st.DataObject, messages: st.SearchStrategy[Message], canonical: Canonical, planted: Any
) -> None:
    message = data.draw(messages)
    tree = stdlib_json.loads(json_format.MessageToJson(message))
    places = list(_places(tree))
    assume(places)
    holder, key = data.draw(st.sampled_from(places))
    holder[key] = planted
    text = stdlib_json.dumps(tree)
    struct = _decoded_or_none(_struct_of(message), text.encode())
    if struct is not None:
        assert canonical(convert.to_pb(struct)) == canonical(json_format.Parse(text, type(message)()))


def _decoded_or_none(kind: type[s.Message], text: bytes) -> s.Message | None:
    """The struct, or None where the text is MALFORMED; any other error fails the test."""
    try:
        return json.decode(kind, text)
    except BridgeError as error:
        if error.code is not s.ErrorCode.MALFORMED:
            raise
        return None


def _places(tree: Any) -> Any:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in items:
        yield tree, key
        if isinstance(value, (dict, list)):
            yield from _places(value)


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (s.InternalRequest, b'{"timeout_s": "2.5"}', s.InternalRequest(timeout_s=2.5)),
        (s.InternalRequest, b'{"timeoutS": 1e1}', s.InternalRequest(timeout_s=10.0)),
        (s.InternalRequest, b'{"priority": 3.0}', s.InternalRequest(priority=3)),
        (s.InternalRequest, b'{"priority": "3"}', s.InternalRequest(priority=3)),
        (s.InternalRequest, b'{"priority": null, "labels": null, "retry": null}', s.InternalRequest()),
        (s.InternalRequest, b'{"durability": 3}', s.InternalRequest(durability=s.Durability.DISK)),
        (s.ItemResult, b'{"epoch": "18446744073709551615"}', s.ItemResult(epoch=2**64 - 1)),
        (s.ItemResult, b'{"epoch": 5, "request_id": "r"}', s.ItemResult(epoch=5, request_id="r")),
        (s.Payload, b'{"json": null}', s.Payload(json=None)),
        (s.Payload, b'{"data": "-_-_"}', s.Payload(data=b"\xfb\xff\xbf")),
        (s.Payload, b'{"data": "eA"}', s.Payload(data=b"x")),
        (s.Filter, b'{"not": {"where": {"key": "k"}}}', s.Filter(not_=s.Filter(where=s.Condition(key="k")))),
    ],
)
def test_a_spelling_that_the_mapping_allows_is_read(kind: type[s.Message], text: bytes, expected: s.Message) -> None:
    assert json.decode(kind, text) == expected
    assert json_format.Parse(text, convert.PB[kind]()) == convert.to_pb(expected)


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        (s.CallRequest, b"", "truncated"),
        (s.CallRequest, b"{", "truncated"),
        (s.CallRequest, b"[]", "Expected `object`"),
        (s.CallRequest, b'{"request": []}', "CallRequest.request`"),
        (s.CallRequest, b'{"a": NaN}', "malformed"),
        (s.CallRequest, b'{"a": "\xff"}', "utf-8"),
        (s.CallRequest, b'{"request": {"bakcend": "x"}}', "`bakcend` - at `CallRequest.request`"),
        (s.CallRequest, b'{"request": {"timeout_s": 1, "foo": 2}}', "`foo` - at `CallRequest.request`"),
        (s.CallRequest, b'{"request": {"timeout_s": 1, "timeoutS": 2}}', "given twice"),
        (s.Filter, b'{"not":' * 5000 + b"{}" + b"}" * 5000, "nests"),
        (s.Filter, b'{"not":' * 25 + b"{}" + b"}" * 25, "nests more than 24 deep"),
        (s.Payload, b'{"data": "eA==", "text": "x"}', "data and text are both given"),
        (s.Payload, b'{"data": "!"}', "base64"),
        (s.Payload, b'{"text": "\\ud800, alone"}', "surrogate"),
        (s.Payload, b'{"json": ' + b"[" * 25 + b"]" * 25 + b"}", "json: nests too deep"),
        (s.Operation, b'{"get": {}, "count": {}}', "get and count are both given"),
        (s.ItemResult, b'{"epoch": 18446744073709551616}', "64 bits"),
        (s.ItemResult, b'{"epoch": -1}', "epoch"),
        (s.InternalRequest, b'{"deadline": "2026-01-01T00:00:00"}', "deadline"),
        (s.InternalRequest, b'{"durability": "DISK"}', "durability"),
        (s.InternalRequest, b'{"priority": true}', "priority"),
        (s.InternalRequest, b'{"labels": {"a": 1}}', "labels"),
        (s.FloatArray, b'{"items": [1, 1e300]}', "items[1]: does not fit a float32"),
    ],
)
def test_a_wrong_text_is_malformed_and_the_error_names_the_place(
    kind: type[s.Message], text: bytes, words: str
) -> None:
    with pytest.raises(BridgeError) as refused:
        json.decode(kind, text)
    assert refused.value.code is s.ErrorCode.MALFORMED
    assert words in refused.value.error.message


def test_a_client_can_pass_over_what_a_newer_server_says() -> None:
    text = b'{"result": {"requestId": "r", "shard": 3, "reply": {"count": {"count": 2, "bytes": 9}}}, "cost": 1}'
    expected = s.CallResponse(result=s.Result(request_id="r", reply=s.Reply(count=s.VectorCount(count=2))))
    assert json.decode(s.CallResponse, text, ignore_unknown=True) == expected
    with pytest.raises(BridgeError, match="unknown field"):
        json.decode(s.CallResponse, text)
    with pytest.raises(BridgeError, match=r"CallResponse\.result\.attempts"):
        json.decode(s.CallResponse, b'{"cost": 1, "result": {"attempts": "x"}}', ignore_unknown=True)


def test_numbers_without_a_literal_are_written_by_name() -> None:
    numbers = s.FloatArray(items=[float("nan"), float("inf"), float("-inf"), 1.5])
    text = json.encode(numbers)
    assert text == b'{"items":["NaN","Infinity","-Infinity",1.5]}'
    again = json.decode(s.FloatArray, text).items
    assert isnan(again[0])
    assert again[1:] == numbers.items[1:]


def test_wide_integers_are_strings_and_times_are_rfc_3339() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    item = s.ExecuteItem(request_id="r", epoch=2**60, deadline=at)
    assert json.encode(item) == b'{"requestId":"r","epoch":"1152921504606846976","deadline":"2026-01-02T03:04:05Z"}'


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(BridgeError) as refused:
        json.encode(s.Payload(text="\ud800"))
    assert refused.value.code is s.ErrorCode.INVALID_ARGUMENT


def test_json_and_structs_load_neither_protobuf_nor_grpc() -> None:
    program = (
        "import sys; from qbridge_contract import structs, json, errors, services, client, routes, ids;"
        'json.decode(structs.ItemResult, b\'{"epoch": "5"}\');'
        "print([name for name in sys.modules if name.split('.')[0] in ('google', 'grpc')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
