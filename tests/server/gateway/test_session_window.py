"""What a session's caller does not read is bounded, and its frames are as small as the deployment says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from qbridge_contract.convert import to_pb
from qbridge_contract.services import BRIDGE_SESSION
from qbridge_contract.structs import (
    Durability,
    InternalRequest,
    Invoke,
    Limits,
    Operation,
    Payload,
    Reply,
    RequestState,
    Result,
    SessionRequest,
)
from qbridge_server.config import ServerConfig
from qbridge_server.embedded import Embedded
from qbridge_server.ports import LOCAL, Entry
from qbridge_server.transport import FrameTransport

from .conftest import new_request_id

WAIT_S = 10
WINDOW = 8


def an_echo(payload: bytes = b"x") -> InternalRequest:
    operation = Operation(invoke=Invoke(name="echo", payload=Payload(data=payload)))
    return InternalRequest(id=new_request_id(), backend="echo", durability=Durability.MEMORY, operation=operation)


class Caller:
    """A session's caller that writes as long as it is read, and reads when the test says so."""

    def __init__(self, payload: bytes) -> None:
        self.sent: list[str] = []
        self._payload = payload
        self._over = False

    async def frames(self) -> AsyncIterator[SessionRequest]:
        while not self._over:
            submits = [an_echo(self._payload) for _ in range(WINDOW // 2)]
            self.sent += [each.id for each in submits]
            yield SessionRequest(submits=submits)
            await asyncio.sleep(0)

    def stop(self) -> None:
        self._over = True


async def unread_then_read(payload: bytes, limits: dict[str, int]) -> tuple[int, list[str], list[str]]:
    """(requests taken from a caller that did not read, all that it sent, all that was answered)."""
    bridge = Embedded(ServerConfig.model_validate({"limits": {"session_items_max": WINDOW, **limits}}))
    await bridge.start()
    caller = Caller(payload)
    session = bridge.bidi(BRIDGE_SESSION, caller.frames())
    await anext(session)
    before = -1
    while before != len(caller.sent):
        before = len(caller.sent)
        for _ in range(200):
            await asyncio.sleep(0)
        assert before < 100 * WINDOW, "the session goes on reading"
    caller.stop()
    async with asyncio.timeout(WAIT_S):
        answered = [result.request_id async for frame in session for result in frame.results]
    await bridge.close()
    return before, caller.sent, answered


async def test_a_caller_that_does_not_read_is_not_read_either_and_loses_nothing() -> None:
    taken, sent, answered = await unread_then_read(b"x", {})
    assert taken <= 3 * WINDOW
    assert sorted(answered) == sorted(sent)


async def test_results_that_wait_are_bounded_in_bytes_too() -> None:
    taken, sent, answered = await unread_then_read(b"x" * 40_000, {"message_bytes_max": 65536})
    assert taken <= WINDOW
    assert sorted(answered) == sorted(sent)


async def test_frames_are_closed_before_the_largest_message_and_a_larger_result_goes_alone() -> None:
    transport = FrameTransport(Limits(frame_items_max=1024, session_items_max=1024, message_bytes_max=65536))
    ids = [new_request_id() for _ in range(500)]
    for number, request_id in enumerate(ids):
        size = 90_000 if number == 3 else 20_000 if number % 20 == 0 else 10
        reply = Reply(payload=Payload(data=b"x" * size))
        transport.result(Result(request_id=request_id, state=RequestState.SUCCEEDED, reply=reply), size)
    transport.close()
    frames = [frame async for frame in transport.frames()]
    assert [result.request_id for frame in frames for result in frame.results] == ids
    assert [len(frame.results) for frame in frames if to_pb(frame).ByteSize() > 65536] == [1]
    assert len(frames) < 50


async def test_a_frame_has_its_items_at_most_and_no_acceptance_comes_behind_its_result() -> None:
    transport = FrameTransport(Limits(frame_items_max=4, session_items_max=100, message_bytes_max=1 << 20))
    ids = [new_request_id() for _ in range(10)]
    for request_id in ids:
        transport.accepted(an_entry(request_id), False)
    for request_id in ids[:6]:
        transport.result(Result(request_id=request_id, state=RequestState.SUCCEEDED), 0)
    transport.close()
    frames = [frame async for frame in transport.frames()]
    assert max(len(frame.accepted) + len(frame.results) for frame in frames) <= 4
    accepted: set[str] = set()
    answered: list[str] = []
    for frame in frames:
        accepted.update(each.request_id for each in frame.accepted)
        answered += [each.request_id for each in frame.results]
        assert accepted.issuperset(answered)
    assert (accepted, answered) == (set(ids), ids[:6])


def an_entry(request_id: str) -> Entry:
    return Entry(
        request=InternalRequest(id=request_id),
        caller=LOCAL,
        backend="echo",
        lane="echo/echo",
        durability=Durability.DISK,
        effect_key=request_id,
        trace_id="1" * 32,
        accepted_at=0.0,
        accepted_wall=0.0,
    )
