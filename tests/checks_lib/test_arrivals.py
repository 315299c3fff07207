"""Arrivals: each process has the rate and the shape that it is named after, and a seed says all."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.typing import NDArray

from qbridge_checks import bursts, constant, generator, poisson, ramp, read_times, replay

rates = st.floats(0.1, 2000)
lengths = st.floats(0.01, 20)


def in_order(times: NDArray[np.float64], for_s: float) -> bool:
    return bool((np.diff(times) >= 0).all() and (times >= 0).all() and (times < for_s).all())


@given(rates, lengths)
def test_constant_gaps_are_all_the_same(rate: float, for_s: float) -> None:
    times = constant(rate, for_s)
    assert in_order(times, for_s)
    assert times[0] == 0
    assert abs(times.size - rate * for_s) <= 1
    assert np.allclose(np.diff(times), 1 / rate)


@given(st.floats(0, 500), st.floats(0, 500), lengths)
def test_a_ramp_has_the_mean_of_its_ends_and_leans_the_right_way(first: float, last: float, for_s: float) -> None:
    times = ramp(first, last, for_s) if first + last else np.empty(0)
    assert in_order(times, for_s)
    assert abs(times.size - (first + last) / 2 * for_s) <= 2
    early = int((times < for_s / 2).sum())
    wanted = (first * 3 + last) / 8 * for_s
    assert abs(early - wanted) <= 2


def test_poisson_gaps_are_exponential() -> None:
    """Kolmogorov-Smirnov against the exponential distribution, at the 1 % level, for a fixed seed."""
    gaps = np.sort(np.diff(poisson(500, 20, generator("7"))))
    below = 1 - np.exp(-500 * gaps)
    steps = np.arange(gaps.size) / gaps.size
    distance = max(float((below - steps).max()), float((steps + 1 / gaps.size - below).max()))
    assert distance < 1.628 / math.sqrt(gaps.size)


def test_the_same_check_refuses_what_is_not_poisson() -> None:
    gaps = np.sort(np.diff(constant(500, 20)))
    below = 1 - np.exp(-500 * gaps)
    steps = np.arange(gaps.size) / gaps.size
    assert float(np.abs(below - steps).max()) > 1.628 / math.sqrt(gaps.size)


@given(rates, lengths, st.text(max_size=5))
def test_a_seed_says_all(rate: float, for_s: float, seed: str) -> None:
    once, again = poisson(rate, for_s, generator(seed)), poisson(rate, for_s, generator(seed))
    assert np.array_equal(once, again)
    assert in_order(once, for_s)


def test_two_seeds_differ() -> None:
    assert not np.array_equal(poisson(100, 1, generator("a")), poisson(100, 1, generator("b")))


def test_bursts_are_burstier_than_poisson_of_the_same_mean() -> None:
    """The variance of the counts per window over their mean: 1 for Poisson, far more here."""
    times = bursts(20, 980, 0.5, 0.5, 200, generator("3"))
    assert in_order(times, 200)
    assert 380 < times.size / 200 < 620
    counts = np.histogram(times, bins=2000, range=(0, 200))[0]
    plain = np.histogram(poisson(500, 200, generator("3")), bins=2000, range=(0, 200))[0]
    assert counts.var() / counts.mean() > 10 > 2 > plain.var() / plain.mean()


def test_bursts_may_be_silent_in_between() -> None:
    times = bursts(0, 1000, 1, 0.01, 20, generator("1"))
    assert 0 < times.size < 2000


@given(st.lists(st.floats(-1e6, 1e6), max_size=50), st.floats(0.1, 10))
def test_a_replay_keeps_the_gaps(recorded: list[float], speed: float) -> None:
    times = replay(np.asarray(recorded, np.float64), speed=speed)
    assert times.size == len(recorded)
    assert np.allclose(np.diff(times), np.diff(np.sort(recorded)) / speed)
    assert not times.size or times[0] == 0


def test_a_replay_is_cut() -> None:
    assert replay(np.asarray([5.0, 6.0, 9.0]), for_s=2.0).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("text", ["[0, 0.5, 2]", "0\n# a pause\n0.5  # half\n\n2\n"])
def test_times_come_from_a_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "times"
    file.write_text(text)
    assert read_times(file).tolist() == [0.0, 0.5, 2.0]


@pytest.mark.parametrize(("text", "said"), [("0\nsoon\n", "line 2: 'soon'"), ('[1, "2"]', "no number of seconds")])
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "times"
    file.write_text(text)
    with pytest.raises(ValueError, match=said):
        read_times(file)


@pytest.mark.parametrize("rate", [0, -1, math.nan, math.inf])
def test_no_rate_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="rate_per_s is"):
        constant(rate, 1)


def test_too_many_arrivals_are_refused_before_they_are_made() -> None:
    with pytest.raises(ValueError, match="lower the rate"):
        poisson(1e9, 3600, generator("1"))


def test_a_recorded_time_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="no finite number"):
        replay(np.asarray([0.0, math.nan]))
