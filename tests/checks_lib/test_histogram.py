"""The histogram: percentiles within its error of numpy's, parts that add up, JSON there and back."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, strategies as st

from qbridge_checks import LatencyHistogram
from qbridge_checks.histogram import CEILING_S, ERROR, FLOOR_S, merged

latencies = st.lists(st.floats(FLOOR_S, CEILING_S), min_size=1, max_size=200)


def ranked(values: list[float], per_mille: int) -> float:
    """The percentile by its definition, with a rank that no rounding can move."""
    return float(np.sort(values)[max(1, math.ceil(Fraction(per_mille, 1000) * len(values))) - 1])


@given(latencies, st.integers(0, 1000))
def test_a_percentile_is_within_its_error(values: list[float], per_mille: int) -> None:
    found = LatencyHistogram.of(values).percentile(per_mille / 10)
    assert found == pytest.approx(ranked(values, per_mille), rel=ERROR * 1.0001)


def test_the_error_is_under_one_percent_of_numpys_on_a_long_tail() -> None:
    values = np.random.default_rng(5).lognormal(-5, 2, 100_000)
    histogram = LatencyHistogram.of(values)
    for percent in (0, 1, 25, 50, 75, 90, 95, 99, 99.5, 100):
        right = float(np.percentile(values, percent, method="inverted_cdf"))
        assert histogram.percentile(percent) == pytest.approx(right, rel=0.01)


def test_percentiles_of_a_hundred_are_its_ranks() -> None:
    histogram = LatencyHistogram.of(np.arange(1, 101))
    assert histogram.summary_ms() == pytest.approx(
        {"p50": 50e3, "p90": 90e3, "p95": 95e3, "p99": 99e3, "p999": 100e3, "max": 100e3, "mean": 50.5e3}, rel=ERROR
    )


@given(st.lists(latencies, max_size=5))
def test_parts_add_up_to_the_whole(parts: list[list[float]]) -> None:
    whole = LatencyHistogram.of([value for part in parts for value in part])
    assert merged(LatencyHistogram.of(part) for part in parts) == whole


@given(st.lists(st.floats(0, CEILING_S), max_size=50))
def test_json_there_and_back(values: list[float]) -> None:
    histogram = LatencyHistogram.of(values)
    again = LatencyHistogram.from_json(histogram.to_json())
    assert again == histogram
    again.record(1.0)
    assert again != histogram


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b"[]",
        b'{"schema":2,"error":0.005,"count":0,"sum_s":0,"min_s":0,"max_s":0,"buckets":[]}',
        b'{"schema":1,"error":0.02,"count":0,"sum_s":0,"min_s":0,"max_s":0,"buckets":[]}',
        b'{"schema":1,"error":0.005,"count":2,"sum_s":1,"min_s":1,"max_s":1,"buckets":[[10,1]]}',
        b'{"schema":1,"error":0.005,"count":1,"sum_s":1,"min_s":1,"max_s":1,"buckets":[[9000000,1]]}',
    ],
)
def test_json_of_something_else_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        LatencyHistogram.from_json(data)


@pytest.mark.parametrize("latency", [-0.1, math.nan, math.inf, CEILING_S * 2])
def test_what_is_no_latency_is_refused_and_leaves_no_trace(latency: float) -> None:
    histogram = LatencyHistogram()
    with pytest.raises(ValueError, match="a latency is a number of seconds"):
        histogram.record_all([1.0, latency])
    assert histogram == LatencyHistogram()


def test_nothing_recorded_answers_zero() -> None:
    histogram = LatencyHistogram()
    assert histogram.percentile(99) == histogram.mean_s == histogram.over(1.0) == 0
    assert set(histogram.summary_ms().values()) == {0.0}


def test_no_percentile_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 100"):
        LatencyHistogram().percentile(101)


def test_over_counts_what_was_longer() -> None:
    histogram = LatencyHistogram.of([0.1, 0.2, 0.3, 1.0])
    assert [histogram.over(each) for each in (0.05, 0.15, 0.5, 1.0, 5.0)] == [4, 3, 1, 0, 0]


def test_an_extreme_is_exact_and_shorter_than_the_floor_counts_as_the_floor() -> None:
    histogram = LatencyHistogram.of([0.0, 0.123456789])
    assert histogram.percentile(100) == pytest.approx(0.123456789, rel=ERROR)
    assert histogram.percentile(0) <= FLOOR_S * 1.01
    assert (histogram.min_s, histogram.max_s) == (0.0, 0.123456789)
