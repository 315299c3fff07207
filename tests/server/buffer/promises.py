"""What every buffer promises, written against the port alone. Each promise is a page: arrange, act, assert.

`test_contract.py` holds each store to all of them, and shows with planted bugs that they can fail.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from math import inf

import pytest

from qbridge_contract.structs import ErrorCode, RequestState
from qbridge_server.ports import Entry, place_of

from .making import CLOCK, Bench, bounded, finish_of, make_entry, request_id, succeeded, turns

Promise = Callable[[Bench], Awaitable[None]]
PROMISES: list[Promise] = []


def promise(check: Promise) -> Promise:
    PROMISES.append(check)
    return check


# ---- acceptance and order


@promise
async def an_accepted_entry_is_queued_and_claimed_once(bench: Bench) -> None:
    (entry,) = await bench.accepted()
    assert entry.state is RequestState.QUEUED
    assert await bench.claim() == [entry]
    assert entry.state is RequestState.LEASED
    assert await bench.claim() == []


@promise
async def the_highest_priority_goes_first_and_then_the_oldest(bench: Bench) -> None:
    low = await bench.accepted(2, priority=0)
    high = await bench.accepted(2, priority=9)
    middle = await bench.accepted(2, priority=5)
    assert await bench.claim(3) == [*high, middle[0]]
    assert await bench.claim(9) == [middle[1], *low]


@promise
async def each_lane_gives_its_own(bench: Bench) -> None:
    (here,) = await bench.accepted()
    (there,) = await bench.accepted(lane="echo/y")
    assert await bench.lane("echo/y").claim(9, CLOCK.monotonic()) == [there]
    assert await bench.claim() == [here]
    assert {lane.key for lane in bench.buffer.lanes()} == {"echo/x", "echo/y"}


@promise
async def a_full_lane_refuses_and_says_when_to_come_back(bench: Bench) -> None:
    await bench.accepted(bench.limits.lane_items_max)
    refused = await bench.append(bench.entry())
    assert refused.error is not None
    assert refused.error.code is ErrorCode.QUEUE_FULL
    assert refused.error.retryable
    assert refused.error.retry_after_s > 0
    assert refused.entry.state is RequestState.REJECTED
    assert await bench.buffer.get("local", refused.entry.request.id) is None
    await bench.claim(1)
    assert (await bench.append(bench.entry())).error is None


@promise
async def one_append_over_the_bound_accepts_what_fits(bench: Bench) -> None:
    entries = [bench.entry() for _ in range(bench.limits.lane_items_max + 3)]
    answers = await bounded(bench.buffer.append(entries))
    assert [answer.error is None for answer in answers] == [True] * bench.limits.lane_items_max + [False] * 3


@promise
async def the_view_is_in_physical_units(bench: Bench) -> None:
    now = CLOCK.monotonic()
    empty = bench.lane().view(now, 3)
    assert (empty.depth, empty.head_age_s, empty.slack_s, empty.in_flight) == (0, 0.0, inf, 3)
    first, second, _ = await bench.accepted(3, timeout_s=60.0)
    view = bench.lane().view(first.accepted_at + 2.0, 0)
    assert view.depth == 3
    assert view.head_age_s == pytest.approx(2.0)
    assert view.slack_s == pytest.approx(58.0)
    await bench.claim(1)
    view = bench.lane().view(second.accepted_at, 0)
    assert view.depth == 2
    assert view.slack_s == pytest.approx(60.0)


@promise
async def ahead_counts_what_a_claim_takes_first(bench: Bench) -> None:
    first, second = await bench.accepted(2, priority=5)
    (urgent,) = await bench.accepted(1, priority=7)
    assert [bench.buffer.ahead(entry) for entry in (urgent, first, second)] == [0, 1, 2]
    await bench.claim(1)
    assert [bench.buffer.ahead(entry) for entry in (urgent, first, second)] == [0, 0, 1]


# ---- leases


@promise
async def every_lease_has_a_newer_epoch_and_counts_an_attempt(bench: Bench) -> None:
    (entry,) = await bench.accepted()
    await bench.claim()
    first = entry.epoch
    bench.buffer.release([(entry, first)])
    assert entry.state is RequestState.QUEUED
    await bench.claim()
    assert entry.epoch > first > 0
    assert entry.attempts == 2


@promise
async def a_result_of_an_older_lease_is_refused(bench: Bench) -> None:
    (entry,) = await bench.accepted()
    await bench.claim()
    old = entry.epoch
    bench.buffer.release([(entry, old)])
    await bench.claim()
    await bounded(bench.buffer.settle([(entry, old, succeeded(entry, b"late"))]))
    assert entry.state is RequestState.LEASED
    await bench.settle(entry, data=b"current")
    assert entry.result is not None
    assert entry.result.reply is not None
    assert entry.result.reply.payload is not None
    assert entry.result.reply.payload.data == b"current"


@promise
async def a_result_after_a_release_is_refused(bench: Bench) -> None:
    (entry,) = await bench.accepted()
    await bench.claim()
    bench.buffer.release([(entry, entry.epoch)])
    await bench.settle(entry)
    assert entry.result is None
    assert await bench.claim() == [entry]


@promise
async def released_entries_go_back_to_their_old_places(bench: Bench) -> None:
    entries = await bench.accepted(6)
    first, second = await bench.claim(2), await bench.claim(2)
    bench.buffer.release([(entry, entry.epoch) for entry in reversed(first)])
    bench.buffer.release([(entry, entry.epoch) for entry in second])
    assert await bench.claim() == entries


@promise
async def a_release_under_an_older_epoch_changes_nothing(bench: Bench) -> None:
    (entry,) = await bench.accepted()
    await bench.claim()
    old = entry.epoch
    bench.buffer.release([(entry, old)])
    await bench.claim()
    bench.buffer.release([(entry, old)])
    assert entry.state is RequestState.LEASED
    assert await bench.claim() == []


# ---- ends


@promise
async def a_settled_entry_is_final_told_once_and_readable(bench: Bench) -> None:
    (entry,) = await bench.accepted()
    finished = finish_of(entry)
    await bench.claim()
    bench.buffer.running([entry])
    assert entry.state is RequestState.RUNNING
    await bench.settle(entry)
    assert await bounded(finished) is entry
    assert entry.state is RequestState.SUCCEEDED
    assert entry.finished_at >= entry.leased_at > 0
    assert await bench.buffer.get("local", entry.request.id) is entry


@promise
async def nothing_changes_a_final_entry(bench: Bench) -> None:
    (entry,) = await bench.accepted()
    finish_of(entry)
    await bench.claim()
    await bench.settle(entry)
    result, events = entry.result, list(entry.events)
    await bench.settle(entry, data=b"again")
    bench.buffer.release([(entry, entry.epoch)])
    bench.buffer.running([entry])
    assert await bounded(bench.buffer.cancel(entry)) is False
    assert entry.result is result
    assert entry.events == events
    assert await bench.claim() == []


@promise
async def two_results_at_once_leave_one(bench: Bench) -> None:
    (entry,) = await bench.accepted()
    finish_of(entry)
    await bench.claim()
    await asyncio.gather(bench.settle(entry, data=b"a"), bench.settle(entry, data=b"b"))
    assert [state for state, _ in entry.events].count(RequestState.SUCCEEDED) == 1


@promise
async def a_cancelled_waiting_entry_is_never_claimed(bench: Bench) -> None:
    first, second, third = await bench.accepted(3)
    finished = finish_of(second)
    assert await bounded(bench.buffer.cancel(second)) is True
    assert (await bounded(finished)).state is RequestState.CANCELLED
    assert second.result is not None
    assert second.result.error is not None
    assert second.result.error.code is ErrorCode.CANCELLED
    assert bench.lane().view(CLOCK.monotonic(), 0).depth == 2
    assert await bench.claim() == [first, third]


@promise
async def a_cancelled_leased_entry_refuses_its_result(bench: Bench) -> None:
    (entry,) = await bench.accepted()
    finished = finish_of(entry)
    await bench.claim()
    assert await bounded(bench.buffer.cancel(entry)) is True
    await bench.settle(entry)
    assert (await bounded(finished)).state is RequestState.CANCELLED


@promise
async def an_entry_that_was_never_accepted_cannot_be_cancelled(bench: Bench) -> None:
    entry = bench.entry()
    entry.on_done = pytest.fail  # type: ignore[assignment]
    assert await bounded(bench.buffer.cancel(entry)) is False
    assert entry.state is RequestState.SUBMITTED
    assert (await bench.append(entry)).error is None
    assert await bench.claim() == [entry]


@promise
async def a_repeat_cannot_be_cancelled_in_the_place_of_the_first(bench: Bench) -> None:
    (first,) = await bench.accepted(key="k")
    again = bench.entry(key="k")
    assert (await bench.append(again)).replayed
    assert await bounded(bench.buffer.cancel(again)) is False
    assert (again.result, first.state) == (None, RequestState.QUEUED)


@promise
async def a_deadline_ends_a_waiting_entry_though_nobody_claims(bench: Bench) -> None:
    (entry,) = await bench.accepted(timeout_s=0.02)
    (patient,) = await bench.accepted(timeout_s=60.0)
    expired = await bounded(finish_of(entry))
    assert expired.state is RequestState.EXPIRED
    assert expired.result is not None
    assert expired.result.error is not None
    assert expired.result.error.code is ErrorCode.DEADLINE_EXCEEDED
    assert CLOCK.monotonic() >= (entry.deadline or inf)
    assert await bench.claim() == [patient]


@promise
async def a_deadline_ends_a_running_entry_and_refuses_its_result(bench: Bench) -> None:
    (entry,) = await bench.accepted(timeout_s=0.05)
    finished = finish_of(entry)
    bench.buffer.running(await bench.claim())
    assert (await bounded(finished)).state is RequestState.EXPIRED
    await bench.settle(entry)
    assert entry.state is RequestState.EXPIRED


@promise
async def a_claim_passes_over_what_is_past_its_deadline(bench: Bench) -> None:
    (late,) = await bench.accepted(timeout_s=30.0)
    (other,) = await bench.accepted()
    finished = finish_of(late)
    assert await bounded(bench.lane().claim(9, CLOCK.monotonic() + 31.0)) == [other]
    assert (await bounded(finished)).state is RequestState.EXPIRED


@promise
async def the_nearest_of_many_deadlines_is_met_first(bench: Bench) -> None:
    ended: list[Entry] = []
    entries = [bench.entry(timeout_s=timeout_s) for timeout_s in (0.12, 0.04, 0.08)]
    for entry in entries:
        entry.on_done = ended.append
    await bounded(bench.buffer.append(entries))
    last = finish_of(entries[0])
    await bounded(last)
    assert ended == [entries[1], entries[2]]


# ---- idempotency


@promise
async def the_same_request_again_answers_the_first(bench: Bench) -> None:
    (first,) = await bench.accepted()
    again = bench.entry()
    again.request.id = again.effect_key = first.request.id
    while_waiting = await bench.append(again)
    assert (while_waiting.entry, while_waiting.replayed) == (first, True)
    await bench.claim()
    await bench.settle(first)
    afterwards = await bench.append(again)
    assert (afterwards.entry, afterwards.replayed) == (first, True)
    assert await bench.claim() == []


@promise
async def the_same_key_under_another_id_answers_the_first(bench: Bench) -> None:
    (first,) = await bench.accepted(key="order-7")
    again = await bench.append(bench.entry(key="order-7"))
    assert (again.entry, again.replayed) == (first, True)
    assert await bench.claim() == [first]


@promise
async def the_same_key_for_another_operation_is_a_conflict(bench: Bench) -> None:
    (first,) = await bench.accepted(key="order-7", data=b"one")
    other = await bench.append(bench.entry(key="order-7", data=b"two"))
    assert other.error is not None
    assert other.error.code is ErrorCode.IDEMPOTENCY_CONFLICT
    assert await bench.claim() == [first]


@promise
async def a_key_belongs_to_its_tenant(bench: Bench) -> None:
    (ours,) = await bench.accepted(key="order-7", data=b"one")
    (theirs,) = await bench.accepted(key="order-7", data=b"two", tenant="them")
    assert await bench.claim() == [ours, theirs]


@promise
async def of_two_appends_at_once_under_one_key_one_is_accepted(bench: Bench) -> None:
    entries = [bench.entry(key="order-7") for _ in range(8)]
    answers = await asyncio.gather(*(bench.append(entry) for entry in entries))
    (accepted,) = [answer.entry for answer in answers if not answer.replayed]
    assert {answer.entry.request.id for answer in answers} == {accepted.request.id}
    assert await bench.claim() == [accepted]


@promise
async def one_append_that_repeats_itself_accepts_once(bench: Bench) -> None:
    entries = [bench.entry(key="order-7") for _ in range(3)]
    answers = await bounded(bench.buffer.append(entries))
    assert [answer.replayed for answer in answers] == [False, True, True]
    assert await bench.claim() == [entries[0]]


# ---- wake-ups


@promise
async def an_append_wakes_who_waits_for_a_change(bench: Bench) -> None:
    waiting = asyncio.create_task(bench.lane().changed())
    await turns()
    assert not waiting.done()
    await bench.accepted()
    await bounded(waiting)


@promise
async def a_change_before_the_wait_is_not_lost(bench: Bench) -> None:
    await bench.accepted()
    await bounded(bench.lane().changed())
    (entry,) = await bench.claim()
    bench.buffer.release([(entry, entry.epoch)])
    await bounded(bench.lane().changed())


@promise
async def a_change_that_was_seen_does_not_end_the_next_wait(bench: Bench) -> None:
    await bench.accepted()
    await bounded(bench.lane().changed())
    waiting = asyncio.create_task(bench.lane().changed())
    await turns()
    assert not waiting.done()
    await bench.accepted()
    await bounded(waiting)


@promise
async def a_wake_up_survives_the_cancellation_of_who_waited(bench: Bench) -> None:
    waiting = asyncio.create_task(bench.lane().changed())
    await turns()
    appended = asyncio.create_task(bench.accepted())
    waiting.cancel()
    await bounded(appended)
    await bounded(bench.lane().changed())


@promise
async def a_wait_for_a_change_ends_with_its_timeout(bench: Bench) -> None:
    await bounded(bench.lane().changed(0.01))
    await bounded(bench.lane().changed(0.0))


# ---- reading


@promise
async def events_tell_each_change_in_order(bench: Bench) -> None:
    entry = bench.entry()
    seen: list[RequestState] = []
    entry.watchers = [lambda entry: seen.append(entry.state)]
    await bench.append(entry)
    await bench.claim()
    bench.buffer.running([entry])
    await bench.settle(entry)
    states = [RequestState.QUEUED, RequestState.LEASED, RequestState.RUNNING, RequestState.SUCCEEDED]
    assert seen == states
    assert [state for state, _ in entry.events] == [RequestState.SUBMITTED, *states]
    assert [wall for _, wall in entry.events] == sorted(wall for _, wall in entry.events)


@promise
async def a_watcher_that_fails_hurts_nobody(bench: Bench) -> None:
    def fail(entry: Entry) -> None:
        raise ValueError(entry.request.id)

    first, second = bench.entry(), bench.entry()
    first.watchers, first.on_done = [fail], fail
    finished = finish_of(second)
    await bounded(bench.buffer.append([first, second]))
    await bench.claim()
    await bench.settle(first, second)
    assert (await bounded(finished)).state is RequestState.SUCCEEDED
    assert first.state is RequestState.SUCCEEDED


@promise
async def a_list_is_newest_first_by_acceptance_and_goes_on_behind_a_page(bench: Bench) -> None:
    numbers = [7, 2, 9, 4, 5]  # A caller's ids need not sort by time.
    entries = [make_entry(number, bench.durability) for number in numbers]
    moment = entries[0].accepted_wall
    for place, entry in enumerate(entries):
        entry.accepted_wall = moment + 0.001 * (place // 2)  # Two of one moment follow their ids.
    await bounded(bench.buffer.append(entries))
    await bench.accepted(2, tenant="them")
    await bench.settle(*(await bench.claim(2)))
    newest = [request_id(number) for number in (5, 9, 4, 7, 2)]

    async def ids(
        backend: str = "", state: RequestState | None = None, behind: Entry | None = None, limit: int = 9
    ) -> list[str]:
        before = "" if behind is None else place_of(behind)
        found = await bounded(bench.buffer.list("local", backend, state, before, limit))
        return [entry.request.id for entry in found]

    assert await ids() == newest
    assert await ids(limit=2) == newest[:2]
    assert await ids(behind=entries[2], limit=2) == newest[2:4]
    assert await ids(behind=entries[1]) == []
    assert await ids(state=RequestState.SUCCEEDED) == newest[3:]
    assert await ids(state=RequestState.QUEUED) == newest[:3]
    assert await ids(backend="echo") == newest
    assert await ids(backend="other") == []


@promise
async def a_request_is_its_tenants_own(bench: Bench) -> None:
    (entry,) = await bench.accepted()
    assert await bounded(bench.buffer.get("local", entry.request.id)) is entry
    assert await bounded(bench.buffer.get("them", entry.request.id)) is None
    assert await bounded(bench.buffer.get("local", request_id(999_999))) is None
    assert await bounded(bench.buffer.list("them", "", None, "", 9)) == []


# ---- all together


@promise
async def of_many_entries_each_ends_exactly_once(bench: Bench) -> None:
    """Callers, workers that fail, cancels and deadlines at once; the seed decides who does what."""
    rng = random.Random(7)
    ends: dict[str, list[RequestState]] = {}
    accepted: list[Entry] = []

    async def call() -> None:
        for _ in range(40):
            entry = bench.entry(priority=rng.randrange(10), timeout_s=rng.choice([None, 0.0, 30.0]))
            entry.on_done = lambda done: ends.setdefault(done.request.id, []).append(done.state)
            while (await bench.append(entry)).error is not None:
                await turns(1)
            accepted.append(entry)
            if rng.random() < 0.2:
                await bounded(bench.buffer.cancel(rng.choice(accepted)))

    async def work() -> None:
        while True:
            await bench.lane().changed(0.05)
            while entries := await bench.claim(rng.randrange(1, 6)):
                epochs = [(entry, entry.epoch) for entry in entries]
                await asyncio.sleep(0)
                lost = [pair for pair in epochs if rng.random() < 0.3]
                bench.buffer.release(lost)
                await bounded(bench.buffer.settle([(entry, epoch, succeeded(entry)) for entry, epoch in epochs]))

    workers = [asyncio.create_task(work()) for _ in range(3)]
    await bounded(asyncio.gather(*(call() for _ in range(5))))
    async with asyncio.timeout(10.0):
        while len(ends) < len(accepted):
            await turns(1)
    for worker in workers:
        worker.cancel()
    assert {entry.request.id: [entry.state] for entry in accepted} == ends
    assert bench.lane().view(CLOCK.monotonic(), 0).depth == 0
    assert {state for (state,) in ends.values()} == {
        RequestState.SUCCEEDED,
        RequestState.CANCELLED,
        RequestState.EXPIRED,
    }
