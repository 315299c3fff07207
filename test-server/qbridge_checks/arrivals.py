"""Arrival processes: when each request of a load is sent, in seconds from its start, in order.

Each function gives every time before `for_s`, made from its arguments alone; the random ones take a generator, so that
a seed says all. An open loop sends at these times whether or not earlier requests were answered.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]
ARRIVALS_MAX = 5_000_000
"""More than this is a mistake in a rate: it would take 40 MB for the times alone."""


def generator(seed: str) -> np.random.Generator:
    """The random numbers of a seed: the same ones on every machine."""
    digest = hashlib.sha256(seed.encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def constant(rate_per_s: float, for_s: float) -> Times:
    """One every `1 / rate_per_s` seconds, the first at once."""
    _check(for_s, rate_per_s=rate_per_s)
    _bound(rate_per_s * for_s)
    times = np.arange(int(np.ceil(rate_per_s * for_s))) / rate_per_s
    return np.asarray(times[times < for_s], np.float64)


def ramp(from_per_s: float, to_per_s: float, for_s: float) -> Times:
    """Evenly rising or falling from one rate to the other."""
    _check(for_s, from_per_s=from_per_s, to_per_s=to_per_s, least=0.0)
    count = (from_per_s + to_per_s) / 2 * for_s
    _bound(count)
    numbers = np.arange(int(np.ceil(count)), dtype=np.float64)
    slope = (to_per_s - from_per_s) / for_s
    if slope == 0:
        return constant(from_per_s, for_s)
    # By time t, from_per_s * t + slope * t^2 / 2 have arrived: solve that for each number. Rounding may take the
    # argument of the root, or a time, just below zero.
    root = np.sqrt(np.maximum(0.0, from_per_s**2 + 2 * slope * numbers))
    times = np.maximum(0.0, (root - from_per_s) / slope)
    return np.asarray(times[times < for_s], np.float64)


def poisson(rate_per_s: float, for_s: float, rng: np.random.Generator) -> Times:
    """Independent callers: exponential gaps of `1 / rate_per_s` seconds in the mean."""
    _check(for_s, rate_per_s=rate_per_s)
    _bound(rate_per_s * for_s)
    # Given their number, the times of a Poisson process are uniform.
    return np.sort(rng.uniform(0.0, for_s, rng.poisson(rate_per_s * for_s)))


def bursts(
    quiet_per_s: float, burst_per_s: float, quiet_s: float, burst_s: float, for_s: float, rng: np.random.Generator
) -> Times:
    """A Poisson process of two rates that take turns, for exponential stays of these means; begins quiet.

    The field calls it a Markov-modulated Poisson process of two states.
    """
    _check(for_s, quiet_per_s=quiet_per_s, burst_per_s=burst_per_s, least=0.0)
    _check(for_s, quiet_s=quiet_s, burst_s=burst_s)
    _bound(max(quiet_per_s, burst_per_s) * for_s)
    _bound(for_s / min(quiet_s, burst_s))
    parts, begin, busy = [], 0.0, False
    while begin < for_s:
        end = min(for_s, begin + float(rng.exponential(burst_s if busy else quiet_s)))
        rate = burst_per_s if busy else quiet_per_s
        if rate and end > begin:
            parts.append(begin + poisson(rate, end - begin, rng))
        begin, busy = end, not busy
    return np.concatenate(parts) if parts else np.empty(0)


def replay(times: Times, for_s: float | None = None, speed: float = 1.0) -> Times:
    """Recorded times again: from the first one on, `speed` times as fast, cut at `for_s`."""
    _check(1.0 if for_s is None else for_s, speed=speed)
    _bound(times.size)
    if not np.isfinite(times).all():
        raise ValueError("a recorded time is no finite number")
    moved = np.sort(times)
    moved = (moved - moved[0]) / speed if moved.size else moved
    return moved if for_s is None else moved[moved < for_s]


def read_times(file: Path) -> Times:
    """Recorded times in seconds: a JSON list, or one number a line; lines that begin with `#` are comments.

    Raises ValueError, naming the line, for what is no number.
    """
    text = file.read_text(encoding="utf-8")
    if text.lstrip().startswith("["):
        found = json.loads(text)
        if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in found):
            raise ValueError(f"{file}: the list holds something that is no number of seconds.")
        return np.asarray(found, np.float64)
    times = []
    for number, line in enumerate(text.splitlines(), 1):
        word = line.partition("#")[0].strip()
        if not word:
            continue
        try:
            times.append(float(word))
        except ValueError:
            raise ValueError(f"{file}, line {number}: {word!r} is no number of seconds.") from None
    return np.asarray(times, np.float64)


def _check(for_s: float, *, least: float | None = None, **named: float) -> None:
    """Refuses what cannot be a rate or a duration; rates may be 0 where `least` says so."""
    for name, value in ({"for_s": for_s} | named).items():
        allowed = value >= 0 if least is not None and name != "for_s" else value > 0
        if not (np.isfinite(value) and allowed):
            raise ValueError(f"{name} is {value:g}: give a number above 0.")


def _bound(expected: float) -> None:
    if expected > ARRIVALS_MAX:
        raise ValueError(f"about {expected:.0f} arrivals: at most {ARRIVALS_MAX}; lower the rate or the time.")
