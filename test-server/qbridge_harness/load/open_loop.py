"""The open loop: each arrival is sent at its time, answered or not what came before, and measured from that time."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

Done = Callable[[str], None]
"""Called once for each request: with nothing for a success, or with the code of its error."""
HARNESS = "HARNESS"
"""How the code begins where the harness itself broke down; what it was follows."""
_YIELD_EVERY = 32
"""A generator that is behind still lets answers in after so many requests."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was kept to be looked at.

    Over REST it has a number, headers and a body; over gRPC a status's name and a message, or the details of the error.
    """

    content: bytes
    status: int | str = 200
    headers: dict[str, str] = field(default_factory=dict)


class Sender(Protocol):
    """Sends one request after another on connections of its own."""

    kept: list[Answer]
    """Some answers of each kind, for a closer look."""

    def send(self, number: int, done: Done) -> None:
        """Sends the request of this number and returns at once."""

    async def close(self) -> None:
        """Gives up what was not answered, and closes every connection."""


class Clock(Protocol):
    """Time, as the loop needs it; a test has its own."""

    def now(self) -> float:
        """Seconds from any fixed moment."""

    async def sleep(self, seconds: float) -> None:
        """Waits so long; 0 only lets others go first."""

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Waits for the event, at most so long."""


class WallClock:
    """The machine's clock."""

    now = staticmethod(time.perf_counter)

    async def sleep(self, seconds: float) -> None:
        """Waits so long."""
        await asyncio.sleep(seconds)

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Waits for the event, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return


@dataclass(slots=True)
class Tally:
    """What came of a load; all times in seconds."""

    sent: int = 0
    ok: int = 0
    dropped: int = 0
    """Arrivals that were not sent, for too many were in flight."""
    unanswered: int = 0
    """Requests without an answer in the end; they count with the time they had waited."""
    errors: Counter[str] = field(default_factory=Counter)
    latencies_s: list[float] = field(default_factory=list)
    """From the time at which a request was due to its answer, an error's too."""
    late_s: list[float] = field(default_factory=list)
    """How much later than due the loop itself sent."""
    sending_s: float = 0.0

    @property
    def arrivals(self) -> int:
        """How many requests were due."""
        return self.sent + self.dropped

    @property
    def error_rate(self) -> float:
        """The share of arrivals without a good answer: errors, no answer, dropped."""
        return 1 - self.ok / self.arrivals if self.arrivals else 0.0

    @property
    def rate_per_s(self) -> float:
        """Requests that were sent a second."""
        return self.sent / self.sending_s if self.sending_s else 0.0


class OpenLoop:
    """One load: `times_s` in order, from the start."""

    def __init__(
        self,
        times_s: Sequence[float],
        sender: Sender,
        *,
        in_flight_max: int,
        answer_within_s: float,
        clock: Clock | None = None,
    ) -> None:
        self._times_s = times_s
        self._sender = sender
        self._in_flight_max = in_flight_max
        self._answer_within_s = answer_within_s
        self._clock: Clock = clock or WallClock()
        self._tally = Tally()
        self._waiting: dict[int, float] = {}
        self._over = False
        self._quiet = asyncio.Event()

    async def run(self) -> Tally:
        """Sends everything, waits for the answers, and says what came of it."""
        tally, clock = self._tally, self._clock
        begin = clock.now()
        for number, at in enumerate(self._times_s):
            due = begin + at
            now = clock.now()
            if now >= due and number % _YIELD_EVERY == 0:
                await clock.sleep(0)
                now = clock.now()
            while now < due:  # A loop whose timers are coarse may come back too early.
                await clock.sleep(due - now)
                now = clock.now()
            if len(self._waiting) >= self._in_flight_max:
                tally.dropped += 1
                continue
            tally.late_s.append(max(0.0, now - due))
            tally.sent += 1
            self._waiting[number] = due
            self._sender.send(number, partial(self._done, number))
        tally.sending_s = clock.now() - begin
        await self._drain()
        return tally

    def _done(self, number: int, code: str) -> None:
        due = self._waiting.pop(number, None)
        if due is None:
            return
        self._tally.latencies_s.append(self._clock.now() - due)
        if code:
            self._tally.errors[code] += 1
        else:
            self._tally.ok += 1
        if self._over and not self._waiting:
            self._quiet.set()

    async def _drain(self) -> None:
        """Waits for what is in flight; what then has no answer counts with the time that it has waited so far."""
        self._over = True
        if self._waiting:
            await self._clock.wait(self._quiet, self._answer_within_s)
        now = self._clock.now()
        self._tally.unanswered = len(self._waiting)
        self._tally.latencies_s += [now - due for due in self._waiting.values()]
        self._waiting.clear()
