"""Checkers: one promise each, from a history to a verdict with witnesses.

    history --(total_queue | set_full | effects | leases | priorities | watches | linearizable)--> verdict

They know operations by name (each module says which rows it reads) and nothing of who wrote the history: a store in
this process, a deployment elsewhere, a stranger's queue. `CHECKERS` has them by the name that cases use.
"""

from __future__ import annotations

from qbridge_checks.checkers.effect import effects
from qbridge_checks.checkers.lease import leases
from qbridge_checks.checkers.linearizable import linearizable
from qbridge_checks.checkers.priority import priorities
from qbridge_checks.checkers.queue import total_queue
from qbridge_checks.checkers.set_full import set_full
from qbridge_checks.checkers.watch import watches
from qbridge_checks.verdict import Checker

CHECKERS: dict[str, Checker] = {
    "queue": total_queue,
    "set": set_full,
    "effect": effects,
    "lease": leases,
    "priority": priorities,
    "watch": watches,
    "linearizable": linearizable,
}

__all__ = ["CHECKERS", "effects", "leases", "linearizable", "priorities", "set_full", "total_queue", "watches"]
