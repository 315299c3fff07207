"""Several judgements at a time, each in a process of a pool."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import suppress
from functools import cache

from tests.judge.expected import Expected
from tests.judge.judgement import Judgement
from tests.judge.judging import Cases, judge

JOBS = (os.cpu_count() or 1) + 1
"""One more than there are processors: some of a broken mock's time is waiting."""


def judge_all(everyone: Iterable[Expected], *, short: bool, jobs: int = JOBS) -> Iterator[Judgement]:
    """Judges them, and gives each judgement as it comes. `short` leaves out the cases that do not touch its rules."""
    # Fresh processes: a fork of one that has threads, as gRPC's, may hang.
    pool = ProcessPoolExecutor(max_workers=jobs, mp_context=multiprocessing.get_context("spawn"))
    try:
        pending = {pool.submit(judged, each, short=short): each for each in everyone}
        for future in as_completed(pending):
            yield outcome(future, pending[future])
    except BaseException:
        # Whoever stops this wants no judgement any more: what is under way ends too.
        for process in multiprocessing.active_children():
            # One whose start was cut off has no process to end yet: it ends by itself, for nobody tells it its work.
            with suppress(AttributeError, ValueError):
                process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def judged(expected: Expected, *, short: bool) -> Judgement:
    """One judgement, in a process of the pool."""
    cases = all_cases()
    if short and not expected.conforms:
        cases = cases.touching(expected.breaks)
    return asyncio.run(judge(expected, cases))


@cache
def all_cases() -> Cases:
    """Loaded once a process."""
    return Cases.load()


def outcome(future: Future[Judgement], expected: Expected) -> Judgement:
    """What came of it; an accident is a judgement too."""
    try:
        return future.result()
    except Exception as error:  # One that cannot be judged must not hide the others.
        return Judgement(expected, errors=(f"{type(error).__name__}: {error}",))
