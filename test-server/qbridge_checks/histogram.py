"""Latencies in buckets that grow by a constant factor: any percentile within a known relative error, in little memory.

A latency falls into the bucket `floor(log(latency / FLOOR_S) / log(GROWTH))`; the bucket answers with the value whose
relative distance to both of its ends is the same, at most `ERROR`. Histograms of parts add up to that of the whole,
which averages of percentiles never do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Self

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

ERROR = 0.005
"""The largest relative error of a percentile between FLOOR_S and CEILING_S."""
GROWTH = (1 + ERROR) / (1 - ERROR)
FLOOR_S = 1e-6
"""Shorter latencies count as this one."""
CEILING_S = 24 * 3600.0
"""Longer ones are refused: a latency of more than a day is a mistake of units."""
_LOG_GROWTH = math.log(GROWTH)
_BUCKETS = int(math.log(CEILING_S / FLOOR_S) / _LOG_GROWTH) + 1
PERCENTILES = {"p50": 50.0, "p90": 90.0, "p95": 95.0, "p99": 99.0, "p999": 99.9}


class _Form(msgspec.Struct, forbid_unknown_fields=True):
    """The JSON form; `buckets` are pairs of number and count, without the empty ones."""

    schema: int
    error: float
    count: int
    sum_s: float
    min_s: float
    max_s: float
    buckets: list[tuple[int, int]]


class LatencyHistogram:
    """Latencies in seconds; count, sum, minimum and maximum are exact."""

    __slots__ = ("_counts", "count", "max_s", "min_s", "sum_s")

    def __init__(self) -> None:
        self._counts: NDArray[np.int64] = np.zeros(_BUCKETS, np.int64)
        self.count = 0
        self.sum_s = 0.0
        self.min_s = math.inf
        self.max_s = 0.0

    @classmethod
    def of(cls, latencies_s: ArrayLike) -> Self:
        """A histogram of these latencies."""
        made = cls()
        made.record_all(latencies_s)
        return made

    def record(self, latency_s: float) -> None:
        """Adds one latency. Raises ValueError for one that is negative, no number, or longer than a day."""
        self.record_all([latency_s])

    def record_all(self, latencies_s: ArrayLike) -> None:
        """Adds many at once, which is far cheaper. Raises ValueError like `record`, and then adds none."""
        values = np.asarray(latencies_s, np.float64)
        if not values.size:
            return
        if not (values >= 0).all() or (values > CEILING_S).any():
            raise ValueError("a latency is a number of seconds from 0 to a day")
        numbers = np.log(np.maximum(values, FLOOR_S) / FLOOR_S) / _LOG_GROWTH
        self._counts += np.bincount(numbers.astype(np.int64), minlength=_BUCKETS)
        self.count += int(values.size)
        self.sum_s += float(values.sum())
        self.min_s = min(self.min_s, float(values.min()))
        self.max_s = max(self.max_s, float(values.max()))

    def merge(self, other: LatencyHistogram) -> None:
        """Adds everything that another histogram has seen."""
        self._counts += other._counts
        self.count += other.count
        self.sum_s += other.sum_s
        self.min_s = min(self.min_s, other.min_s)
        self.max_s = max(self.max_s, other.max_s)

    @property
    def mean_s(self) -> float:
        """The mean; 0 where nothing was recorded."""
        return self.sum_s / self.count if self.count else 0.0

    def percentile(self, percent: float) -> float:
        """The smallest latency that `percent` % do not exceed, within `ERROR`; 0 where nothing was recorded."""
        if not 0 <= percent <= 100:
            raise ValueError(f"a percentile lies between 0 and 100, {percent:g} does not")
        if not self.count:
            return 0.0
        # The product may miss a whole number by a rounding error, and would then name the next rank.
        rank = max(1, math.ceil(round(percent / 100 * self.count, 9)))
        number = int(np.searchsorted(np.cumsum(self._counts), rank))
        middle = FLOOR_S * GROWTH**number * 2 * GROWTH / (1 + GROWTH)
        return min(max(middle, self.min_s), self.max_s)

    def over(self, latency_s: float) -> int:
        """How many latencies were longer, up to those in its own bucket."""
        if latency_s >= self.max_s:
            return 0
        number = int(math.log(max(latency_s, FLOOR_S) / FLOOR_S) / _LOG_GROWTH)
        return int(self._counts[number + 1 :].sum())

    def summary_ms(self) -> dict[str, float]:
        """The usual percentiles, the maximum and the mean, in milliseconds to the microsecond."""
        figures = {name: self.percentile(percent) for name, percent in PERCENTILES.items()}
        figures |= {"max": self.max_s, "mean": self.mean_s}
        return {name: round(value * 1000, 3) for name, value in figures.items()}

    def to_json(self) -> bytes:
        """Everything, as JSON."""
        full = np.flatnonzero(self._counts)
        buckets = [(int(number), int(self._counts[number])) for number in full]
        least = self.min_s if self.count else 0.0
        return msgspec.json.encode(_Form(1, ERROR, self.count, self.sum_s, least, self.max_s, buckets))

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """What `to_json` gave. Raises ValueError for anything else."""
        form = msgspec.json.decode(data, type=_Form)
        if form.schema != 1 or form.error != ERROR:
            raise ValueError(f"a histogram of schema {form.schema} and error {form.error:g} cannot be read here")
        if any(not 0 <= number < _BUCKETS or count < 1 for number, count in form.buckets):
            raise ValueError("the histogram has a bucket that does not exist, or an empty one")
        if form.count != sum(count for _, count in form.buckets):
            raise ValueError("the histogram's count is not the sum of its buckets")
        made = cls()
        for number, count in form.buckets:
            made._counts[number] += count
        made.count, made.sum_s, made.max_s = form.count, form.sum_s, form.max_s
        made.min_s = form.min_s if form.count else math.inf
        return made

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LatencyHistogram):
            return NotImplemented
        mine = (self.count, self.min_s, self.max_s)
        same = mine == (other.count, other.min_s, other.max_s) and math.isclose(self.sum_s, other.sum_s)
        return same and bool((self._counts == other._counts).all())

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        figures = self.summary_ms()
        return f"LatencyHistogram({self.count}, p50 {figures['p50']:g} ms, p99 {figures['p99']:g} ms)"


def merged(histograms: Iterable[LatencyHistogram]) -> LatencyHistogram:
    """One histogram of all of them."""
    whole = LatencyHistogram()
    for each in histograms:
        whole.merge(each)
    return whole
