"""kill -9, again and again, on one folder: what was accepted is there, what was final is what was shown."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from .crash import IN_FLIGHT_MIN, run
from .script import integrity

KILLS = 200
SEED = 20_261


@pytest.mark.slow
async def test_nothing_accepted_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    outcome = await asyncio.to_thread(run, tmp_path / "store", KILLS, SEED)
    assert (outcome.lost, outcome.unexpected) == (0, 0), f"seed {SEED}: {outcome}"
    assert outcome.in_flight_min >= IN_FLIGHT_MIN
    assert not outcome.stalls, (tmp_path / "store.stalls").read_text()
    assert outcome.acknowledged > KILLS * 20, "the load was too low to prove anything"
    assert integrity(tmp_path / "store") == "ok"


@pytest.mark.slow
async def test_a_store_that_accepts_too_early_is_found_out_by_kills(tmp_path: Path) -> None:
    outcome = await asyncio.to_thread(run, tmp_path / "store", 4, SEED, "forgets-a-group")
    assert outcome.lost > 0
