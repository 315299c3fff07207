"""The session: frames, window, deadlines, cancels, broken streams; against a bridge that the test plays itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

import grpc
import pytest
import pytest_asyncio

import qbridge
from qbridge._transports._pending import CANCELS_TAG, SUBMITS_TAG, varint
from qbridge_contract.convert import PB, accepted_to_pb, error_to_pb, result_to_pb
from qbridge_contract.structs import (
    Accepted,
    Durability,
    Error,
    ErrorCode,
    Payload,
    Reply,
    RequestState,
    Result,
    SessionRequest,
    SessionResponse,
)

if TYPE_CHECKING:
    from .conftest import ServerProcess

WAIT_S = 10.0
Frame = Any
Say = Callable[..., Awaitable[None]]


class Stage:
    """One open stream as the test sees it: what came, and what to say."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._came: asyncio.Queue[Frame] = asyncio.Queue()
        self.ended = asyncio.Event()

    async def frame(self) -> Frame:
        """The next frame from the client."""
        return await asyncio.wait_for(self._came.get(), WAIT_S)

    async def say(self, **members: Any) -> None:
        """A frame to the client."""
        await self._context.write(PB[SessionResponse](**members))

    async def credit(self, items: int = 1000, size: int = 1 << 24) -> None:
        """The first frame."""
        await self.say(credit={"items": items, "bytes": size})

    async def answer(self, frame: Frame) -> None:
        """A result for each request of a frame: its own payload."""
        await self.say(results=[result_to_pb(echo(request)) for request in frame.submits])

    async def abort(self, code: grpc.StatusCode) -> None:
        """Breaks the stream."""
        await self._context.abort(code, "broken by the test")


def echo(request: Any) -> Result:
    return Result(
        request_id=request.id,
        state=RequestState.SUCCEEDED,
        reply=Reply(payload=Payload(data=request.operation.invoke.payload.data)),
    )


class Bridge:
    """A gRPC server whose sessions are scripts: `play` is called with each new stream."""

    def __init__(self) -> None:
        self.play: Callable[[Stage], Awaitable[None]] = _sit
        self.streams = 0
        self.frames: list[Frame] = []
        self._server = grpc.aio.server()
        method = grpc.stream_stream_rpc_method_handler(
            self._session,
            request_deserializer=PB[SessionRequest].FromString,
            response_serializer=PB[SessionResponse].SerializeToString,
        )
        handler = grpc.method_handlers_generic_handler("qbridge.v1.BridgeService", {"Session": method})
        self._server.add_generic_rpc_handlers((handler,))
        self.target = f"grpc://127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    async def start(self) -> None:
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop(None)

    async def _session(self, requests: AsyncIterator[Frame], context: Any) -> None:
        self.streams += 1
        stage = Stage(context)

        async def read() -> None:
            async for frame in requests:
                self.frames.append(frame)
                stage._came.put_nowait(frame)
            stage.ended.set()

        reader = asyncio.ensure_future(read())
        try:
            await self.play(stage)
        finally:
            reader.cancel()


async def _sit(stage: Stage) -> None:
    await asyncio.Event().wait()


async def serve(stage: Stage) -> None:
    """A bridge that answers everything."""
    await stage.credit()
    while True:
        await stage.answer(await stage.frame())


@pytest_asyncio.fixture
async def bridge() -> AsyncIterator[Bridge]:
    made = Bridge()
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture
async def client(bridge: Bridge) -> AsyncIterator[qbridge.AsyncClient]:
    async with qbridge.aconnect(bridge.target, connect_timeout_s=3.0) as opened:
        yield opened


def call(client: qbridge.AsyncClient, payload: bytes = b"x", **options: Any) -> asyncio.Future[Any]:
    return asyncio.ensure_future(client.call("echo", "echo", payload, **options))


def test_the_tags_are_the_contracts() -> None:
    fields = PB[SessionRequest].DESCRIPTOR.fields_by_name
    assert varint(fields["submits"].number << 3 | 2) == SUBMITS_TAG
    assert varint(fields["cancels"].number << 3 | 2) == CANCELS_TAG
    assert varint(300) == b"\xac\x02"


async def test_64_callers_share_a_few_frames(bridge: Bridge, client: qbridge.AsyncClient) -> None:
    bridge.play = serve
    async with asyncio.timeout(WAIT_S):
        assert await asyncio.gather(*(call(client, bytes([i])) for i in range(64))) == [bytes([i]) for i in range(64)]
        first = len(bridge.frames)
        assert first <= 4

        async def many() -> None:
            for _ in range(20):
                await client.call("echo", "echo", b"x")

        await asyncio.gather(*(many() for _ in range(64)))
    assert sum(len(frame.submits) for frame in bridge.frames) == 64 + 64 * 20
    assert len(bridge.frames) - first <= 64 * 20 / 16


async def test_a_lone_callers_frame_leaves_at_once(bridge: Bridge, client: qbridge.AsyncClient) -> None:
    bridge.play = serve
    for i in range(5):
        assert await asyncio.wait_for(call(client, bytes([i])), WAIT_S) == bytes([i])
    assert [len(frame.submits) for frame in bridge.frames] == [1] * 5


async def test_the_window_is_never_exceeded(bridge: Bridge, client: qbridge.AsyncClient) -> None:
    unanswered = high = 0

    async def play(stage: Stage) -> None:
        nonlocal unanswered, high
        await stage.credit(items=4)
        while True:
            frame = await stage.frame()
            unanswered += len(frame.submits)
            high = max(high, unanswered)
            for request in frame.submits:
                unanswered -= 1
                await stage.say(results=[result_to_pb(echo(request))])

    bridge.play = play
    async with asyncio.timeout(WAIT_S):
        await asyncio.gather(*(call(client) for _ in range(30)))
    assert high == 4


async def test_nothing_is_sent_before_the_window_is_known(bridge: Bridge, client: qbridge.AsyncClient) -> None:
    opened, go = asyncio.Event(), asyncio.Event()

    async def play(stage: Stage) -> None:
        opened.set()
        await go.wait()
        assert not bridge.frames
        await serve(stage)

    bridge.play = play
    calling = call(client)
    await asyncio.wait_for(opened.wait(), WAIT_S)
    go.set()
    assert await asyncio.wait_for(calling, WAIT_S) == b"x"


async def test_bytes_count_in_the_window_too(bridge: Bridge, client: qbridge.AsyncClient) -> None:
    sizes: list[int] = []

    async def play(stage: Stage) -> None:
        await stage.credit(size=3000)
        while True:
            frame = await stage.frame()
            sizes.append(len(frame.submits))
            await stage.answer(frame)

    bridge.play = play
    async with asyncio.timeout(WAIT_S):
        await asyncio.gather(*(call(client, bytes(1000)) for _ in range(6)))
        await call(client, bytes(10_000))  # larger than the window: goes when it is alone
    assert max(sizes) == 2


async def test_results_come_in_any_order(bridge: Bridge, client: qbridge.AsyncClient) -> None:
    async def play(stage: Stage) -> None:
        await stage.credit()
        frame = await stage.frame()
        for request in reversed(frame.submits):
            await stage.say(results=[result_to_pb(echo(request))])
        await _sit(stage)

    bridge.play = play
    async with asyncio.timeout(WAIT_S):
        assert await asyncio.gather(*(call(client, bytes([i])) for i in range(8))) == [bytes([i]) for i in range(8)]


async def test_a_submit_ends_with_its_acceptance(bridge: Bridge, client: qbridge.AsyncClient) -> None:
    async def play(stage: Stage) -> None:
        await stage.credit()
        frame = await stage.frame()
        word = Accepted(request_id=frame.submits[0].id, durability=Durability.DISK)
        await stage.say(accepted=[accepted_to_pb(word)])
        await stage.answer(frame)
        await serve(stage)

    bridge.play = play
    accepted = await asyncio.wait_for(client.submit("echo", "echo", b"x"), WAIT_S)
    assert accepted.durability is Durability.DISK
    assert await asyncio.wait_for(call(client), WAIT_S) == b"x"


async def test_a_refused_submit_raises_why(bridge: Bridge, client: qbridge.AsyncClient) -> None:
    async def play(stage: Stage) -> None:
        await stage.credit()
        frame = await stage.frame()
        error = Error(code=ErrorCode.QUEUE_FULL, message="full", retryable=True, retry_after_s=1.5)
        refused = Result(request_id=frame.submits[0].id, state=RequestState.REJECTED, error=error)
        await stage.say(results=[result_to_pb(refused)])
        await _sit(stage)

    bridge.play = play
    with pytest.raises(qbridge.QueueFull) as caught:
        await asyncio.wait_for(client.submit("echo", "echo", b"x"), WAIT_S)
    assert caught.value.retry_after_s == 1.5


async def test_a_cancelled_await_cancels_the_request(bridge: Bridge, client: qbridge.AsyncClient) -> None:
    stages: asyncio.Queue[Stage] = asyncio.Queue()

    async def play(stage: Stage) -> None:
        await stage.credit()
        stages.put_nowait(stage)
        await _sit(stage)

    bridge.play = play
    calling = call(client)
    stage = await asyncio.wait_for(stages.get(), WAIT_S)
    sent = (await stage.frame()).submits[0].id
    calling.cancel()
    assert list((await stage.frame()).cancels) == [sent]
    with pytest.raises(asyncio.CancelledError):
        await calling


async def test_a_thousand_cancels_leave_in_frames_that_a_bridge_takes(
    bridge: Bridge, client: qbridge.AsyncClient
) -> None:
    cancelled: list[str] = []
    all_sent, all_cancelled = asyncio.Event(), asyncio.Event()

    async def play(stage: Stage) -> None:
        await stage.credit(items=4000)
        while True:
            frame = await stage.frame()
            assert len(frame.submits) + len(frame.cancels) <= 1024
            cancelled.extend(frame.cancels)
            if sum(len(each.submits) for each in bridge.frames) == 3000:
                all_sent.set()
            if len(cancelled) == 3000:
                all_cancelled.set()

    bridge.play = play
    calls = [call(client) for _ in range(3000)]
    async with asyncio.timeout(WAIT_S):
        await all_sent.wait()
        for each in calls:
            each.cancel()
        await all_cancelled.wait()
    assert len(set(cancelled)) == 3000
    assert bridge.streams == 1


async def test_what_is_cancelled_before_it_is_sent_is_never_sent(bridge: Bridge, client: qbridge.AsyncClient) -> None:
    opened, go = asyncio.Event(), asyncio.Event()

    async def play(stage: Stage) -> None:
        opened.set()
        await go.wait()
        await serve(stage)

    bridge.play = play
    dropped, kept = call(client, b"dropped"), call(client, b"kept")
    await asyncio.wait_for(opened.wait(), WAIT_S)
    dropped.cancel()
    go.set()
    assert await asyncio.wait_for(kept, WAIT_S) == b"kept"
    payloads = [r.operation.invoke.payload.data for frame in bridge.frames for r in frame.submits]
    assert payloads == [b"kept"]


async def test_a_silent_bridge_ends_with_the_deadline_and_a_cancel(bridge: Bridge, client: qbridge.AsyncClient) -> None:
    stages: asyncio.Queue[Stage] = asyncio.Queue()

    async def play(stage: Stage) -> None:
        await stage.credit()
        stages.put_nowait(stage)
        await _sit(stage)

    bridge.play = play
    with pytest.raises(qbridge.DeadlineExceeded, match=r"0\.05 s"):
        await client.call("echo", "echo", b"x", timeout_s=0.05)
    stage = await stages.get()
    sent = (await stage.frame()).submits[0]
    assert sent.timeout_s == 0.05
    assert list((await stage.frame()).cancels) == [sent.id]


async def test_deadlines_fire_each_at_its_own_time(bridge: Bridge, client: qbridge.AsyncClient) -> None:
    async def play(stage: Stage) -> None:
        await stage.credit()
        await _sit(stage)

    bridge.play = play
    loop, ends = asyncio.get_running_loop(), {}

    async def one(timeout_s: float) -> None:
        with pytest.raises(qbridge.DeadlineExceeded):
            await client.call("echo", "echo", b"x", timeout_s=timeout_s)
        ends[timeout_s] = loop.time()

    async with asyncio.timeout(WAIT_S):
        await asyncio.gather(one(0.4), one(0.1), one(0.25))
    assert list(ends) == [0.1, 0.25, 0.4]


async def test_a_broken_stream_is_opened_again_and_only_the_unanswered_are_sent_again(
    bridge: Bridge, client: qbridge.AsyncClient
) -> None:
    async def play(stage: Stage) -> None:
        await stage.credit()
        if bridge.streams > 1:
            while True:
                await stage.answer(await stage.frame())
        frame = await stage.frame()
        await stage.say(results=[result_to_pb(echo(request)) for request in frame.submits[:2]])
        await stage.abort(grpc.StatusCode.UNAVAILABLE)

    bridge.play = play
    async with asyncio.timeout(WAIT_S):
        answers = await asyncio.gather(*(call(client, bytes([i])) for i in range(5)))
    assert answers == [bytes([i]) for i in range(5)]
    first, again = ([r.id for r in frame.submits] for frame in bridge.frames)
    assert again == first[2:]


@pytest.mark.parametrize("code", [grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE])
async def test_a_break_that_looks_like_a_cancel_is_a_break(
    bridge: Bridge, client: qbridge.AsyncClient, code: grpc.StatusCode
) -> None:
    async def play(stage: Stage) -> None:
        await stage.credit()
        if bridge.streams == 1:
            await stage.frame()
            await stage.abort(code)
        await serve_frames(stage)

    bridge.play = play
    assert await asyncio.wait_for(call(client), WAIT_S) == b"x"
    assert bridge.streams == 2


async def serve_frames(stage: Stage) -> None:
    while True:
        await stage.answer(await stage.frame())


async def test_an_accepted_submit_is_not_sent_again(bridge: Bridge, client: qbridge.AsyncClient) -> None:
    async def play(stage: Stage) -> None:
        await stage.credit()
        if bridge.streams == 1:
            frame = await stage.frame()
            await stage.say(accepted=[accepted_to_pb(Accepted(request_id=frame.submits[0].id))])
            await stage.abort(grpc.StatusCode.UNAVAILABLE)
        await serve_frames(stage)

    bridge.play = play
    accepted = await asyncio.wait_for(client.submit("echo", "echo", b"once"), WAIT_S)
    await asyncio.wait_for(call(client, b"after"), WAIT_S)
    ids = [request.id for frame in bridge.frames for request in frame.submits]
    assert ids.count(accepted.request_id) == 1


async def test_goaway_sends_nothing_more_there_and_goes_on_elsewhere(
    bridge: Bridge, client: qbridge.AsyncClient
) -> None:
    async def play(stage: Stage) -> None:
        await stage.credit()
        if bridge.streams > 1:
            await serve_frames(stage)
        frame = await stage.frame()
        error = Error(code=ErrorCode.UNAVAILABLE, message="draining", retryable=True)
        await stage.say(go_away={"error": error_to_pb(error)})
        await asyncio.wait_for(stage.ended.wait(), WAIT_S)
        await stage.answer(frame)

    bridge.play = play
    first = call(client, b"before")
    assert await asyncio.wait_for(first, WAIT_S) == b"before"
    assert await asyncio.wait_for(call(client, b"after"), WAIT_S) == b"after"
    assert bridge.streams == 2
    assert len(bridge.frames) == 2


async def test_a_refusal_of_the_stream_ends_every_call_with_it(bridge: Bridge, client: qbridge.AsyncClient) -> None:
    async def play(stage: Stage) -> None:
        await stage.abort(grpc.StatusCode.UNAUTHENTICATED)

    bridge.play = play
    answers = await asyncio.wait_for(asyncio.gather(*(call(client) for _ in range(3)), return_exceptions=True), WAIT_S)
    assert [type(answer) for answer in answers] == [qbridge.Unauthenticated] * 3
    assert len({id(answer) for answer in answers}) == 3
    bridge.play = serve
    assert await asyncio.wait_for(call(client), WAIT_S) == b"x"


async def test_a_request_that_breaks_every_stream_is_given_up(bridge: Bridge, client: qbridge.AsyncClient) -> None:
    async def play(stage: Stage) -> None:
        await stage.credit()
        await stage.frame()
        await stage.abort(grpc.StatusCode.UNAVAILABLE)

    bridge.play = play
    with pytest.raises(qbridge.ConnectionLost):
        await asyncio.wait_for(call(client), WAIT_S)
    assert bridge.streams == 5


def refuse_frames(where: Callable[[Frame], bool], code: grpc.StatusCode) -> Callable[[Stage], Awaitable[None]]:
    """A bridge that ends a stream with `code` at a frame that it does not like, and answers late.

    It answers a frame when it reads the next one, so that a bad frame finds others without an answer.
    """

    async def play(stage: Stage) -> None:
        await stage.credit()
        last = None
        while True:
            coming = asyncio.ensure_future(stage.frame())
            if last is not None:
                await asyncio.wait([coming], timeout=0.05)
            if coming.done() and where(coming.result()):
                await stage.abort(code)
            if last is not None:
                await stage.answer(last)
            last = await coming
            if where(last):
                await stage.abort(code)

    return play


async def test_a_request_that_is_too_large_fails_alone(bridge: Bridge, client: qbridge.AsyncClient) -> None:
    bridge.play = refuse_frames(lambda frame: frame.ByteSize() > 1 << 21, grpc.StatusCode.RESOURCE_EXHAUSTED)
    small = call(client, b"small")
    large = [call(client, bytes((3 << 20) + i)) for i in range(3)]
    later = call(client, b"later")
    async with asyncio.timeout(WAIT_S):
        assert [await small, await later] == [b"small", b"later"]
        for each in large:
            with pytest.raises(qbridge.TooLarge):
                await each


async def test_what_is_known_to_be_too_large_is_not_sent_again(bridge: Bridge, client: qbridge.AsyncClient) -> None:
    bridge.play = refuse_frames(lambda frame: frame.ByteSize() > 5000, grpc.StatusCode.RESOURCE_EXHAUSTED)
    async with asyncio.timeout(WAIT_S):
        with pytest.raises(qbridge.TooLarge):
            await call(client, bytes(6000))
        assert await call(client) == b"x"
        streams = bridge.streams
        with pytest.raises(qbridge.TooLarge):
            await call(client, bytes(7000))
        assert await call(client, bytes(4000)) == bytes(4000)
    assert bridge.streams == streams


async def test_a_bridge_that_came_back_is_asked_again(bridge: Bridge, client: qbridge.AsyncClient) -> None:
    bridge.play = refuse_frames(lambda frame: frame.ByteSize() > 5000, grpc.StatusCode.RESOURCE_EXHAUSTED)
    async with asyncio.timeout(WAIT_S):
        with pytest.raises(qbridge.TooLarge):
            await call(client, bytes(6000))
        bridge.play = refuse_frames(lambda frame: bridge.streams == 2, grpc.StatusCode.UNAVAILABLE)
        assert await call(client) == b"x"
        assert await call(client, bytes(6000)) == bytes(6000)


async def test_frames_become_as_small_as_the_bridge_wants_them(bridge: Bridge, client: qbridge.AsyncClient) -> None:
    bridge.play = refuse_frames(lambda frame: frame.ByteSize() > 5000, grpc.StatusCode.RESOURCE_EXHAUSTED)
    async with asyncio.timeout(WAIT_S):
        answers = await asyncio.gather(*(call(client, bytes(1000)) for _ in range(64)))
    assert answers == [bytes(1000)] * 64


async def test_a_request_that_the_bridge_cannot_read_fails_alone(bridge: Bridge, client: qbridge.AsyncClient) -> None:
    def poisoned(frame: Frame) -> bool:
        return any(request.operation.invoke.payload.data == b"poison" for request in frame.submits)

    bridge.play = refuse_frames(poisoned, grpc.StatusCode.INVALID_ARGUMENT)
    calls = [call(client, b"poison" if i in (3, 11) else bytes([i])) for i in range(16)]
    answers = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), WAIT_S)
    assert [i for i, answer in enumerate(answers) if isinstance(answer, qbridge.InvalidRequest)] == [3, 11]
    assert all(answers[i] == bytes([i]) for i in range(16) if i not in (3, 11))
    streams, frames = bridge.streams, len(bridge.frames)
    await asyncio.wait_for(asyncio.gather(*(call(client) for _ in range(16))), WAIT_S)
    assert (bridge.streams, len(bridge.frames)) == (streams, frames + 1)


async def test_over_a_real_bridge_a_request_that_is_too_large_fails_alone(server: ServerProcess) -> None:
    async with qbridge.aconnect(server.grpc) as client, asyncio.timeout(WAIT_S):
        with pytest.raises(qbridge.TooLarge):
            await client.call("echo", "echo", bytes(20 << 20))  # gRPC itself refuses it, before the bridge sees it
        calls = [call(client, b"small"), call(client, bytes(5 << 20)), call(client, bytes(9 << 20)), call(client, b"x")]
        small, large, larger, last = await asyncio.gather(*calls, return_exceptions=True)
    assert (small, last) == (b"small", b"x")
    assert isinstance(large, qbridge.TooLarge)
    assert isinstance(larger, qbridge.TooLarge)


async def test_no_bridge_is_connection_lost_within_the_connect_timeout() -> None:
    async with qbridge.aconnect("grpc://127.0.0.1:1", connect_timeout_s=0.3) as client:
        with pytest.raises(qbridge.ConnectionLost, match="is the bridge running"):
            await asyncio.wait_for(client.call("echo", "echo"), WAIT_S)


@pytest.mark.parametrize("scheme", ["grpc", "http"])
async def test_a_short_timeout_without_a_bridge_asks_for_the_bridge_and_not_for_time(scheme: str) -> None:
    async with qbridge.aconnect(f"{scheme}://127.0.0.1:1", connect_timeout_s=30) as client:
        with pytest.raises(qbridge.DeadlineExceeded, match="is the bridge running"):
            await asyncio.wait_for(client.call("echo", "echo", timeout_s=0.1), WAIT_S)


async def test_a_bridge_that_accepts_and_says_nothing_is_connection_lost(bridge: Bridge) -> None:
    async with qbridge.aconnect(bridge.target, connect_timeout_s=0.3) as client:
        with pytest.raises(qbridge.ConnectionLost, match="no answer"):
            await asyncio.wait_for(client.call("echo", "echo"), WAIT_S)


async def test_closing_ends_whoever_waits(bridge: Bridge) -> None:
    got = asyncio.Event()

    async def play(stage: Stage) -> None:
        await stage.credit()
        await stage.frame()
        got.set()
        await _sit(stage)

    bridge.play = play
    client = await qbridge.aconnect(bridge.target)
    calling = call(client)
    await asyncio.wait_for(got.wait(), WAIT_S)
    await client.close()
    with pytest.raises(qbridge.ConnectionLost, match="closed"):
        await calling
