"""Every door gives the same answer and the same error to the same request."""

from __future__ import annotations

import pytest

from .conftest import Doors, echo, invoke

DOORS = ("rest", "grpc", "websocket")
VECTORS = {"collection": "numbers", "ids": ["a"], "vectors": {"values": {"items": [1.0, 2.0]}, "shape": [1, 2]}}


@pytest.mark.parametrize("door", DOORS)
async def test_an_echo_comes_back_with_its_trace(doors: Doors, door: str) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = await doors.call(door, echo({"n": 1}, traceparent=f"00-{trace}-00f067aa0ba902b7-01"))
    assert answer.result["reply"]["payload"]["json"] == {"n": 1}
    assert answer.result["traceId"] == trace


BAD = {
    "no operation": ({"backend": "echo"}, "INVALID_ARGUMENT"),
    "no such backend": ({**echo(), "backend": "nobody"}, "NOT_FOUND"),
    "no route": (invoke("nobody.knows"), "NOT_FOUND"),
    "an operation that the backend lacks": (invoke("dance", "echo"), "UNIMPLEMENTED"),
    "a priority beyond 9": (echo(priority=10), "INVALID_ARGUMENT"),
    "a deadline in the past": (echo(deadline="2020-01-01T00:00:00Z"), "DEADLINE_EXCEEDED"),
    "a durability that memory cannot keep": ({**echo(), "durability": "DURABILITY_REPLICATED"}, "FAILED_PRECONDITION"),
    "a label that is too long": (echo(labels={"a": "b" * 300}), "INVALID_ARGUMENT"),
    "a broken traceparent": (echo(traceparent="00-xyz"), "INVALID_ARGUMENT"),
    "an unknown collection": (
        {"backend": "vectors", "operation": {"count": {"collection": "nowhere"}}},
        "NOT_FOUND",
    ),
    "duplicate ids": (
        {
            "backend": "vectors",
            "operation": {
                "upsert": {
                    **VECTORS,
                    "ids": ["a", "a"],
                    "vectors": {"values": {"items": [1, 2, 3, 4]}, "shape": [2, 2]},
                }
            },
        },
        "INVALID_ARGUMENT",
    ),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("what", BAD)
async def test_bad_input_gets_its_error_of_the_table(doors: Doors, door: str, what: str) -> None:
    request, code = BAD[what]
    answer = await doors.call(door, request)
    assert (answer.code, answer.result) == (code, None)
    assert answer.detail
    assert (await doors.call(door, echo())).result, "the server stays healthy"


@pytest.mark.parametrize("door", DOORS)
async def test_wrong_dimensions_and_numbers_that_are_none_are_refused(doors: Doors, door: str) -> None:
    made = await doors.rest(
        {"backend": "vectors", "operation": {"createCollection": {"collection": "numbers", "dimension": 2}}}
    )
    assert made.result
    for items, shape in (([1.0, 2.0, 3.0], [1, 3]), (["NaN", 2.0], [1, 2]), (["Infinity", 2.0], [1, 2])):
        vectors = {"values": {"items": items}, "shape": shape}
        answer = await doors.call(
            door, {"backend": "vectors", "operation": {"upsert": {**VECTORS, "vectors": vectors}}}
        )
        assert answer.code == "INVALID_ARGUMENT", items


@pytest.mark.parametrize("door", DOORS)
async def test_the_same_key_answers_the_stored_result_and_another_body_conflicts(doors: Doors, door: str) -> None:
    first = await doors.call(door, echo("one", idempotencyKey="k"))
    again = await doors.call(door, echo("one", idempotencyKey="k"))
    other = await doors.call(door, echo("two", idempotencyKey="k"))
    assert not first.result.get("replayed", False)
    assert again.result["replayed"] is True
    assert again.result["reply"] == first.result["reply"]
    assert other.code == "IDEMPOTENCY_CONFLICT"
