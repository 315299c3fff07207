"""Registers with compare-and-set: eight clients whose calls overlap, and some of whose answers are lost."""

from __future__ import annotations

import random

from qbridge_checks.history import History, Recorder

CLIENTS, KEYS, VALUES = 8, 3, 4


class RegisterWorld:
    """One run: each turn a client invokes, takes effect, or hears of it."""

    def __init__(self, seed: int, bug: str = "", turns: int = 300) -> None:
        self.bug = bug
        self._rng = random.Random(seed)
        self._turns = turns
        self._now = 0
        self.rec = Recorder(clock_ns=self._tick)
        self._state: dict[str, int | None] = {f"r{number}": None for number in range(KEYS)}
        self._before: dict[str, int | None] = dict(self._state)
        self._open: dict[int, tuple[str, str, object, str, object]] = {}
        """Process -> (f, key, asked, "" or how it ends, the answer)."""
        self._clients = [self.rec.process() for _ in range(CLIENTS)]

    def _tick(self) -> int:
        self._now += 1000
        return self._now

    def history(self) -> History:
        """Turns in the order that the seed has."""
        rng = self._rng
        for turn in range(self._turns):
            place = rng.randrange(CLIENTS)
            process = self._clients[place]
            if process not in self._open:
                self._invoke(process)
            elif not self._open[process][3]:
                self._take_effect(process)
            else:
                f, key, _, how, answer = self._open.pop(process)
                if rng.random() < 0.05 and f != "read":
                    self.rec.note(process, "info", f, key)
                    self._clients[place] = self.rec.process()
                else:
                    self.rec.note(process, how, f, key, answer)  # type: ignore[arg-type]
            if self.bug == "crash_reverts_a_write" and turn % 60 == 59:
                self._state = dict(self._before)
        return self.rec.history()

    def _invoke(self, process: int) -> None:
        rng = self._rng
        f, key = rng.choice(("read", "write", "cas")), f"r{rng.randrange(KEYS)}"
        asked: object = None
        if f == "write":
            asked = rng.randrange(VALUES)
        elif f == "cas":
            asked = [rng.randrange(VALUES), rng.randrange(VALUES)]
        self.rec.note(process, "invoke", f, key, asked)
        self._open[process] = (f, key, asked, "", None)

    def _take_effect(self, process: int) -> None:
        f, key, asked, _, _ = self._open[process]
        how, answer = "ok", None
        state = self._state[key]
        if f == "read":
            answer = self._before[key] if self.bug == "reads_a_replica" and self._rng.random() < 0.3 else state
        elif f == "write":
            self._set(key, asked)
            if self.bug == "lost_update" and self._rng.random() < 0.2:
                self._state[key] = state
        else:
            assert isinstance(asked, list)
            matches = asked[0] == state or (self.bug == "cas_without_compare" and self._rng.random() < 0.3)
            how = "ok" if matches else "fail"
            if matches or (self.bug == "refused_cas_applies" and self._rng.random() < 0.3):
                self._set(key, asked[1])
        self._open[process] = (f, key, asked, how, answer)

    def _set(self, key: str, value: object) -> None:
        assert isinstance(value, int)
        self._before[key] = self._state[key]
        self._state[key] = value
