"""The mistakes of the broken mocks, looked at without the harness: plain clients see each of these promises broken.

That a mock breaks nothing else, and that every rule has one, is for tests/harness/test_broken_mocks.py and
`make judge`. Here stands what must not rest on the harness's word alone.
"""

from __future__ import annotations

import asyncio
import base64
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from google.rpc import status_pb2

from qbridge_contract.v1 import bridge_pb2, request_pb2
from qbridge_mocks.broken import BROKEN, load_descriptions
from qbridge_mocks.parts import Parts

Wire = Any
Probe = Callable[[Wire], Awaitable[None]]
PROBES: dict[str, Probe] = {}
TRACE = "0af7651916cd43dd8448eb211c80319c"
KEY = "the-first-secret"
"""Whoever asks for keys starts with this one."""
KEYED_PROBES: dict[str, Probe] = {}
PARTS_MAX = 3


def probe(name: str, *, keyed: bool = False) -> Callable[[Probe], Probe]:
    """Names the mock that breaks what the probe asserts; `keyed` ones need a deployment that asks for keys."""

    def add(function: Probe) -> Probe:
        (KEYED_PROBES if keyed else PROBES)[name] = function
        return function

    return add


def echo(text: str = "hello") -> dict[str, Any]:
    return {"invoke": {"name": "echo", "payload": {"text": text}}}


async def collection(wire: Wire, name: str) -> None:
    made = await wire.call({"createCollection": {"collection": name, "dimension": 2, "metric": "METRIC_L2"}})
    assert made.status_code == 200, made.text


async def upsert(wire: Wire, name: str, ids: list[str], numbers: list[float]) -> Any:
    data = base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()
    vectors = {"f32le": data, "shape": [len(ids), 2]}
    return await wire.call({"upsert": {"collection": name, "ids": ids, "vectors": vectors}})


@probe("idempotency_ignored")
async def the_same_key_answers_the_stored_result(wire: Wire) -> None:
    first, second = [(await wire.call(echo(), headers={"idempotency-key": "once"})).json() for _ in range(2)]
    assert second["requestId"] == first["requestId"]
    assert second["replayed"] is True


@probe("conflict_accepted")
async def the_same_key_with_another_body_is_a_conflict(wire: Wire) -> None:
    await wire.call(echo("one"), idempotencyKey="conflict")
    assert (await wire.call(echo("two"), idempotencyKey="conflict")).status_code == 409


@probe("trace_id_dropped")
async def the_result_has_the_callers_trace_id(wire: Wire) -> None:
    answer = await wire.call(echo(), headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    assert answer.json()["traceId"] == TRACE


@probe("expired_runs_anyway")
async def a_passed_deadline_expires_the_request(wire: Wire) -> None:
    await wire.register("late")
    request_id = await wire.submit(echo(), backend="late", timeoutS=0.05)
    assert (await wire.record(request_id, wait_s=1))["state"] == "REQUEST_STATE_EXPIRED"


@probe("durability_overclaimed")
async def a_durability_that_is_not_kept_is_refused(wire: Wire) -> None:
    assert (await wire.call(echo(), durability="DURABILITY_DISK")).status_code == 422


@probe("cancel_ignored")
async def cancel_ends_a_waiting_request(wire: Wire) -> None:
    await wire.register("idle")
    request_id = await wire.submit(echo(), backend="idle")
    answer = await wire.http.post(f"/v1/requests/{request_id}:cancel")
    assert answer.json()["state"] == "REQUEST_STATE_CANCELLED"


@probe("cancel_rewrites_final")
async def cancel_leaves_a_final_request_as_it_is(wire: Wire) -> None:
    request_id = await wire.submit(echo())
    answer = await wire.http.post(f"/v1/requests/{request_id}:cancel")
    assert answer.json()["state"] == "REQUEST_STATE_SUCCEEDED"


@probe("list_repeats_page")
async def pages_hold_each_request_once(wire: Wire) -> None:
    await wire.register("listed")
    ids = [await wire.submit(echo(), backend="listed") for _ in range(5)]
    found: list[str] = []
    token = ""
    for _ in range(10):
        query = {"backend": "listed", "pageSize": 2, "pageToken": token}
        page = (await wire.http.get("/v1/requests", params=query)).json()
        found += [record["request"]["id"] for record in page["records"]]
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert found == ids[::-1]


@probe("watch_skips_events")
async def a_watch_has_no_gaps(wire: Wire) -> None:
    request_id = await wire.submit(echo())
    watch = wire.bridge.Watch(bridge_pb2.WatchRequest(request_id=request_id))
    sequences = [response.event.sequence async for response in watch]
    assert sequences == list(range(1, len(sequences) + 1))


@probe("watch_resume_replays")
async def a_resumed_watch_goes_on_behind_what_is_known(wire: Wire) -> None:
    request_id = await wire.submit(echo())
    watch = wire.bridge.Watch(bridge_pb2.WatchRequest(request_id=request_id, after_sequence=2))
    sequences = [response.event.sequence async for response in watch]
    assert min(sequences) > 2


@probe("session_frame_is_a_unit")
async def a_refused_item_does_not_hurt_its_neighbours(wire: Wire) -> None:
    session = wire.bridge.Session()
    bad, good = f"req_{'A' * 26}", f"req_{'B' * 26}"
    frame = bridge_pb2.SessionRequest(
        submits=[request_pb2.InternalRequest(id=bad), request_pb2.InternalRequest(id=good)]
    )
    frame.submits[1].operation.invoke.name = "echo"
    await session.write(frame)
    await session.done_writing()
    states = {result.request_id: result.state async for response in session for result in response.results}
    assert states == {bad: request_pb2.REQUEST_STATE_REJECTED, good: request_pb2.REQUEST_STATE_SUCCEEDED}


@probe("stale_epoch_accepted")
async def a_result_with_an_older_epoch_is_ignored(wire: Wire) -> None:
    await wire.register("fenced")
    request_id = await wire.submit(echo(), backend="fenced")
    async with wire.worker("fenced") as first:
        [stale] = await first.batch()
    async with wire.worker("fenced") as second:
        [item] = await second.batch()
        await second.answer(item, "stale", epoch=stale.epoch)
        await second.answer(item, "fresh")
        record = await wire.record(request_id, wait_s=5)
    assert record["result"]["reply"]["payload"]["text"] == "fresh"


@probe("lost_attempt_forgotten")
async def a_lost_attempt_is_made_again(wire: Wire) -> None:
    await wire.register("crashing")
    await wire.submit(echo(), backend="crashing")
    async with wire.worker("crashing") as first:
        [lost] = await first.batch()
    async with wire.worker("crashing") as second:
        [again] = await second.batch()
    assert (again.attempt, again.request_id) == (2, lost.request_id)


@probe("bad_item_fails_batch")
async def a_bad_item_does_not_hurt_its_neighbours(wire: Wire) -> None:
    await wire.register("mixed")
    ids = [await wire.submit(echo(), backend="mixed") for _ in range(2)]
    async with wire.worker("mixed") as worker:
        bad, good = sorted(await worker.batch(), key=lambda item: ids.index(item.request_id))
        await worker.fail(bad, "poison")
        await worker.answer(good, "fine")
        states = [(await wire.record(request_id, wait_s=5))["state"] for request_id in ids]
    assert states == ["REQUEST_STATE_FAILED", "REQUEST_STATE_SUCCEEDED"]


@probe("priority_ignored")
async def the_highest_priority_goes_first(wire: Wire) -> None:
    await wire.register("ranked")
    low, high, middle = [await wire.submit(echo(), backend="ranked", priority=each) for each in (1, 9, 5)]
    async with wire.worker("ranked") as worker:
        order: list[str] = []
        while len(order) < 3:
            for item in await worker.batch():
                order.append(item.request_id)
                await worker.answer(item, "done")
    assert order == [high, middle, low]


@probe("farthest_first")
async def the_nearest_vector_comes_first(wire: Wire) -> None:
    await collection(wire, "near")
    await upsert(wire, "near", ["far", "close"], [9, 9, 1, 0])
    query = {"collection": "near", "topK": 2, "queries": {"values": {"items": [1, 0]}}}
    answer = await wire.call({"query": query})
    assert answer.json()["reply"]["matches"]["ids"] == ["close", "far"]


@probe("unknown_fields_accepted")
async def an_unknown_field_is_refused(wire: Wire) -> None:
    assert (await wire.call(echo(), flavour="mint")).status_code == 400
    frame = bridge_pb2.GetRequest(request_id="x").SerializeToString() + b"\x98\x06\x01"
    get = wire.channel.unary_unary("/qbridge.v1.BridgeService/Get")
    assert await grpc_code(get(frame)) == grpc.StatusCode.INVALID_ARGUMENT


@probe("nan_accepted")
async def a_vector_with_nan_is_refused(wire: Wire) -> None:
    await collection(wire, "finite")
    assert (await upsert(wire, "finite", ["a"], [float("nan"), 1])).status_code == 400


@probe("duplicate_ids_accepted")
async def an_upsert_that_names_an_id_twice_is_refused(wire: Wire) -> None:
    await collection(wire, "unique")
    assert (await upsert(wire, "unique", ["a", "a"], [1, 2, 3, 4])).status_code == 400


@probe("top_k_unbounded")
async def a_query_for_no_neighbours_is_refused(wire: Wire) -> None:
    await collection(wire, "bounded")
    query = {"collection": "bounded", "queries": {"values": {"items": [1, 0]}}}
    assert (await wire.call({"query": query})).status_code == 400


@probe("wrong_status_for_not_found")
async def a_missing_request_is_a_404(wire: Wire) -> None:
    assert (await wire.http.get("/v1/requests/req_missing")).status_code == 404


@probe("problem_without_code")
async def a_problem_has_its_code(wire: Wire) -> None:
    assert (await wire.http.get("/v1/requests/req_missing")).json().get("code") == "NOT_FOUND"


@probe("result_schema_extra_field")
async def a_result_is_a_message_of_the_contract(wire: Wire) -> None:
    answer = await wire.call(echo())
    try:
        json_format.ParseDict(answer.json(), request_pb2.Result())
    except json_format.ParseError as error:
        pytest.fail(str(error))


@probe("sse_wrong_id")
async def an_events_id_is_its_sequence(wire: Wire) -> None:
    events = await wire.events(await wire.submit(echo()))
    assert [int(event["id"]) for event in events] == [event["data"]["sequence"] for event in events]


@probe("capability_lies")
async def a_durability_that_is_claimed_is_kept(wire: Wire) -> None:
    levels = (await wire.http.get("/v1/capabilities")).json()["durabilities"]
    answers = [await wire.call(echo(), durability=level) for level in levels]
    assert [answer.status_code for answer in answers] == [200] * len(levels)


@probe("grpc_error_without_details")
async def a_grpc_error_has_details(wire: Wire) -> None:
    try:
        await wire.bridge.Get(bridge_pb2.GetRequest(request_id="req_missing"))
    except grpc.aio.AioRpcError as error:
        trailers = dict(error.trailing_metadata() or ())
    details = status_pb2.Status.FromString(bytes(trailers.get("grpc-status-details-bin", b""))).details
    assert {detail.TypeName() for detail in details} >= {"google.rpc.ErrorInfo", "qbridge.v1.Error"}


@probe("grpc_wrong_status")
async def a_missing_request_is_not_found_over_grpc(wire: Wire) -> None:
    get = wire.bridge.Get(bridge_pb2.GetRequest(request_id="req_missing"))
    assert await grpc_code(get) == grpc.StatusCode.NOT_FOUND


async def grpc_code(call: Awaitable[Any]) -> grpc.StatusCode:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


async def new_key(wire: Wire, tenant: str, *scopes: str) -> tuple[str, dict[str, str]]:
    """A key's id, and the headers of its callers."""
    made = await wire.http.post("/v1/keys", json={"name": "test", "tenant": tenant, "scopes": scopes})
    return made.json()["key"]["keyId"], {"authorization": f"Bearer {made.json()['secret']}"}


@probe("scope_ignored", keyed=True)
async def a_key_without_the_scope_is_refused(wire: Wire) -> None:
    _, headers = await new_key(wire, "narrow", "call")
    assert (await wire.http.get("/v1/keys", headers=headers)).status_code == 403


@probe("revoked_key_works", keyed=True)
async def a_revoked_key_is_refused(wire: Wire) -> None:
    key_id, headers = await new_key(wire, "revoked", "call")
    assert (await wire.http.get("/v1/requests", headers=headers)).status_code == 200
    await wire.http.delete(f"/v1/keys/{key_id}")
    assert (await wire.http.get("/v1/requests", headers=headers)).status_code == 401


@probe("tenants_mixed", keyed=True)
async def a_tenant_does_not_see_the_requests_of_another(wire: Wire) -> None:
    _, headers = await new_key(wire, "nosy", "call")
    request_id = await wire.submit(echo())
    assert (await wire.http.get(f"/v1/requests/{request_id}", headers=headers)).status_code == 404


@probe("quota_ignored", keyed=True)
async def a_spent_quota_is_refused(wire: Wire) -> None:
    _, headers = await new_key(wire, "thrifty", "call")
    await wire.http.put("/v1/quotas/thrifty", json={"tenant": "thrifty", "requestsPerS": 0.01})
    answers = [await wire.call(echo(), headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert int(answers[1].headers["retry-after"]) > 0


async def broken_promises(wire: Wire, probes: dict[str, Probe]) -> set[str]:
    """The probes that fail on this mock."""

    async def fails(function: Probe) -> bool:
        try:
            await function(wire)
        except (AssertionError, pytest.fail.Exception):
            return True
        return False

    verdicts = await asyncio.gather(*(fails(function) for function in probes.values()))
    return {name for name, failed in zip(probes, verdicts, strict=True) if failed}


@pytest.mark.parametrize("name", sorted(PROBES))
async def test_a_broken_mock_breaks_its_promise(name: str, open_wire: Any) -> None:
    async with open_wire(f"broken/{name}") as wire:
        assert await broken_promises(wire, {name: PROBES[name]}) == {name}


@pytest.mark.parametrize("name", sorted(KEYED_PROBES))
async def test_a_broken_mock_breaks_its_promise_about_keys(name: str, open_wire: Any) -> None:
    async with open_wire(f"broken/{name}", key=KEY) as wire:
        assert await broken_promises(wire, {name: KEYED_PROBES[name]}) == {name}


async def test_the_conforming_mock_keeps_every_promise(wire: Wire) -> None:
    assert await broken_promises(wire, PROBES) == set()


async def test_the_conforming_mock_keeps_every_promise_about_keys(open_wire: Any) -> None:
    async with open_wire("conforming", key=KEY) as wire:
        assert await broken_promises(wire, KEYED_PROBES) == set()


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_broken_mock_swaps_no_more_than_the_classes_of_one_mistake(name: str) -> None:
    swapped = [part for part, kind in vars(BROKEN[name]).items() if kind is not vars(Parts())[part]]
    assert 1 <= len(swapped) <= PARTS_MAX


@pytest.mark.parametrize("name", sorted(BROKEN))
async def test_a_broken_mock_answers_the_plainest_call(name: str, open_wire: Any) -> None:
    """A mock that does nothing at all breaks every rule, and shows of no check that it can tell rules apart."""
    async with open_wire(f"broken/{name}") as wire:
        answer = await wire.call(echo("as ever"))
    assert answer.json()["reply"]["payload"]["text"] == "as ever"


def test_every_description_says_how_in_a_sentence() -> None:
    for name, row in load_descriptions().items():
        assert row.breaks == sorted(set(row.breaks)), name
        assert row.what.endswith("."), name
