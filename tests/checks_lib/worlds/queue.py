"""A durable queue with leases, priorities and idempotency keys: clients, one broker, two workers, one backend.

The broker keeps a log of which a crash leaves the synced part; the backend works once for a key. Workers crash, and
stand still for longer than their lease.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from qbridge_checks.history import Ending, History, Recorder

LEASE_S, SYNC_S, ATTEMPTS_MAX, AGEING_S = 0.05, 0.001, 4, 0.01
PRIORITIES = {"a": 2, "b": 5, "c": 9}


@dataclass(eq=False)
class Item:
    """A request that the broker has taken; what is written in its first five fields survives a crash."""

    name: str
    body: str
    lane: str
    deadline: float
    visible_at: float
    attempts: int = 0
    epoch: int = 0
    holder: int = 0
    until: float = 0.0
    state: str = "QUEUED"
    result: str = ""
    waiters: list[Callable[[], None]] = field(default_factory=list)


class QueueWorld:
    """One run: `history()` does it all."""

    def __init__(self, seed: int, bug: str = "", requests: int = 24) -> None:
        self.bug = bug
        self._rng = random.Random(seed)
        self._requests = requests
        self.now = 0.0
        self._todo: list[tuple[float, int, Callable[[], object]]] = []
        self._order = 0
        self.rec = Recorder(clock_ns=lambda: round(self.now * 1e9))
        self._log: list[Item] = []
        self._synced = 0
        self._by_key: dict[str, Item] = {}
        self._ledger: dict[str, str] = {}
        self._idle = [self.rec.process(), self.rec.process()]
        self._epoch = 0
        self._boots = 0
        self._last: Item | None = None

    def history(self) -> History:
        """Sends everything, lets it come to rest, then looks at every end."""
        for number in range(self._requests):
            lane = self._rng.choice("abc")
            at = self._rng.random() * 0.3
            deadline = at + 0.02 if self._rng.random() < 0.15 else 9.0
            self._at(at, self._send, f"k{number}", "body", lane, deadline)
            if self._rng.random() < 0.3:
                body = "body" if self._rng.random() < 0.6 else "other"
                again = at + self._rng.random() * 0.2
                self._at(again, self._send, f"k{number}", body, lane, deadline)
            if self._rng.random() < 0.15:
                self._at(at + self._rng.random() * 0.1, self._cancel, f"k{number}")
        for _ in range(2):
            self._at(self._rng.random() * 0.3, self._crash)
        while self._todo:
            self.now, _, do = heapq.heappop(self._todo)
            if self.now > 5.0:
                break
            do()
        for item in self._by_key.values():
            self.rec.event(self.rec.process(), "look", item.name, self._answer(item))
        self._row("drain", "", None, [])
        return self.rec.history()

    # ---- clients

    def _send(self, key: str, body: str, lane: str, deadline: float) -> None:
        asked = {"body": body, "deadline_ns": round(deadline * 1e9)}
        request, enqueue = self.rec.process(), self.rec.process()
        self.rec.note(request, "invoke", "request", key, asked)
        known = self._by_key.get(key)
        if self.bug == "forgets_keys_on_restart" and known is not None and known not in self._log[self._synced :]:
            known = None if self._boots and known.state in ("SUCCEEDED", "QUEUED") else known
        if self.bug == "keys_are_ignored" and known is not None:
            known = None
        if known is not None:
            differs = known.body != body and self.bug != "conflict_is_accepted"
            if differs or (self.bug == "conflict_with_itself" and self._rng.random() < 0.5):
                self.rec.note(request, "fail", "request", key, {"code": "IDEMPOTENCY_CONFLICT"})
                return
            self._answer_later(known, request)
            return
        full = self._rng.random() < 0.05
        self.rec.note(enqueue, "invoke", "enqueue", lane, key)
        if full:
            self.rec.note(enqueue, "fail", "enqueue", lane)
            self.rec.note(request, "fail", "request", key, {"code": "QUEUE_FULL"})
            if self.bug != "serves_what_it_refused":
                return
        item = Item(key, body, lane, deadline, self.now)
        self._by_key[key] = item
        if not full:
            self._answer_later(item, request)
        if self.bug == "drops_silently" and self._rng.random() < 0.1:
            self.rec.note(enqueue, "ok", "enqueue", lane)
            return
        self._log.append(item)
        boots = self._boots

        def synced() -> None:
            if boots == self._boots:
                self._synced = max(self._synced, self._log.index(item) + 1)
                if not full and self.bug != "acks_before_sync":
                    self.rec.note(enqueue, "ok", "enqueue", lane)
                self._show(item)

        if self.bug == "acks_before_sync" and not full:
            self.rec.note(enqueue, "ok", "enqueue", lane)
        self._at(self.now + SYNC_S, synced)

    def _answer_later(self, item: Item, request: int) -> None:
        def answer() -> None:
            self.rec.note(request, "ok", "request", item.name, self._answer(item))

        if item.state == "QUEUED":
            item.waiters.append(answer)
        else:
            answer()

    def _answer(self, item: Item) -> dict[str, str]:
        return {"state": item.state, "result": item.result}

    def _cancel(self, key: str) -> None:
        item = self._by_key.get(key)
        if (
            item is None
            or item.visible_at > self.now
            or (item.state != "QUEUED" and self.bug != "cancel_rewrites_ends")
        ):
            return
        if item.state == "QUEUED" and item.holder:
            return
        if item.state == "QUEUED":
            self._remove(item)
        self._end(item, "CANCELLED", "")

    # ---- the broker

    def _show(self, item: Item) -> None:
        item.visible_at = self.now
        self.rec.event(self.rec.process(), "visible", item.name, {"priority": PRIORITIES[item.lane]})
        if self.bug == "invents_items" and self._rng.random() < 0.1:
            self._row("dequeue", "", None, f"{item.name}-x")
        self._dispatch()

    def _crash(self) -> None:
        """The process dies and starts again: what was not synced is gone, and so are all leases."""
        self._boots += 1
        if self.bug == "epochs_begin_again":
            self._epoch = 0
        lost = self._log[self._synced :]
        if self.bug == "recovery_forgets_the_last" and self._synced and self._log[self._synced - 1].state == "QUEUED":
            self._synced -= 1
            lost = self._log[self._synced :]
        del self._log[self._synced :]
        for item in lost:
            if self._by_key.get(item.name) is item:
                del self._by_key[item.name]
            item.state, item.waiters = "LOST", []
        for item in self._log:
            if item.state == "QUEUED" and item.holder:
                self._row("release", item.name, None, None)
                item.holder, item.until = 0, 0.0
        self._dispatch()

    def _dispatch(self) -> None:
        while self._idle:
            item = self._next()
            if item is None:
                return
            if item.deadline < self.now and self.bug != "starts_after_the_deadline":
                self._remove(item)
                self._end(item, "EXPIRED", "")
                continue
            if item.attempts >= ATTEMPTS_MAX and self.bug != "tries_without_end":
                self._remove(item)
                self._end(item, "DEAD", "")
                continue
            self._lease(item, self._idle.pop())

    def _next(self) -> Item | None:
        waiting = [item for item in self._log[: self._synced] if item.state == "QUEUED" and not item.holder]
        if self.bug == "starts_what_was_cancelled":
            waiting += [item for item in self._log[: self._synced] if item.state == "CANCELLED" and not item.attempts]
        if not waiting:
            return None
        if self.bug == "priority_is_ignored":
            return min(waiting, key=lambda item: item.visible_at)
        if self.bug == "newest_first":
            return max(waiting, key=lambda item: (PRIORITIES[item.lane], item.visible_at))
        ageing_s = 1e9 if self.bug == "nothing_ages" else AGEING_S
        # A redelivery keeps its place: what was in first is out first.
        return max(
            waiting, key=lambda item: (PRIORITIES[item.lane] - item.visible_at / ageing_s, -self._log.index(item))
        )

    def _lease(self, item: Item, worker: int) -> None:
        if self.bug != "epochs_stand_still":
            self._epoch += 1
        item.epoch = self._epoch if self.bug == "epochs_begin_again" else (self._boots << 20) + self._epoch
        item.holder, item.attempts, item.until = worker, item.attempts + 1, self.now + LEASE_S
        self._row("start", item.name, None, None)
        self._row("lease", item.name, None, {"epoch": item.epoch, "until_ns": round(item.until * 1e9)})
        if item.attempts == 1:
            self._row("dequeue", item.lane, None, item.name)
            if self.bug == "delivers_twice" and self._rng.random() < 0.2:
                self._row("dequeue", item.lane, None, item.name)
        self._at(item.until, self._look_at, item, item.epoch)
        self._work(item, item.epoch, worker)
        if self.bug == "leases_what_is_held" and self._rng.random() < 0.1 and self._idle:
            self._at(self.now + LEASE_S / 4, self._steal, item, item.epoch)

    def _steal(self, item: Item, epoch: int) -> None:
        if item.state == "QUEUED" and item.epoch == epoch and self._idle:
            self._lease(item, self._idle.pop())

    def _look_at(self, item: Item, epoch: int) -> None:
        """The lease may be over: then somebody else has its turn."""
        if item.state != "QUEUED" or item.epoch != epoch or not item.holder:
            return
        if item.until > self.now + 1e-9 and self.bug != "heartbeats_are_ignored":
            self._at(item.until, self._look_at, item, epoch)
            return
        if self.bug == "never_reclaims":
            return
        item.holder = 0
        self._dispatch()

    def _beat(self, item: Item, epoch: int) -> None:
        if item.epoch == epoch and item.state == "QUEUED" and item.holder:
            item.until = self.now + LEASE_S
            self._row("heartbeat", item.name, None, {"epoch": epoch, "until_ns": round(item.until * 1e9)})

    def _remove(self, item: Item) -> None:
        """It ends without another turn."""
        self.rec.event(self.rec.process(), "gone", item.name)
        self.rec.event(self.rec.process(), "remove", item.lane, item.name)

    def _end(self, item: Item, state: str, result: str) -> None:
        item.state, item.result, item.holder = state, result, 0
        self._last = item
        waiters, item.waiters = item.waiters, []
        for answer in waiters:
            answer()

    # ---- workers and the backend

    def _work(self, item: Item, epoch: int, worker: int) -> None:
        fate = self._rng.random()
        takes_s = 0.001 + self._rng.random() * 0.02
        if fate < 0.1:  # dies, before or after the effect; another takes its place
            if fate < 0.05:
                self._at(self.now + takes_s, self._effect, item.name)
            self._at(self.now + takes_s, self._free, self.rec.process())
            return
        if fate < 0.2:  # stands still for longer than its lease, then goes on as if nothing had been
            takes_s += LEASE_S * 2
        elif fate < 0.3:  # works for longer than a lease, and says so
            takes_s += LEASE_S * 2
            for beat in range(1, 12):
                if beat * LEASE_S / 4 < takes_s:
                    self._at(self.now + beat * LEASE_S / 4, self._beat, item, epoch)
        self._at(self.now + takes_s, self._settle, item, epoch, worker)

    def _effect(self, key: str) -> str:
        if key not in self._ledger or self.bug == "backend_works_again":
            self._ledger[key] = f"result of {key} no {len(self.rec.rows)}"
            self.rec.event(self.rec.process(), "effect", key, {"result": self._ledger[key]})
        return self._ledger[key]

    def _settle(self, item: Item, epoch: int, worker: int) -> None:
        skips = self.bug == "succeeds_without_effect" and self._rng.random() < 0.2
        result = "nothing" if skips else self._effect(item.name)
        if self.bug == "mixes_results_up" and self._last is not None and self._rng.random() < 0.3:
            result = self._last.result or result
        process = self.rec.process()
        self.rec.note(process, "invoke", "settle", item.name, {"epoch": epoch})
        holds = item.state == "QUEUED" and item.epoch == epoch and bool(item.holder)
        if self.bug == "stale_settles_count":
            holds = item.state == "QUEUED"
        if self.bug == "settles_twice" and item.state == "SUCCEEDED":
            holds = True
        if self.bug == "refuses_the_holder" and self._rng.random() < 0.1:
            holds = False
        self.rec.note(process, "ok" if holds else "fail", "settle", item.name)
        if holds:
            if self.bug == "backend_works_again" and self._rng.random() < 0.3:
                self._effect(item.name)
            self._end(item, "SUCCEEDED", result)
        self._free(worker)

    def _free(self, worker: int) -> None:
        self._idle.append(worker)
        self._dispatch()

    # ---- the machinery

    def _at(self, when: float, do: Callable[..., object], *given: object) -> None:
        self._order += 1
        later: Callable[[], object] = partial(do, *given)
        heapq.heappush(self._todo, (when, self._order, later))

    def _row(self, f: str, key: str, asked: object, answer: object) -> None:
        process = self.rec.process()
        self.rec.note(process, "invoke", f, key, answer if f in ("start", "release", "heartbeat") else asked)
        ending = Ending()
        ending.ok(answer)
        self.rec.note(process, ending.type, f, key, ending.value)
