"""The disk's worst days: power cuts, failing calls, flipped bits. The commands of `make` do the same, for longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from qbridge_contract.structs import HealthState
from qbridge_server.buffer.database import FILE
from qbridge_server.buffer.wal import set_aside

from . import corrupt, ioerrors, powercut
from .broken_stores import STORES
from .script import shipped

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
    found = await corrupt.run(flips=60, truncations=0, seed=SEED)
    assert found["wrong"] == 0
    assert found["served"] > 1_000
    assert found["lost"] == 0, "what is missing is announced"
    assert found["announced"] > 0


async def test_a_file_that_is_cut_short_never_gives_a_wrong_answer() -> None:
    found = await corrupt.run(flips=0, truncations=30, seed=SEED)
    assert found["wrong"] == 0
    assert found["served"] > 500


async def test_a_log_with_commits_behind_damage_is_kept_until_somebody_takes_it_away(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    await corrupt.make_folder(folder, checkpoint_pages=100_000)
    wal = folder / corrupt.WAL
    data = bytearray(wal.read_bytes())
    data[len(data) // 3] ^= 1
    wal.write_bytes(data)
    buffer = shipped(folder)
    await buffer.open()
    (kept,) = set_aside(folder / FILE)
    state, sentence = buffer.health()
    assert state is HealthState.DEGRADED
    assert str(kept) in sentence
    assert kept.read_bytes() == data
    kept.unlink()
    assert buffer.health()[0] is HealthState.SERVING
    await buffer.close()


async def test_what_a_kill_left_half_written_is_no_damage(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    await corrupt.make_folder(folder, checkpoint_pages=100_000)
    wal = folder / corrupt.WAL
    frame = 24 + 4096
    whole = wal.read_bytes()
    # The start of a transaction: frames without a commit, the last of them torn.
    uncommitted = bytearray(whole[-2 * frame :])
    uncommitted[4:8] = uncommitted[frame + 4 : frame + 8] = bytes(4)
    wal.write_bytes(whole + uncommitted[:-100])
    buffer = shipped(folder)
    await buffer.open()
    assert buffer.health()[0] is HealthState.SERVING
    await buffer.close()
