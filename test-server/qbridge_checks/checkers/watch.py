"""Watches: every change once, in order, from where one asked.

Rows, by watched key: `write` (ok value: {"version": int}), `watch` (value: {"after": int}: a process begins to watch),
`event` (value: {"version": int}), `compacted` (value: {"version": int}: changes up to it are not to be had),
`progress` (value: {"version": int}: all up to it have been delivered), `watched` (value: {"version": int}: the watch
ended after this version).

Source: etcd's watch guarantees, https://etcd.io/docs/v3.6/learning/api_guarantees/ (ordered, unique, reliable,
resumable, bookmarkable).
"""

from __future__ import annotations

from collections import defaultdict

from qbridge_checks.history import Call, History
from qbridge_checks.verdict import Findings, Verdict


def watches(history: History) -> Verdict:
    """Gaps, repeats, reordered, unexpected and undelivered events, and progress that runs ahead."""
    found = Findings()
    written: dict[str, dict[int, Call]] = defaultdict(dict)
    attempted: set[str] = set()
    for call in history.of("write"):
        if call.type == "ok":
            written[call.key][call.value["version"]] = call
        elif call.type == "info":
            attempted.add(call.key)
    streams: dict[tuple[int, str], _Stream] = {}
    finished = events = 0
    for call in history.of("watch", "event", "compacted", "progress", "watched"):
        place = (call.invoke.process, call.key)
        if call.f == "watch":
            streams[place] = _Stream(call)
            continue
        stream = streams.get(place)
        if stream is None:
            found.add("unexpected", f"Process {place[0]} heard of {call.key!r}, which it does not watch.", [call])
            continue
        events += call.f == "event"
        finished += call.f == "watched"
        stream.see(call, written[call.key], call.key in attempted, found)
    counts = {"streams": len(streams), "events": events, "finished": finished}
    return found.verdict("watch", counts, "" if events else "no event was seen")


class _Stream:
    """One watch of one key by one process."""

    def __init__(self, began: Call) -> None:
        self._last = int(began.invoke.value["after"])
        self._began = began

    def see(self, call: Call, written: dict[int, Call], unknown: bool, found: Findings) -> None:
        version = int(call.invoke.value["version"])
        if call.f == "event":
            self._event(call, version, written, unknown, found)
        elif call.f == "compacted":
            self._last = max(self._last, version)
        elif self._missing(written, version):
            kind = "progress_ahead" if call.f == "progress" else "undelivered"
            lost = self._missing(written, version)
            text = f"{call.key!r}: {call.f} says {version}, and {lost} had not come."
            found.add(kind, text, [call, *(written[each] for each in lost[:3])])

    def _event(self, call: Call, version: int, written: dict[int, Call], unknown: bool, found: Findings) -> None:
        if version == self._last:
            found.add("repeated", f"{call.key!r}: version {version} came twice.", [call])
            return
        if version < self._last:
            found.add("reordered", f"{call.key!r}: version {version} came after {self._last}.", [call])
            return
        # A write whose end nobody saw may have made any version.
        if version not in written and not unknown:
            found.add("unexpected", f"{call.key!r}: version {version} was never written.", [call])
        lost = self._missing(written, version - 1)
        if lost:
            found.add("gap", f"{call.key!r}: {lost} did not come before {version}.", [self._began, call])
        self._last = version

    def _missing(self, written: dict[int, Call], upto: int) -> list[int]:
        return [version for version in range(self._last + 1, upto + 1) if version in written]
