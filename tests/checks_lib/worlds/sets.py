"""A set with adds that may be refused or lost on the way back, and reads that overlap them."""

from __future__ import annotations

import random

from qbridge_checks.history import History, Recorder


class SetWorld:
    """One run of adds and reads."""

    def __init__(self, seed: int, bug: str = "", turns: int = 60) -> None:
        self.bug = bug
        self._rng = random.Random(seed)
        self._turns = turns
        self._now = 0
        self.rec = Recorder(clock_ns=self._tick)
        self._elements: list[int] = []
        self._old: list[int] = []

    def _tick(self) -> int:
        self._now += 1_000_000
        return self._now

    def history(self) -> History:
        """Adds and reads in turns; a last read sees everything."""
        for number in range(self._turns):
            if self._rng.random() < 0.6:
                self._add(number)
            else:
                self._read()
            if self.bug == "loses_on_compaction" and number % 20 == 19 and self._elements:
                self._elements.pop(self._rng.randrange(len(self._elements)))
        self._read()
        self._read()
        return self.rec.history()

    def _add(self, element: int) -> None:
        fate = self._rng.random()
        with self.rec.call(self.rec.process(), "add", "", element) as ending:
            if self._rng.random() < 0.3:
                self._read()  # it overlaps the add, and may see it or not
            if fate < 0.1:
                ending.fail()
                if self.bug != "shows_what_was_refused":
                    return
            if fate < 0.15 and fate >= 0.1:
                return  # nobody knows, and it is not there
            self._old = list(self._elements)
            self._elements.append(element)
            if self.bug == "stores_twice" and self._rng.random() < 0.2:
                self._elements.append(element)
            if fate >= 0.2:
                ending.ok()
            # else nobody knows, and it is there

    def _read(self) -> None:
        with self.rec.call(self.rec.process(), "read") as ending:
            stale = self.bug == "reads_an_old_copy" and self._rng.random() < 0.3
            ending.ok(list(self._old if stale else self._elements))
