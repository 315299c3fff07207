"""The open loop on a clock of the test's own: what it sends when, and that a stall cannot hide."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable

import pytest

from qbridge_checks import LatencyHistogram, constant
from qbridge_harness.load import Answer, OpenLoop, Tally
from qbridge_harness.load.open_loop import Done


class FakeClock:
    """Virtual time: sleeping runs what is due meanwhile, in order, and takes no time."""

    def __init__(self, *, slow_s: float = 0.0, early: float = 0.0) -> None:
        self.time_s = 100.0
        self._slow_s = slow_s
        self._early = early
        self._planned: list[tuple[float, int, Callable[[], None]]] = []

    def now(self) -> float:
        return self.time_s

    def call_at(self, at_s: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._planned, (at_s, len(self._planned), action))

    async def sleep(self, seconds: float) -> None:
        early = self._early if seconds > 0.001 else 0.0
        self._run_until(self.time_s + seconds * (1 - early))
        self.time_s += self._slow_s

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        until = self.time_s + seconds
        while self._planned and self._planned[0][0] <= until and not event.is_set():
            self._run_until(self._planned[0][0])
        if not event.is_set():
            self.time_s = until

    def _run_until(self, until_s: float) -> None:
        while self._planned and self._planned[0][0] <= until_s:
            at_s, _, action = heapq.heappop(self._planned)
            self.time_s = max(self.time_s, at_s)
            action()
        self.time_s = max(self.time_s, until_s)


class FakeServer:
    """Answers each request after `service_s`, and none at all while it stalls."""

    def __init__(self, clock: FakeClock, service_s: float = 0.001, stall: tuple[float, float] = (0.0, 0.0)) -> None:
        self.kept: list[Answer] = []
        self.sent_at: list[float] = []
        self._clock = clock
        self._service_s = service_s
        self._stall = stall
        self.code = ""
        self.silent = False

    def send(self, number: int, done: Done) -> None:
        now = self._clock.now()
        self.sent_at.append(now - 100.0)
        begin, end = (100.0 + each for each in self._stall)
        answered = (end if begin <= now < end else now) + self._service_s
        if not self.silent:
            self._clock.call_at(answered, lambda: done(self.code))

    async def close(self) -> None:
        """Nothing is open."""


async def run(server: FakeServer, clock: FakeClock, times: list[float], in_flight_max: int = 1000) -> Tally:
    loop = OpenLoop(times, server, in_flight_max=in_flight_max, answer_within_s=5.0, clock=clock)
    return await loop.run()


async def test_each_arrival_is_sent_at_its_time_whatever_was_answered() -> None:
    clock = FakeClock()
    server = FakeServer(clock, service_s=3.0)
    tally = await run(server, clock, [0.0, 0.1, 0.1, 0.5])
    assert server.sent_at == pytest.approx([0.0, 0.1, 0.1, 0.5])
    assert (tally.sent, tally.ok, tally.error_rate) == (4, 4, 0.0)
    assert tally.latencies_s == pytest.approx([3.0] * 4)


async def test_a_stall_of_a_second_shows_in_every_request_that_was_due() -> None:
    """100 requests/s for 3 s; the server answers nothing from 1 s to 2 s. A closed loop would see one slow request."""
    times = [float(each) for each in constant(100, 3)]
    clock = FakeClock()
    open_loop = await run(FakeServer(clock, stall=(1.0, 2.0)), clock, times)
    seen = LatencyHistogram.of(open_loop.latencies_s)
    assert seen.percentile(50) == pytest.approx(0.001, rel=0.01)
    assert seen.percentile(90) == pytest.approx(0.701, rel=0.02)
    assert seen.over(0.096) == 91

    clock = FakeClock()
    server = FakeServer(clock, stall=(1.0, 2.0))
    closed: list[float] = []
    for _ in range(300):
        answered = asyncio.Event()
        began = clock.now()
        server.send(0, lambda _code, answered=answered: answered.set())  # type: ignore[misc]
        await clock.wait(answered, 5.0)
        closed.append(clock.now() - began)
        await clock.sleep(max(0.0, 0.01 - (clock.now() - began)))
    hidden = LatencyHistogram.of(closed)
    assert hidden.over(0.1) == 1
    assert hidden.percentile(99) == pytest.approx(0.001, rel=0.01)


async def test_a_generator_that_is_late_counts_from_the_time_that_was_due() -> None:
    clock = FakeClock(slow_s=0.2)
    tally = await run(FakeServer(clock), clock, [0.0, 0.1, 0.2])
    assert max(tally.late_s) >= 0.2
    assert all(latency >= late for latency, late in zip(tally.latencies_s, tally.late_s, strict=True))


async def test_nothing_is_sent_before_it_is_due_even_where_timers_come_early() -> None:
    clock = FakeClock(early=0.1)
    server = FakeServer(clock)
    await run(server, clock, [0.1, 0.2])
    assert server.sent_at == pytest.approx([0.1, 0.2])
    assert min(server.sent_at) >= 0.1 - 1e-9


async def test_what_does_not_fit_in_flight_is_dropped_and_counts() -> None:
    clock = FakeClock()
    tally = await run(FakeServer(clock, service_s=10.0), clock, [0.0, 0.1, 0.2, 0.3], in_flight_max=1)
    assert (tally.sent, tally.dropped, tally.unanswered, tally.ok) == (1, 3, 1, 0)
    assert tally.error_rate == 1.0


async def test_what_is_never_answered_counts_with_the_time_that_it_waited() -> None:
    clock = FakeClock()
    server = FakeServer(clock)
    server.silent = True
    tally = await run(server, clock, [0.0, 1.0])
    assert tally.unanswered == 2
    assert tally.latencies_s == pytest.approx([6.0, 5.0])


async def test_errors_count_by_their_code_and_are_measured_too() -> None:
    clock = FakeClock()
    server = FakeServer(clock, service_s=0.5)
    server.code = "QUEUE_FULL"
    tally = await run(server, clock, [0.0, 0.1])
    assert tally.errors == {"QUEUE_FULL": 2}
    assert tally.latencies_s == pytest.approx([0.5, 0.5])
    assert tally.rate_per_s == pytest.approx(2 / 0.1)


async def test_no_arrivals_is_an_empty_tally() -> None:
    clock = FakeClock()
    tally = await run(FakeServer(clock), clock, [])
    assert (tally.arrivals, tally.error_rate, tally.rate_per_s) == (0, 0.0, 0.0)
