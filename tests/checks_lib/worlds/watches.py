"""A store of versions that several watch, with compaction, broken connections and resumes."""

from __future__ import annotations

import random

from qbridge_checks.history import History, Recorder


class WatchWorld:
    """One run: writers and watchers in turns, as the seed has it."""

    def __init__(self, seed: int, bug: str = "", turns: int = 120) -> None:
        self.bug = bug
        self._rng = random.Random(seed)
        self._turns = turns
        self._now = 0
        self.rec = Recorder(clock_ns=self._tick)
        self._version = 0
        self._compacted = 0
        self._seen: dict[int, int] = {}

    def _tick(self) -> int:
        self._now += 1000
        return self._now

    def history(self) -> History:
        """Writes, delivers, compacts and breaks connections; in the end everything is delivered."""
        rng = self._rng
        for _ in range(3):
            self._watch(0)
        for _ in range(self._turns):
            turn = rng.random()
            if turn < 0.4:
                self._write()
            elif turn < 0.85:
                self._deliver(rng.choice(list(self._seen)))
            elif turn < 0.93:
                self._resume(rng.choice(list(self._seen)))
            elif turn < 0.97:
                self._compacted = max(self._compacted, self._version - rng.randrange(3, 9))
            else:
                watcher = rng.choice(list(self._seen))
                ahead = self._version if self.bug == "progress_runs_ahead" else self._seen[watcher]
                self.rec.event(watcher, "progress", "key", {"version": ahead})
        for watcher in list(self._seen):
            stop = self._version - (self.bug == "ends_before_the_last")
            while self._seen[watcher] < stop:
                self._deliver(watcher)
            self.rec.event(watcher, "watched", "key", {"version": self._version})
        return self.rec.history()

    def _write(self) -> None:
        with self.rec.call(self.rec.process(), "write", "key") as ending:
            self._version += 1
            ending.ok({"version": self._version})

    def _watch(self, after: int) -> None:
        process = self.rec.process()
        self.rec.event(process, "watch", "key", {"after": after})
        self._seen[process] = after
        if after < self._compacted:
            self._skip(process)

    def _resume(self, watcher: int) -> None:
        after = self._seen.pop(watcher)
        self._watch(after)
        process = max(self._seen)
        if self.bug == "resume_skips_one" and after < self._version - 1:
            self._seen[process] = max(self._seen[process], after + 1)
        if self.bug == "resume_repeats_one" and after > self._compacted:
            self.rec.event(process, "event", "key", {"version": after})

    def _skip(self, process: int) -> None:
        if self.bug != "compacts_without_a_word":
            self.rec.event(process, "compacted", "key", {"version": self._compacted})
        self._seen[process] = self._compacted

    def _deliver(self, watcher: int) -> None:
        if self._seen[watcher] < self._compacted:
            self._skip(watcher)
        if self._seen[watcher] >= self._version:
            return
        at = self._seen[watcher] = self._seen[watcher] + 1
        if self.bug == "delivers_out_of_order" and at + 1 <= self._version and self._rng.random() < 0.2:
            self.rec.event(watcher, "event", "key", {"version": at + 1})
        if self.bug == "invents_a_version" and self._rng.random() < 0.1:
            self.rec.event(watcher, "event", "key", {"version": self._version + 7})
        self.rec.event(watcher, "event", "key", {"version": at})
