"""What the durable buffer keeps over a restart, and what it does on the bad days of its disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import apsw
import pytest

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import (
    Durability,
    ErrorCode,
    HealthState,
    Payload,
    Reply,
    RequestState,
)
from qbridge_server.buffer import BufferLimits, SqliteBuffer
from qbridge_server.buffer.database import FILE
from qbridge_server.buffer.jobs import Job
from qbridge_server.ports import Entry

from .faults import Disk, faulty_disk
from .making import CLOCK, Bench, bounded, finish_of, make_entry, succeeded, turns


class Run(Bench):
    """A bench whose buffer is the durable one; it can be left and opened again."""

    buffer: SqliteBuffer
    recovered: list[Entry]


@asynccontextmanager
async def run_in(folder: Path, limits: BufferLimits | None = None, *, first: int = 1) -> AsyncIterator[Run]:
    limits = limits or BufferLimits()
    run = Run(SqliteBuffer(folder, CLOCK, limits), Durability.DISK, limits, folder)
    for _ in range(first - 1):
        next(run.numbers)
    run.recovered = await bounded(run.buffer.open())
    try:
        yield run
    finally:
        await bounded(run.buffer.close())


def change(folder: Path, statement: str) -> None:
    """Changes the closed file by hand."""
    db = apsw.Connection(str(folder / FILE))
    db.execute(statement)
    db.close()


def size(file: Path) -> int:
    return file.stat().st_size


# ---- over a restart


async def test_unfinished_entries_come_back_to_their_lanes_in_their_order(tmp_path: Path) -> None:
    async with run_in(tmp_path) as run:
        first, second, third = await run.accepted(3, key="", data=b"x", timeout_s=60.0)
        await run.claim(1)
        await run.settle(first)
    async with run_in(tmp_path, first=10) as run:
        assert [entry.request for entry in run.recovered] == [second.request, third.request]
        claimed = await run.claim()
        assert [entry.request.id for entry in claimed] == [second.request.id, third.request.id]
        again = claimed[0]
        assert (again.caller.tenant, again.caller.key_id) == ("local", "key_1")
        assert (again.backend, again.lane, again.trace_id) == (second.backend, second.lane, second.trace_id)
        assert again.deadline == pytest.approx(second.deadline, abs=0.05)
        assert again.accepted_at == pytest.approx(second.accepted_at, abs=0.05)


async def test_a_stored_result_is_answered_after_a_restart(tmp_path: Path) -> None:
    async with run_in(tmp_path) as run:
        (entry,) = await run.accepted(key="order-7")
        await run.claim()
        run.buffer.running([entry])
        await run.settle(entry, data=b"the answer")
    async with run_in(tmp_path, first=10) as run:
        assert run.recovered == []
        again = await run.append(run.entry(key="order-7"))
        assert again.replayed
        stored = await run.buffer.get("local", entry.request.id)
        for seen in (again.entry, stored):
            assert seen is not None
            assert seen.result == entry.result
            assert seen.events == entry.events
            assert (seen.epoch, seen.attempts) == (entry.epoch, 1)
        (listed,) = await run.buffer.list("local", "echo", RequestState.SUCCEEDED, "", 9)
        assert listed.request == entry.request


async def test_a_key_used_before_a_restart_still_conflicts_and_memory_cannot_evade_it(tmp_path: Path) -> None:
    async with run_in(tmp_path) as run:
        (entry,) = await run.accepted(key="order-7", data=b"one")
        await run.claim()
        await run.settle(entry)
    async with run_in(tmp_path, first=10) as run:
        for durability in (Durability.DISK, Durability.PROCESS, Durability.MEMORY):
            other = make_entry(20, durability, key="order-7", data=b"two")
            answer = await run.append(other)
            assert answer.error is not None
            assert answer.error.code is ErrorCode.IDEMPOTENCY_CONFLICT
            same = await run.append(make_entry(21, durability, key="order-7", data=b"one"))
            assert same.replayed
        fresh = await run.append(make_entry(22, Durability.MEMORY, key="order-8"))
        assert fresh.error is None
        assert await run.claim() == [fresh.entry]


async def test_epochs_of_a_later_run_are_higher(tmp_path: Path) -> None:
    async with run_in(tmp_path) as run:
        await run.accepted()
        (entry,) = await run.claim()
        before = entry.epoch
    async with run_in(tmp_path) as run:
        (entry,) = await run.claim()
        assert entry.epoch > before


async def test_attempts_add_up_over_runs_until_the_crash_budget_is_spent(tmp_path: Path) -> None:
    async with run_in(tmp_path) as run:
        await run.accepted(crashes_left=1)
        (entry,) = await run.claim()
    async with run_in(tmp_path) as run:
        (entry,) = await run.claim()
        assert (entry.attempts, entry.crashes_left) == (2, 0)
    async with run_in(tmp_path) as run:
        (entry,) = run.recovered
        dead = await bounded(finish_of(entry)) if entry.result is None else entry
        assert dead.state is RequestState.DEAD
        assert dead.result is not None
        assert (dead.result.attempts, dead.result.error and dead.result.error.code) == (
            2,
            ErrorCode.BACKEND_LOST,
        )
        assert await run.claim() == []


async def test_a_released_attempt_is_not_charged_as_a_crash(tmp_path: Path) -> None:
    async with run_in(tmp_path) as run:
        await run.accepted(crashes_left=0)
        (entry,) = await run.claim()
        run.buffer.release([(entry, entry.epoch)])
    async with run_in(tmp_path) as run:
        (entry,) = await run.claim()
        assert (entry.attempts, entry.crashes_left) == (2, 0)


async def test_a_deadline_that_passed_meanwhile_expires_at_once(tmp_path: Path) -> None:
    async with run_in(tmp_path) as run:
        (entry,) = await run.accepted(timeout_s=30.0)
        entry.deadline = None  # This run forgets it; the log does not.
    async with run_in(tmp_path) as run:
        (entry,) = run.recovered
        assert entry.deadline is not None
        assert await bounded(run.lane().claim(9, entry.deadline)) == []
        assert (await bounded(finish_of(entry))).state is RequestState.EXPIRED


async def test_what_memory_forgets_is_read_from_the_file(tmp_path: Path) -> None:
    async with run_in(tmp_path, BufferLimits(results_max=2)) as run:
        entries = await run.accepted(6)
        await run.settle(*await run.claim())
        waiting = await run.accepted(1)
        listed = await run.buffer.list("local", "", None, "", 4)
        newest = [*waiting, *reversed(entries)]
        assert [entry.request.id for entry in listed] == [entry.request.id for entry in newest[:4]]
        oldest = await run.buffer.get("local", entries[0].request.id)
        assert oldest is not None
        assert oldest is not entries[0]
        assert oldest.result == entries[0].result


async def test_the_file_keeps_a_bounded_number_of_results(tmp_path: Path) -> None:
    async with run_in(tmp_path, BufferLimits(stored_results_max=20, results_max=0)) as run:
        for _ in range(8):
            await run.accepted(10)
            await run.settle(*await run.claim())
        waiting = await run.accepted(5)
        kept = await run.buffer.list("local", "", RequestState.SUCCEEDED, "", 100)
        assert len(kept) == 20
        assert kept[0].request.id == f"req_{80:026d}"
        await run.settle(*await run.claim())
        assert all(entry.state is RequestState.SUCCEEDED for entry in waiting)


# ---- ownership and damage


async def test_a_second_open_of_a_folder_is_refused_until_the_first_is_closed(tmp_path: Path) -> None:
    async with run_in(tmp_path):
        with pytest.raises(BridgeError, match="FAILED_PRECONDITION") as refusal:
            await SqliteBuffer(tmp_path, CLOCK, BufferLimits()).open()
        assert str(tmp_path) in refusal.value.error.message
    async with run_in(tmp_path):
        pass


async def test_a_closed_buffer_refuses_and_closes_again_without_a_word(tmp_path: Path) -> None:
    async with run_in(tmp_path) as run:
        await run.accepted()
        (entry,) = await run.claim()
        await bounded(run.buffer.close())
        refused = await run.append(run.entry())
        assert refused.error is not None
        assert refused.error.code is ErrorCode.UNAVAILABLE
        with pytest.raises(BridgeError, match="UNAVAILABLE"):
            await run.settle(entry)


async def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    async with run_in(tmp_path):
        pass
    change(tmp_path, "PRAGMA user_version = 99")
    with pytest.raises(BridgeError, match="FAILED_PRECONDITION"):
        await SqliteBuffer(tmp_path, CLOCK, BufferLimits()).open()


DAMAGE = {
    "byte": "UPDATE {table} SET record = CAST(substr(record, 1, 19) || x'00' || substr(record, 21) AS BLOB)",
    "cut": "UPDATE {table} SET record = substr(record, 1, 3)",
    "type": "UPDATE {table} SET record = CAST(x'FFFE' AS TEXT)",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
async def test_a_damaged_record_is_isolated_and_the_others_are_served(damage: str, tmp_path: Path) -> None:
    async with run_in(tmp_path) as run:
        finished, damaged_result, damaged_request, waiting = await run.accepted(4)
        await run.claim(2)
        await run.settle(finished, damaged_result)
    change(tmp_path, damage.format(table="settlement") + " WHERE row = 2")
    change(tmp_path, damage.format(table="request") + " WHERE row = 3")
    async with run_in(tmp_path, first=10) as run:
        assert [entry.request.id for entry in run.recovered] == [waiting.request.id]
        state, sentence = run.buffer.health()
        assert state is HealthState.DEGRADED
        assert "1 accepted" in sentence
        for damaged in (damaged_result, damaged_request):
            with pytest.raises(BridgeError, match="DATA_LOSS"):
                await run.buffer.get("local", damaged.request.id)
            again = await run.append(damaged)
            assert again.error is not None
            assert again.error.code is ErrorCode.DATA_LOSS
        assert (await run.buffer.get("local", finished.request.id)) is not None
        listed = await run.buffer.list("local", "", None, "", 9)
        assert {entry.request.id for entry in listed} == {finished.request.id, waiting.request.id}


async def test_a_damaged_index_column_is_found_out_when_the_log_is_opened(tmp_path: Path) -> None:
    async with run_in(tmp_path) as run:
        _, kept = await run.accepted(2)
    change(tmp_path, "UPDATE request SET tenant = CAST(x'FFFE' AS TEXT) WHERE row = 1")
    async with run_in(tmp_path) as run:
        assert [entry.request.id for entry in run.recovered] == [kept.request.id]
        assert run.buffer.health()[0] is HealthState.DEGRADED


async def test_a_record_in_another_row_is_found_out(tmp_path: Path) -> None:
    async with run_in(tmp_path) as run:
        first, _ = await run.accepted(2)
        await run.settle(*await run.claim())
    change(tmp_path, "UPDATE settlement SET record = (SELECT record FROM settlement WHERE row = 2) WHERE row = 1")
    async with run_in(tmp_path) as run:
        with pytest.raises(BridgeError, match="DATA_LOSS"):
            await run.buffer.get("local", first.request.id)


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"not a database " * 400)
    with pytest.raises(BridgeError, match="DATA_LOSS") as refusal:
        await SqliteBuffer(tmp_path, CLOCK, BufferLimits()).open()
    assert str(tmp_path) in refusal.value.error.message


async def test_a_result_that_cannot_be_stored_ends_as_an_error_that_says_so(tmp_path: Path) -> None:
    async with run_in(tmp_path) as run:
        (entry,) = await run.accepted()
        await run.claim()
        huge = succeeded(entry)
        huge.reply = Reply(payload=Payload(json=2**70))
        await run.buffer.settle([(entry, entry.epoch, huge)])
        assert entry.state is RequestState.FAILED
        assert entry.result is not None
        assert entry.result.error is not None
        assert entry.result.error.code is ErrorCode.BACKEND_FAILED


# ---- the disk


@pytest.fixture
def disk() -> Iterator[Disk]:
    with faulty_disk() as disk:
        yield disk


class Broken(Job):
    """A job that breaks on what is in it, before or inside the transaction."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self._where = where

    @property
    def rows(self) -> int:
        return 1

    def prepare(self) -> None:
        if self._where == "prepare":
            raise ValueError("it is in no form")

    def apply(self, db: apsw.Connection) -> None:
        db.execute("DELETE FROM request WHERE tenant = ?", ("\ud800",))


@pytest.mark.parametrize("where", ["prepare", "apply"])
async def test_a_job_that_breaks_pays_alone_and_its_group_is_stored(disk: Disk, tmp_path: Path, where: str) -> None:
    async with run_in(tmp_path) as run:
        disk.hold_syncs()
        lone = asyncio.create_task(run.accepted())
        await bounded(asyncio.to_thread(disk.syncing.wait))
        before = asyncio.create_task(run.accepted())
        await turns()
        job = Broken(where)
        run.buffer._writer.submit(job)
        after = asyncio.create_task(run.accepted())
        await turns()
        disk.let_sync()
        await bounded(asyncio.gather(lone, before, after, job.future))
        assert job.error is not None
        assert job.error.code is ErrorCode.INTERNAL
        assert run.buffer.health() == (HealthState.SERVING, "")
    async with run_in(tmp_path, first=10) as run:
        assert len(run.recovered) == 3


async def test_callers_that_come_during_a_sync_share_the_next_one(disk: Disk, tmp_path: Path) -> None:
    async with run_in(tmp_path) as run:
        disk.hold_syncs()
        lone = asyncio.create_task(run.accepted())
        await bounded(asyncio.to_thread(disk.syncing.wait))
        many = [asyncio.create_task(run.accepted()) for _ in range(50)]
        await turns()
        groups, syncs = run.buffer._writer.groups, disk.syncs
        disk.let_sync()
        await bounded(asyncio.gather(lone, *many))
        assert run.buffer._writer.groups - groups == 2
        assert disk.syncs - syncs == 1


async def test_the_loop_goes_on_while_the_disk_is_slow(disk: Disk, tmp_path: Path) -> None:
    async with run_in(tmp_path) as run:
        disk.hold_syncs()
        slow = asyncio.create_task(run.accepted())
        await bounded(asyncio.to_thread(disk.syncing.wait))
        quick = make_entry(500, Durability.MEMORY)
        await run.append(quick)
        assert await run.claim() == [quick]
        await run.settle(quick)
        assert quick.state is RequestState.SUCCEEDED
        assert not slow.done()
        disk.let_sync()
        await bounded(slow)


async def test_process_is_written_without_a_sync_and_disk_with_one(disk: Disk, tmp_path: Path) -> None:
    async with run_in(tmp_path) as run:
        await run.accepted()
        syncs = disk.syncs
        await run.append(make_entry(500, Durability.PROCESS))
        assert disk.syncs == syncs
        await run.accepted()
        assert disk.syncs == syncs + 1


async def test_an_append_whose_caller_leaves_is_accepted_all_the_same(disk: Disk, tmp_path: Path) -> None:
    async with run_in(tmp_path) as run:
        disk.hold_syncs()
        entry = run.entry()
        leaving = asyncio.create_task(run.append(entry))
        await bounded(asyncio.to_thread(disk.syncing.wait))
        leaving.cancel()
        again = asyncio.create_task(run.append(make_entry(1)))
        await turns()
        disk.let_sync()
        assert (await bounded(again)).entry is entry
        assert await run.claim() == [entry]


async def test_a_failed_sync_ends_all_durable_work_until_a_restart(disk: Disk, tmp_path: Path) -> None:
    async with run_in(tmp_path) as run:
        (kept,) = await run.accepted()
        await run.claim()
        disk.sync_fails = True
        lost = await run.append(run.entry())
        assert lost.error is not None
        assert lost.error.code is ErrorCode.UNAVAILABLE
        disk.sync_fails = False
        syncs = disk.syncs
        refused = await run.append(run.entry())
        assert refused.error is not None
        assert refused.error.code is ErrorCode.UNAVAILABLE
        with pytest.raises(BridgeError, match="UNAVAILABLE"):
            await run.settle(kept)
        assert kept.result is None
        assert run.buffer.health()[0] is HealthState.NOT_SERVING
        assert (await run.append(make_entry(500, Durability.MEMORY))).error is None
    assert disk.syncs == syncs
    async with run_in(tmp_path, first=10) as run:
        assert kept.request.id in {entry.request.id for entry in run.recovered}
        await run.accepted()


async def test_a_full_disk_refuses_requests_keeps_results_and_goes_on_by_itself(disk: Disk, tmp_path: Path) -> None:
    async with run_in(tmp_path) as run:
        (entry,) = await run.accepted()
        finished = finish_of(entry)
        await run.claim()
        disk.full = True
        settled = asyncio.create_task(run.settle(entry))
        refused = await run.append(run.entry())
        assert refused.error is not None
        assert (refused.error.code, refused.error.retryable) == (ErrorCode.UNAVAILABLE, True)
        assert "full" in refused.error.message
        assert run.buffer.health()[0] is HealthState.DEGRADED
        assert not finished.done()
        disk.full = False
        await bounded(settled)
        assert (await bounded(finished)).state is RequestState.SUCCEEDED
        assert (await run.append(refused.entry)).error is None
        assert run.buffer.health()[0] is HealthState.SERVING


async def test_the_log_is_moved_into_the_tables_before_it_grows_large(tmp_path: Path) -> None:
    async with run_in(tmp_path, BufferLimits(stored_results_max=50)) as run:
        for _ in range(60):
            await run.accepted(50, data=b"x" * 2_000)
            await run.settle(*await run.claim())
        assert size(tmp_path / f"{FILE}-wal") < 40 * 2**20
        assert size(tmp_path / FILE) < 40 * 2**20


async def test_a_wrong_result_for_a_moment_is_never_shown(tmp_path: Path) -> None:
    """A reader in between the settle and its commit sees the entry as it was."""
    async with run_in(tmp_path) as run:
        (entry,) = await run.accepted()
        await run.claim()
        settling = asyncio.create_task(run.buffer.settle([(entry, entry.epoch, succeeded(entry))]))
        await asyncio.sleep(0)
        assert entry.state is RequestState.LEASED
        assert entry.result is None
        await bounded(settling)
        assert entry.state is RequestState.SUCCEEDED
