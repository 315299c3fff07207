"""The disk's worst days: power cuts, failing calls, flipped bits. The commands of `make` do the same, for longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import corrupt, ioerrors, powercut
from .broken_stores import STORES

SEED = 20_261


async def test_a_power_cut_at_any_write_or_sync_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    tape, promises = await powercut.record(tmp_path / "store")
    found = await powercut.play(tape, promises, randomly=60, every=45, seed=SEED)
    assert found["acknowledged"] > 10_000
    lost = {name: found[name] for name in ("lost", "wrong", "reported", "broken files") if found[name]}
    assert not lost, f"seed {SEED}"


@pytest.mark.parametrize("store", sorted(set(STORES) - {"shipped"}))
async def test_a_store_that_breaks_its_word_is_found_out_by_power_cuts(tmp_path: Path, store: str) -> None:
    tape, promises = await powercut.record(tmp_path / "store", store, steps=60)
    found = await powercut.play(tape, promises, randomly=5, every=60, seed=SEED)
    assert found["lost"] + found["reported"] > 0


@pytest.mark.parametrize("fault", ["eio", "full", "short"])
async def test_a_disk_that_fails_at_any_call_loses_nothing_that_was_acknowledged(fault: ioerrors.Fault) -> None:
    found = await ioerrors.run(fault, every=13)
    assert found["faults"] > 10
    assert found["served"] > 100
    assert found["lost"] + found["wrong"] + found["reported"] + found["broken files"] == 0
    assert (found["stopped"] > 0) == (fault != "full"), "a full disk is waited for; an ill one ends the store"


async def test_a_damaged_file_never_gives_a_wrong_answer_and_the_rest_is_served() -> None:
    found = await corrupt.run(flips=40, truncations=20, seed=SEED)
    assert found["wrong"] == 0
    assert found["served"] > 1_000
