"""The checkers are checked: each planted bug is found out by name, and no clean run raises an alarm."""

from __future__ import annotations

import pytest

from qbridge_checks.checkers import CHECKERS
from qbridge_checks.minimal import minimal
from qbridge_checks.verdict import check

from .planted import BUGS, CHECKED, WORLDS
from .proof import SEEDS_MAX, false_alarms, first_seed

CLEAN_RUNS = 250
"""Of each of the four worlds."""


@pytest.mark.parametrize("number", range(len(BUGS)), ids=[bug.name for bug in BUGS])
def test_a_planted_bug_is_found_out_and_named(number: int) -> None:
    assert first_seed(number) is not None, f"{BUGS[number]} gets through {SEEDS_MAX} runs"


def test_a_thousand_clean_runs_raise_no_alarm() -> None:
    assert not false_alarms(CLEAN_RUNS)


@pytest.mark.parametrize("number", range(0, len(BUGS), 5), ids=[bug.name for bug in BUGS[::5]])
def test_a_witness_is_small_and_shows_the_same(number: int) -> None:
    bug, seed = BUGS[number], first_seed(number)
    assert seed is not None
    history = WORLDS[bug.world](seed, bug.name)
    options = CHECKED[bug.world][bug.checker]
    small = minimal(CHECKERS[bug.checker], history, bug.kind, **options)
    assert any(finding.kind == bug.kind for finding in check(CHECKERS[bug.checker], small, **options).findings)
    assert len(small.calls) <= 12 < len(history.calls)


def test_a_world_does_the_same_each_time_it_is_asked() -> None:
    for make in WORLDS.values():
        assert make(7, "").rows == make(7, "").rows
