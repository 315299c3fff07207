"""Each checker on histories of a few rows, written by hand: what it calls a breach, and what it cannot know."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from qbridge_checks.checkers import effects, leases, linearizable, priorities, set_full, total_queue, watches
from qbridge_checks.history import History, Row
from qbridge_checks.verdict import Verdict, check, merged

Step = tuple[Any, ...]


def history(*steps: Step) -> History:
    """(process, type, f, key, value) for a row; (f, key, asked, answer) for a call of its own without a break.

    A row is a millisecond after the one before.
    """
    rows: list[Row] = []
    alone = 1000

    def add(process: int, type_: Any, f: str, key: str, value: Any) -> None:
        rows.append(Row(len(rows), process, type_, f, key, value, len(rows) * 1_000_000))

    for step in steps:
        if isinstance(step[0], int):
            add(*step)
        else:
            f, key, asked, answer = step
            alone += 1
            add(alone, "invoke", f, key, asked)
            add(alone, "ok", f, key, answer)
    return History(rows)


def kinds(verdict: Verdict) -> list[str]:
    return [finding.kind for finding in verdict.findings]


PUT = ("enqueue", "k", "a", None)
OUT = ("dequeue", "k", None, "a")
DRAINED: Step = ("drain", "", None, [])


def test_a_queue_that_gives_what_it_took_is_valid() -> None:
    assert total_queue(history(PUT, OUT, DRAINED)).valid is True


def test_before_a_drain_what_has_not_come_out_is_unknown() -> None:
    verdict = total_queue(history(PUT, (*PUT[:2], "b", None), OUT))
    assert verdict.valid is None
    assert "no drain" in verdict.reason


def test_after_a_drain_it_is_lost() -> None:
    assert kinds(total_queue(history(PUT, DRAINED))) == ["lost"]


def test_at_most_once_may_lose_and_may_not_repeat() -> None:
    assert total_queue(history(PUT, DRAINED), delivery="at_most_once").valid is True
    assert kinds(total_queue(history(PUT, OUT, OUT, DRAINED), delivery="at_most_once")) == ["duplicated"]


def test_at_least_once_counts_repeats_and_lets_them_be() -> None:
    verdict = total_queue(history(PUT, OUT, OUT, DRAINED))
    assert (verdict.valid, verdict.counts["repeats"]) == (True, 1)


def test_an_unknown_enqueue_that_comes_out_is_recovered_and_one_that_does_not_is_no_loss() -> None:
    unknown = [(1, "invoke", "enqueue", "k", "a"), (1, "info", "enqueue", "k", None), (*PUT[:2], "b", None)]
    out = ("dequeue", "k", None, "b")
    assert total_queue(history(*unknown, OUT, out, DRAINED)).counts["recovered"] == 1
    assert total_queue(history(*unknown, out, DRAINED)).valid is True


def test_what_was_cancelled_is_not_lost() -> None:
    assert total_queue(history(PUT, ("remove", "k", "a", None), DRAINED)).valid is True


def test_concurrent_enqueues_have_no_order() -> None:
    first = [(1, "invoke", "enqueue", "k", "a"), (2, "invoke", "enqueue", "k", "b")]
    both = [*first, (1, "ok", "enqueue", "k", None), (2, "ok", "enqueue", "k", None)]
    out = [("dequeue", "k", None, "b"), OUT, DRAINED]
    assert total_queue(history(*both, *out), order="per_key").valid is True
    one_by_one = [PUT, (*PUT[:2], "b", None)]
    assert kinds(total_queue(history(*one_by_one, *out), order="per_key")) == ["reordered"]


def test_an_element_that_a_later_read_lacks_is_lost() -> None:
    missing: Step = ("read", "", None, [])
    add, seen = ("add", "", 1, None), ("read", "", None, [1])
    assert set_full(history(add, seen)).valid is True
    assert kinds(set_full(history(add, seen, missing))) == ["lost"]
    assert kinds(set_full(history(missing, add, missing))) == ["lost"]


def test_a_late_element_is_stale_and_only_a_linearizable_set_forbids_that() -> None:
    late = history(("add", "", 1, None), ("read", "", None, []), ("read", "", None, [1]))
    assert set_full(late).valid is True
    assert kinds(set_full(late, linearizable=True)) == ["stale"]


def test_a_set_that_nobody_read_is_unknown() -> None:
    assert set_full(history(("add", "", 1, None))).valid is None


def asked(body: str = "b", deadline_ns: int = 0) -> dict[str, Any]:
    return {"body": body, "deadline_ns": deadline_ns}


DONE = {"state": "SUCCEEDED", "result": "r"}
EFFECT = ("effect", "k", {"result": "r"}, {"result": "r"})
START = ("start", "k", None, None)


@pytest.mark.parametrize(
    ("steps", "kind"),
    [
        ([START, EFFECT, EFFECT, ("request", "k", asked(), DONE)], "duplicate_effect"),
        ([START, ("request", "k", asked(), DONE)], "phantom_result"),
        ([START, EFFECT, ("request", "k", asked(), {**DONE, "result": "s"})], "wrong_result"),
        ([START, EFFECT, ("request", "k", asked(), DONE), ("look", "k", None, {"state": "CANCELLED"})], "changed_end"),
        ([EFFECT, ("request", "k", asked(), DONE), START], "start_after_end"),
        ([EFFECT, ("request", "k", asked(), DONE), ("request", "k", asked("c"), DONE)], "conflict_accepted"),
        ([("request", "k", asked(deadline_ns=1), {"state": "EXPIRED"}), START], "late_start"),
        ([("look", "k", None, {"state": "RUNNING"})], "never_ended"),
        ([START, START, START, EFFECT, ("request", "k", asked(), DONE)], "over_budget"),
    ],
)
def test_an_effect_that_breaks_its_promise_is_named(steps: list[Step], kind: str) -> None:
    assert kind in kinds(effects(history(*steps), attempts_max=2))


def test_a_conflict_is_right_for_another_body_and_wrong_for_the_same() -> None:
    conflict = {"code": "IDEMPOTENCY_CONFLICT"}
    first = [EFFECT, ("request", "k", asked(), DONE)]
    other = [(1, "invoke", "request", "k", asked("c")), (1, "fail", "request", "k", conflict)]
    same = [(1, "invoke", "request", "k", asked()), (1, "fail", "request", "k", conflict)]
    assert effects(history(*first, *other)).valid is True
    assert kinds(effects(history(*first, *same))) == ["false_conflict"]


def test_a_backend_that_may_repeat_is_counted_and_not_judged() -> None:
    steps = [START, EFFECT, EFFECT, ("request", "k", asked(), DONE)]
    verdict = effects(history(*steps), idempotent=False)
    assert (verdict.valid, verdict.counts["repeats"]) == (True, 1)


def lease(epoch: int, until_ms: int) -> Step:
    return ("lease", "m", None, {"epoch": epoch, "until_ns": until_ms * 1_000_000})


def settle(epoch: int, end: str) -> list[Step]:
    return [(epoch, "invoke", "settle", "m", {"epoch": epoch}), (epoch, end, "settle", "m", None)]


def test_a_lease_that_ran_out_may_be_given_again_and_a_live_one_may_not() -> None:
    assert leases(history(lease(1, 2), lease(2, 9))).valid is True
    assert kinds(leases(history(lease(1, 9), lease(2, 20)))) == ["overlap"]


def test_a_heartbeat_keeps_a_lease() -> None:
    beat = ("heartbeat", "m", None, {"epoch": 1, "until_ns": 50_000_000})
    assert kinds(leases(history(lease(1, 3), beat, lease(2, 60)))) == ["overlap"]


def test_an_old_epoch_is_refused_and_the_holder_is_not() -> None:
    given = [lease(1, 1), lease(2, 90)]
    assert leases(history(*given, *settle(1, "fail"), *settle(2, "ok"))).valid is True
    assert kinds(leases(history(*given, *settle(1, "ok")))) == ["stale_settle"]
    assert kinds(leases(history(*given, *settle(2, "fail")))) == ["live_refused"]


def test_a_message_is_settled_once_and_leased_no_more() -> None:
    assert kinds(leases(history(lease(1, 90), *settle(1, "ok"), *settle(1, "ok")))) == ["settled_twice"]
    assert kinds(leases(history(lease(1, 90), *settle(1, "ok"), lease(2, 90)))) == ["leased_after_end"]


def shown(key: str, priority: int) -> Step:
    return ("visible", key, {"priority": priority}, None)


def begun(key: str) -> Step:
    return ("start", key, None, None)


def test_the_urgent_go_first_unless_they_came_within_the_batch_window() -> None:
    steps = [shown("low", 1), shown("high", 9), begun("low"), begun("high")]
    assert kinds(priorities(history(*steps))) == ["inversion"]
    assert priorities(history(*steps), window_s=0.1).valid is True


def test_what_is_gone_is_not_waited_for() -> None:
    steps = [shown("low", 1), shown("high", 9), ("gone", "high", None, None), begun("low")]
    assert priorities(history(*steps)).valid is True


def test_with_ageing_the_old_overtake_the_urgent() -> None:
    steps = [shown("old", 1), *[shown(f"x{n}", 5) for n in range(20)], shown("high", 2), begun("old")]
    newest_only = history(*(step for step in steps if step[1] in ("old", "high")))
    assert kinds(priorities(newest_only)) == ["inversion"]
    assert priorities(newest_only, ageing_s=0.001).valid is True


def test_what_waits_too_long_starves_started_or_not() -> None:
    steps = [shown("a", 5), *[begun(f"b{n}") if n % 2 else shown(f"b{n + 1}", 9) for n in range(20)]]
    verdict = priorities(history(*steps), starvation_s_max=0.01)
    assert "starved" in kinds(verdict)
    assert "starved" not in kinds(priorities(history(*steps), starvation_s_max=inf))


def event(version: int) -> Step:
    return (7, "invoke", "event", "k", {"version": version}), (7, "ok", "event", "k", None)


def watching(after: int, *more: tuple[Step, Step]) -> list[Step]:
    opened = [(7, "invoke", "watch", "k", {"after": after}), (7, "ok", "watch", "k", None)]
    return [*opened, *(row for pair in more for row in pair)]


WRITTEN = [("write", "k", None, {"version": version}) for version in (1, 2, 3)]


@pytest.mark.parametrize(
    ("events", "kind"),
    [([1, 3], "gap"), ([1, 1], "repeated"), ([2, 1], "reordered"), ([1, 2, 3, 4], "unexpected")],
)
def test_a_watch_that_breaks_its_promise_is_named(events: list[int], kind: str) -> None:
    assert kind in kinds(watches(history(*WRITTEN, *watching(0, *map(event, events)))))


def test_a_gap_that_compaction_announces_is_none() -> None:
    compacted = ((7, "invoke", "compacted", "k", {"version": 2}), (7, "ok", "compacted", "k", None))
    assert watches(history(*WRITTEN, *watching(0, compacted, event(3)))).valid is True


def test_a_resume_goes_on_behind_what_it_names() -> None:
    assert watches(history(*WRITTEN, *watching(2, event(3)))).valid is True


def test_stale_reads_are_not_linearizable_and_overlapping_ones_are() -> None:
    stale = history(("write", "r", 1, None), ("read", "r", None, None))
    assert kinds(linearizable(stale)) == ["not_linearizable"]
    overlapping = [
        (1, "invoke", "write", "r", 1),
        (2, "invoke", "read", "r", None),
        (2, "ok", "read", "r", None),
        (1, "ok", "write", "r", None),
    ]
    assert linearizable(history(*overlapping)).valid is True


def test_a_call_whose_end_nobody_saw_may_have_happened_or_not() -> None:
    unknown = [(1, "invoke", "write", "r", 1), (1, "info", "write", "r", None)]
    assert linearizable(history(*unknown, ("read", "r", None, 1))).valid is True
    assert linearizable(history(*unknown, ("read", "r", None, None))).valid is True
    came_back = [("read", "r", None, 1), ("read", "r", None, None)]
    assert kinds(linearizable(history(*unknown, *came_back))) == ["not_linearizable"]


def test_a_compare_and_set_needs_its_match_and_a_refusal_needs_a_mismatch() -> None:
    write = ("write", "r", 1, None)
    assert linearizable(history(write, ("cas", "r", [1, 2], None), ("read", "r", None, 2))).valid is True
    assert kinds(linearizable(history(write, ("cas", "r", [3, 2], None)))) == ["not_linearizable"]
    refused = [(1, "invoke", "cas", "r", [1, 2]), (1, "fail", "cas", "r", None)]
    assert kinds(linearizable(history(write, *refused))) == ["not_linearizable"]


def test_a_search_that_takes_too_long_is_unknown_and_never_passed() -> None:
    steps: list[Step] = [(n, "invoke", "write", "r", n) for n in range(12)]
    steps += [(n, "ok", "write", "r", None) for n in range(12)]
    verdict = linearizable(history(*steps, ("read", "r", None, 99)), steps_max=50)
    assert verdict.valid is None
    assert "50 steps" in verdict.reason


def test_a_checker_that_breaks_is_unknown() -> None:
    broken = check(leases, history(("lease", "m", None, "no lease")))
    assert broken.valid is None
    assert "the checker broke" in broken.reason


def test_verdicts_merge_to_the_worst() -> None:
    valid, invalid, unknown = Verdict("a", True), Verdict("b", False), Verdict("c", None)
    assert merged([valid, valid]) is True
    assert merged([valid, unknown]) is None
    assert merged([unknown, invalid, valid]) is False
    assert merged([]) is None
