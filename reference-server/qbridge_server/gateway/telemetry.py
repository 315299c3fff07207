"""Telemetry: what the path counts and times, cheaply enough to be always on.

Numbers are kept in plain lists and read by `/metrics`; spans are kept as entries and turned into OpenTelemetry spans
only when they are exported, because a live span costs more than the whole path.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from math import fsum

from qbridge_contract.structs import ErrorCode, RequestState
from qbridge_server.ports import Buffer, Clock, Entry, Rng

STAGE_S = (
    0.00001,
    0.000025,
    0.00005,
    0.0001,
    0.00025,
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
)
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
STAGES = ("queue", "execute", "settle", "total")
RECENT_MAX = 512
"""How many final entries wait to be counted together."""
RECENT_BYTES_MAX = 16 * 1024
"""A larger one is counted at once, so that it is not held in memory for its count."""
SPANS_MAX = 4096
"""How many sampled entries wait for export; the oldest goes when they are full."""


class Histogram:
    """Counts by upper bound (`bounds`, then infinity), with their sum."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, values: Sequence[float]) -> None:
        """Counts values: sorted once, then a search for each bound, so that a value costs next to nothing."""
        ordered = sorted(values)
        below = 0
        for index, bound in enumerate(self.bounds):
            upto = bisect_right(ordered, bound)
            self.counts[index] += upto - below
            below = upto
        self.counts[-1] += len(ordered) - below
        self.total += fsum(ordered)


class Figures:
    """What is known of one backend's requests."""

    def __init__(self) -> None:
        self.stages = {stage: Histogram(STAGE_S) for stage in STAGES}
        self.batch_sizes = Histogram(BATCH_SIZES)
        self.states: Counter[RequestState] = Counter()
        self.dispatches: Counter[str] = Counter()

    def add(self, entries: Sequence[Entry]) -> None:
        """Counts and times entries that are final."""
        leased = [each for each in entries if each.leased_at]
        executed = [each for each in leased if each.executed_at]
        stages = self.stages
        stages["queue"].observe([each.leased_at - each.accepted_at for each in leased])
        stages["execute"].observe([each.executed_at - each.leased_at for each in executed])
        stages["settle"].observe([each.finished_at - each.executed_at for each in executed])
        stages["total"].observe([each.finished_at - each.accepted_at for each in entries])
        self.batch_sizes.observe([each.batch_size for each in leased])
        self.states.update([each.state for each in entries])
        self.dispatches.update([each.dispatch_reason for each in leased])


class Telemetry:
    """The counters of one deployment. `sample_ratio` of all requests, and those whose caller asks, become spans."""

    def __init__(self, buffer: Buffer, *, clock: Clock, rng: Rng, sample_ratio: float) -> None:
        self._buffer = buffer
        self._clock = clock
        self._random = rng.random
        self._sample_ratio = sample_ratio
        self.refusals: Counter[ErrorCode] = Counter()
        self._figures: dict[str, Figures] = {}
        self._recent: list[Entry] = []
        self.spans: deque[Entry] = deque(maxlen=SPANS_MAX)
        self.spans_dropped = 0

    def sampled(self, asked: bool) -> bool:
        """Whether a request becomes spans: where exporting is on, its caller asks, or chance has it."""
        ratio = self._sample_ratio
        return ratio > 0.0 and (asked or self._random() < ratio)

    def refused(self, code: ErrorCode) -> None:
        """Counts a request that was not accepted."""
        self.refusals[code] += 1

    def finished(self, entry: Entry) -> None:
        """Notes an entry that is final. It is counted with others, which is ten times cheaper than alone."""
        recent = self._recent
        recent.append(entry)
        if len(recent) >= RECENT_MAX or entry.request_bytes + entry.result_bytes > RECENT_BYTES_MAX:
            self.figures()
        if entry.sampled:
            if len(self.spans) == SPANS_MAX:
                self.spans_dropped += 1
            self.spans.append(entry)

    def figures(self) -> dict[str, Figures]:
        """The figures by backend, with all that is final counted in."""
        by_backend: dict[str, list[Entry]] = {}
        for entry in self._recent:
            by_backend.setdefault(entry.backend, []).append(entry)
        self._recent.clear()
        for backend, entries in by_backend.items():
            figures = self._figures.get(backend)
            if figures is None:
                figures = self._figures[backend] = Figures()
            figures.add(entries)
        return self._figures

    def depths(self) -> Iterator[tuple[str, str, int]]:
        """(backend, lane, how many wait) for each lane."""
        now = self._clock.monotonic()
        for lane in self._buffer.lanes():
            yield lane.backend, lane.key, lane.view(now, 0).depth
