"""One timer for the nearest of many deadlines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf

from qbridge_server.ports import Clock

SWEEP_GAP_S = 0.005
"""Sweeps are this far apart at least, however many different deadlines there are."""


class DeadlineTimer:
    """Calls `sweep` when the nearest deadline it was told of has passed, and again while there are others."""

    def __init__(self, clock: Clock, sweep: Callable[[float], float]) -> None:
        """`sweep(now)` ends what is past its deadline, and answers the nearest that is left (or infinity)."""
        self._clock = clock
        self._sweep = sweep
        self._due = inf
        self._handle: asyncio.TimerHandle | None = None

    def watch(self, deadline: float) -> None:
        """Has the timer go off no later than `deadline` (monotonic)."""
        if deadline < self._due:
            self._arm(deadline, 0.0)

    def close(self) -> None:
        """Stops the timer."""
        if self._handle is not None:
            self._handle.cancel()
        self._due = inf

    def _arm(self, deadline: float, delay_min: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._due = deadline
        delay = max(delay_min, deadline - self._clock.monotonic())
        self._handle = asyncio.get_running_loop().call_later(delay, self._fire)

    def _fire(self) -> None:
        self._handle, self._due = None, inf
        nearest = self._sweep(self._clock.monotonic())
        # The sweep may itself have armed the timer, through a callback that appended an entry.
        if nearest < self._due:
            self._arm(nearest, SWEEP_GAP_S)
