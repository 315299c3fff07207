"""The client's methods, the same over the twin, embedded, gRPC (session and unary) and REST."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import pydantic
import pytest

import qbridge
from qbridge import AsyncClient, _trace
from qbridge_contract.structs import HealthState, Invoke, Operation, Payload, RequestState

WAIT_S = 20.0


class Digit(pydantic.BaseModel):
    id: str
    vector: list[float]
    label: int
    note: str | None = None


class Found(pydantic.BaseModel):
    id: str
    distance: float
    label: int


@pytest.mark.parametrize("payload", [b"\x00\xff", "text", {"a": [1, 2.5, None, "ä"]}, [], 7, b""])
async def test_a_call_answers_the_kind_that_it_was_given(client: AsyncClient, payload: object) -> None:
    answer = await client.call("echo", "echo", payload)
    assert answer == payload
    assert type(answer) is type(payload) or isinstance(payload, int)


async def test_a_call_answers_a_model_of_the_user(client: AsyncClient) -> None:
    sent = Found(id="a", distance=0.5, label=3)
    assert await client.call("echo", "echo", sent, model=Found) == sent


async def test_the_whole_result_has_its_trace_and_its_attempts(client: AsyncClient) -> None:
    token = _trace.current.set(f"00-{'c' * 32}-{'d' * 16}-00")
    try:
        result = await client.send(Operation(invoke=Invoke(name="echo", payload=Payload(data=b"x"))), backend="echo")
    finally:
        _trace.current.reset(token)
    assert (result.state, result.attempts, result.trace_id) == (RequestState.SUCCEEDED, 1, "c" * 32)


async def test_what_is_not_there_is_not_found(client: AsyncClient) -> None:
    with pytest.raises(qbridge.NotFound, match="nowhere"):
        await client.call("nowhere", "echo")
    with pytest.raises(qbridge.NotFound):
        await client.get_request("req_01ARZ3NDEKTSV4RRFFQ69G5FAV")
    with pytest.raises(qbridge.NotFound):
        await client.query("no-such-collection", [1.0])
    with pytest.raises(qbridge.NotFound):
        [event async for event in client.watch("req_01ARZ3NDEKTSV4RRFFQ69G5FAV")]


async def test_a_submitted_request_is_followed_to_its_result(client: AsyncClient) -> None:
    accepted = await client.submit("echo", "echo", {"n": 1})
    async with asyncio.timeout(WAIT_S):
        events = [event async for event in client.watch(accepted.request_id)]
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert events[-1].state is RequestState.SUCCEEDED
    assert await client.result(accepted.request_id) == {"n": 1}
    later = [event async for event in client.watch(accepted.request_id, after=len(events) - 1)]
    assert [event.sequence for event in later] == [len(events)]
    assert (await client.explain(accepted.request_id)).state is RequestState.SUCCEEDED


async def test_many_submits_are_accepted_in_order(client: AsyncClient) -> None:
    accepted = await client.submit_many("echo", "echo", [f"p{i}" for i in range(40)])
    answers = await asyncio.gather(*(client.result(each.request_id) for each in accepted))
    assert answers == [f"p{i}" for i in range(40)]


async def test_the_same_key_has_one_result_and_another_body_is_a_conflict(client: AsyncClient, name: str) -> None:
    operation = Operation(invoke=Invoke(name="echo", payload=Payload(text="first")))
    first = await client.send(operation, backend="echo", idempotency_key=name)
    again = await client.send(operation, backend="echo", idempotency_key=name)
    assert (first.replayed, again.replayed) == (False, True)
    assert again.reply == first.reply
    with pytest.raises(qbridge.IdempotencyConflict):
        await client.call("echo", "echo", "other", idempotency_key=name)


async def test_requests_are_listed_newest_first_page_by_page(client: AsyncClient) -> None:
    sent = [(await client.submit("echo", "echo", str(i))).request_id for i in range(5)]
    listed: list[str] = []
    async for record in client.requests(backend="echo", page_size=2):
        assert record.request is not None
        listed.append(record.request.id)
        if len(listed) == 5:
            break
    assert listed == sent[::-1]


async def test_a_cancel_of_what_is_final_changes_nothing(client: AsyncClient) -> None:
    accepted = await client.submit("echo", "echo", "x")
    await client.result(accepted.request_id)
    assert (await client.cancel(accepted.request_id)).state is RequestState.SUCCEEDED


async def test_vectors_go_in_as_columns_and_come_out_as_columns(client: AsyncClient, name: str) -> None:
    info = await client.create_collection(name, 4, metric="l2")
    assert (info.dimension, info.count) == (4, 0)
    vectors = np.eye(4, dtype=np.float32)
    assert await client.upsert(name, range(4), vectors, [{"label": i} for i in range(4)]) == 4
    assert await client.count(name) == 4
    matches = await client.query(name, vectors[:2], top_k=2, include_metadata=True, include_vectors=True)
    assert (len(matches), matches.counts) == (2, [2, 2])
    assert (matches[0].ids[0], matches[1].ids[0]) == ("0", "1")
    assert matches.distances.dtype == np.float32
    assert matches.distances[[0, 2]].tolist() == [0.0, 0.0]
    assert matches.metadata[0] == {"label": 0}
    np.testing.assert_array_equal(matches.vectors[0], vectors[0])
    records = await client.get(name, ["3", "nobody", "1"])
    assert records.ids == ["3", "1"]
    np.testing.assert_array_equal(records.vectors, vectors[[3, 1]])
    assert await client.delete(name, ["0", "nobody"]) == 1
    assert await client.delete_collection(name) == 3


async def test_models_go_in_and_models_come_out(client: AsyncClient, name: str) -> None:
    await client.create_collection(name, 2)
    rows = [Digit(id=f"d{i}", vector=[1.0, i / 10], label=i % 3) for i in range(9)]
    assert await client.upsert(name, iter(rows)) == 9
    found = await client.query(name, [1.0, 0.0], top_k=3, filter={"label": {"in": [0, 1]}}, model=Found)
    assert [type(each) for each in found] == [Found] * 3
    assert [each.id for each in found] == ["d0", "d1", "d3"]
    assert await client.get(name, ["d4"], model=Digit) == [
        pydantic.TypeAdapter(Digit).validate_python(
            {"id": "d4", "vector": np.array([1.0, 0.4], np.float32).tolist(), "label": 1}
        )
    ]


async def test_filters_choose_by_metadata(client: AsyncClient, name: str) -> None:
    await client.create_collection(name, 1, metric="l2")
    years = [1990, 2000, 2010, 2020]
    await client.upsert(name, years, [[y] for y in years], [{"year": y, "old": y < 2000} for y in years])
    assert await client.count(name, filter={"year": {"gte": 2000, "lt": 2020}}) == 2
    assert await client.count(name, filter={"$any": [{"old": True}, {"year": 2020}]}) == 2
    assert await client.count(name, filter={"$not": {"old": True}}) == 3
    assert await client.delete(name, filter={"old": True}) == 1


async def test_collections_are_listed_and_made_once(client: AsyncClient, name: str) -> None:
    await client.create_collection(name, 3)
    assert (await client.create_collection(name, 3, exist_ok=True)).dimension == 3
    with pytest.raises(qbridge.AlreadyExists):
        await client.create_collection(name, 3)
    assert name in [info.collection for info in await client.collections()]


async def test_wrong_dimensions_are_an_invalid_request(client: AsyncClient, name: str) -> None:
    await client.create_collection(name, 3)
    with pytest.raises(qbridge.InvalidRequest):
        await client.upsert(name, ["a"], [[1.0, 2.0]])
    with pytest.raises(qbridge.InvalidRequest):
        await client.query(name, [1.0])


async def test_a_repeated_upsert_under_its_key_changes_nothing(client: AsyncClient, name: str) -> None:
    await client.create_collection(name, 2)
    assert await client.upsert(name, ["a"], [[1, 0]], idempotency_key=name) == 1
    assert await client.delete(name, ["a"]) == 1
    assert await client.upsert(name, ["a"], [[1, 0]], idempotency_key=name) == 1
    assert await client.count(name) == 0
    assert await client.upsert(name, ["a"], [[1, 0]], idempotency_key=name + "-new") == 1
    assert await client.count(name) == 1


async def test_a_bulk_upsert_goes_in_chunks_and_reports(client: AsyncClient, name: str) -> None:
    await client.create_collection(name, 8, metric="l2")
    seen: list[tuple[int, int | None]] = []
    vectors = np.random.default_rng(1).random((2500, 8), np.float32)
    written = await client.upsert(name, range(2500), vectors, progress=lambda done, total: seen.append((done, total)))
    assert written == await client.count(name) == 2500
    assert len(seen) == 3
    assert seen[-1] == (2500, 2500)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


async def test_the_deployment_describes_itself(client: AsyncClient) -> None:
    found = await client.capabilities()
    assert found.contract_version == "v1"
    assert found.limits is not None
    assert found.limits.message_bytes_max > 0
    assert (await client.health()).state is HealthState.SERVING
    assert {"echo", "vectors"} <= {backend.name for backend in await client.backends()}
    assert (await client.backend("echo")).kind == "echo"


async def test_64_callers_get_64_answers_of_their_own(client: AsyncClient) -> None:
    async with asyncio.timeout(WAIT_S):
        answers = await asyncio.gather(*(client.call("echo", "echo", f"{i}") for i in range(64)))
    assert answers == [f"{i}" for i in range(64)]


async def test_one_bad_call_never_fails_its_neighbours(client: AsyncClient) -> None:
    calls = [client.call("echo" if i % 2 else "nowhere", "echo", i) for i in range(20)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(answer, qbridge.NotFound) for answer in answers[0::2])
    assert answers[1::2] == [i for i in range(20) if i % 2]


async def test_an_invalid_name_is_refused_with_its_field(client: AsyncClient, request: pytest.FixtureRequest) -> None:
    if "twin" in request.node.name:
        pytest.skip("the twin does not check the contract's rules")
    with pytest.raises(qbridge.InvalidRequest) as caught:
        await client.call("echo", "not a name")
    assert any("invoke.name" in violation.field for violation in caught.value.error.violations)


async def test_a_closed_client_says_so(make_client: Callable[[], AsyncClient]) -> None:
    client = make_client()
    async with client:
        await client.call("echo", "echo", b"x")
    with pytest.raises(qbridge.ConnectionLost, match="closed"):
        await client.call("echo", "echo", b"x")
    await client.close()


async def test_a_client_opens_by_itself_and_by_await(make_client: Callable[[], AsyncClient]) -> None:
    lazy = make_client()
    assert await lazy.call("echo", "echo", b"x") == b"x"
    await lazy.close()
    awaited = await make_client()
    assert await awaited.call("echo", "echo", b"y") == b"y"
    await awaited.close()
