"""The planted bugs: which world has each, which checker finds it, and as what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qbridge_checks.checkers import CHECKERS
from qbridge_checks.history import History
from qbridge_checks.verdict import Verdict, check

from .worlds.queue import AGEING_S, ATTEMPTS_MAX, QueueWorld
from .worlds.registers import RegisterWorld
from .worlds.sets import SetWorld
from .worlds.watches import WatchWorld

World = Callable[[int, str], History]
WORLDS: dict[str, World] = {
    "queue": lambda seed, bug: QueueWorld(seed, bug).history(),
    "watch": lambda seed, bug: WatchWorld(seed, bug).history(),
    "set": lambda seed, bug: SetWorld(seed, bug).history(),
    "registers": lambda seed, bug: RegisterWorld(seed, bug).history(),
}
CHECKED: dict[str, dict[str, dict[str, Any]]] = {
    "queue": {
        "queue": {"delivery": "exactly_once", "order": "per_key"},
        "effect": {"attempts_max": ATTEMPTS_MAX},
        "lease": {},
        "priority": {"window_s": 0.0, "ageing_s": AGEING_S, "starvation_s_max": 1.5},
    },
    "watch": {"watch": {}},
    "set": {"set": {"linearizable": True}},
    "registers": {"linearizable": {}},
}
"""World -> the checkers that judge it -> their options."""


@dataclass(frozen=True)
class Planted:
    """A bug by name: its world, and the breach that shows it."""

    name: str
    world: str
    checker: str
    kind: str


BUGS = [
    Planted("acks_before_sync", "queue", "queue", "lost"),
    Planted("drops_silently", "queue", "queue", "lost"),
    Planted("recovery_forgets_the_last", "queue", "queue", "lost"),
    Planted("serves_what_it_refused", "queue", "queue", "unexpected"),
    Planted("invents_items", "queue", "queue", "unexpected"),
    Planted("delivers_twice", "queue", "queue", "duplicated"),
    Planted("newest_first", "queue", "queue", "reordered"),
    Planted("keys_are_ignored", "queue", "effect", "conflict_accepted"),
    Planted("forgets_keys_on_restart", "queue", "queue", "duplicated"),
    Planted("conflict_is_accepted", "queue", "effect", "conflict_accepted"),
    Planted("conflict_with_itself", "queue", "effect", "false_conflict"),
    Planted("backend_works_again", "queue", "effect", "duplicate_effect"),
    Planted("mixes_results_up", "queue", "effect", "wrong_result"),
    Planted("succeeds_without_effect", "queue", "effect", "phantom_result"),
    Planted("cancel_rewrites_ends", "queue", "effect", "changed_end"),
    Planted("starts_after_the_deadline", "queue", "effect", "late_start"),
    Planted("tries_without_end", "queue", "effect", "over_budget"),
    Planted("starts_what_was_cancelled", "queue", "effect", "start_after_end"),
    Planted("never_reclaims", "queue", "effect", "never_ended"),
    Planted("stale_settles_count", "queue", "lease", "stale_settle"),
    Planted("settles_twice", "queue", "lease", "settled_twice"),
    Planted("refuses_the_holder", "queue", "lease", "live_refused"),
    Planted("leases_what_is_held", "queue", "lease", "overlap"),
    Planted("heartbeats_are_ignored", "queue", "lease", "overlap"),
    Planted("epochs_begin_again", "queue", "lease", "epoch_not_growing"),
    Planted("epochs_stand_still", "queue", "lease", "epoch_not_growing"),
    Planted("priority_is_ignored", "queue", "priority", "inversion"),
    Planted("nothing_ages", "queue", "priority", "inversion"),
    Planted("resume_skips_one", "watch", "watch", "gap"),
    Planted("resume_repeats_one", "watch", "watch", "repeated"),
    Planted("delivers_out_of_order", "watch", "watch", "reordered"),
    Planted("compacts_without_a_word", "watch", "watch", "gap"),
    Planted("invents_a_version", "watch", "watch", "unexpected"),
    Planted("progress_runs_ahead", "watch", "watch", "progress_ahead"),
    Planted("ends_before_the_last", "watch", "watch", "undelivered"),
    Planted("loses_on_compaction", "set", "set", "lost"),
    Planted("reads_an_old_copy", "set", "set", "stale"),
    Planted("stores_twice", "set", "set", "duplicated"),
    Planted("shows_what_was_refused", "set", "set", "unexpected"),
    Planted("lost_update", "registers", "linearizable", "not_linearizable"),
    Planted("reads_a_replica", "registers", "linearizable", "not_linearizable"),
    Planted("cas_without_compare", "registers", "linearizable", "not_linearizable"),
    Planted("crash_reverts_a_write", "registers", "linearizable", "not_linearizable"),
    Planted("refused_cas_applies", "registers", "linearizable", "not_linearizable"),
]


def judge(world: str, history: History) -> list[Verdict]:
    """The verdicts of every checker of a world."""
    return [check(CHECKERS[name], history, **options) for name, options in CHECKED[world].items()]


def caught(bug: Planted, seed: int) -> bool:
    """Whether a run with the bug is found out, and named."""
    history = WORLDS[bug.world](seed, bug.name)
    verdict = check(CHECKERS[bug.checker], history, **CHECKED[bug.world][bug.checker])
    return any(finding.kind == bug.kind for finding in verdict.findings)
