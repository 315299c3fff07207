"""The echo backend."""

from __future__ import annotations

from typing import Any

import pytest

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import ErrorCode, Invoke, ListCollections, Operation, Payload
from qbridge_server.backends import create_backend


async def test_echo_answers_each_payload_of_a_batch_as_it_came(kit: Any) -> None:
    bench = kit.Bench(create_backend("echo", "echo:"))
    payloads = [Payload(data=b"\x00\xff"), Payload(text="grüße", content_type="text/plain"), Payload(json={"a": [1]})]
    entries = [bench.entry(invoke=Invoke(name="echo", payload=payload)) for payload in payloads]
    assert [outcome.payload for outcome in await bench.outcomes(*entries)] == payloads


async def test_noop_answers_an_empty_payload_and_so_does_an_echo_of_nothing(kit: Any) -> None:
    bench = kit.Bench(create_backend("echo", "echo:"))
    noop = bench.entry(invoke=Invoke(name="noop", payload=Payload(data=b"x" * 100)))
    nothing = bench.entry(invoke=Invoke(name="echo"))
    assert [outcome.payload for outcome in await bench.outcomes(noop, nothing)] == [Payload(), Payload()]


@pytest.mark.parametrize(
    "operation",
    [Operation(invoke=Invoke(name="plan")), Operation(list_collections=ListCollections())],
    ids=["another name", "a vector operation"],
)
def test_what_echo_does_not_offer_is_refused_before_acceptance(operation: Operation) -> None:
    with pytest.raises(BridgeError) as caught:
        create_backend("echo", "echo:").lane_of(operation)
    assert caught.value.code is ErrorCode.UNIMPLEMENTED


@pytest.mark.parametrize("url", ["", "echo:x", "vector:/tmp", "chroma:", "chroma:ftp://a", "nonsense:"])
def test_a_url_that_no_backend_has_is_refused_with_the_forms_that_there_are(url: str) -> None:
    with pytest.raises(ValueError, match=r"known forms: echo:, vector:"):
        create_backend("a", url)
