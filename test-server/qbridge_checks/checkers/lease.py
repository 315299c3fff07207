"""Leases: one holder at a time, and no word from an old one (fencing).

Rows, by message key: `lease` (ok value: {"epoch": int, "until_ns": int}), `heartbeat` (ok value: the same, with a later
end), `release`, `settle` (value: {"epoch": int}; ok: taken, fail: refused).

Source: Gray and Cheriton 1989 (leases); Kleppmann 2016, "How to do distributed locking" (fencing tokens).
"""

from __future__ import annotations

from collections import defaultdict

from qbridge_checks.history import Call, History, Row
from qbridge_checks.verdict import Findings, Verdict


def leases(history: History) -> Verdict:
    """Overlapping leases, epochs that do not grow, stale settlements that were taken, live ones that were refused."""
    found = Findings()
    calls = {index: call for call in history.calls for index in call.indices}
    holders: dict[str, _Holder] = defaultdict(_Holder)
    for row in history.rows:
        if row.f in ("lease", "heartbeat", "release", "settle"):
            holders[row.key].see(row, calls[row.index], found)
    counts = {"messages": len(holders), "leases": sum(each.leases for each in holders.values())}
    return found.verdict("lease", counts, "" if counts["leases"] else "nothing was leased")


class _Holder:
    """Who holds one message."""

    def __init__(self) -> None:
        self.leases = 0
        self.epoch = -1
        self.until_ns = 0
        self.live: Call | None = None
        self.settled: Call | None = None
        self._highest_at: dict[int, int] = {}
        """By the row of a settlement's invocation: the highest epoch that had been given out by then."""

    def see(self, row: Row, call: Call, found: Findings) -> None:
        if row.type == "invoke":
            if row.f == "settle":
                self._highest_at[row.index] = self.epoch
            return
        if row.f == "settle":
            self._settle(row, call, found)
        elif row.type != "ok":
            return
        elif row.f == "lease":
            self._lease(row, call, found)
        elif row.f == "heartbeat" and row.value["epoch"] == self.epoch:
            self.until_ns = row.value["until_ns"]
        elif row.f == "release":
            self.live = None

    def _lease(self, row: Row, call: Call, found: Findings) -> None:
        epoch = row.value["epoch"]
        if self.settled is not None:
            found.add("leased_after_end", f"{row.key!r} was leased after it was settled.", [self.settled, call])
        if epoch <= self.epoch:
            found.add("epoch_not_growing", f"{row.key!r}: epoch {epoch} came after {self.epoch}.", [call])
        if self.live is not None and call.invoke.time_ns < self.until_ns:
            left_s = (self.until_ns - call.invoke.time_ns) / 1e9
            text = f"{row.key!r} was leased again {left_s:.3f} s before its lease was over."
            found.add("overlap", text, [self.live, call])
        self.leases += 1
        self.epoch, self.until_ns, self.live = epoch, row.value["until_ns"], call

    def _settle(self, row: Row, call: Call, found: Findings) -> None:
        epoch = call.invoke.value["epoch"]
        if row.type == "ok":
            if epoch < self._highest_at[call.invoke.index]:
                text = f"{row.key!r}: the settlement of epoch {epoch} was taken after a later one had been given out."
                found.add("stale_settle", text, [call])
            if self.settled is not None:
                found.add("settled_twice", f"{row.key!r} was settled twice.", [self.settled, call])
            self.settled, self.live = call, None
        elif row.type == "fail" and epoch == self.epoch and self.live is not None and row.time_ns < self.until_ns:
            found.add("live_refused", f"{row.key!r}: the holder of a live lease was refused.", [self.live, call])
