"""How long the log keeps settled requests: by count and by age, a few rows at a time."""

from __future__ import annotations

from math import inf

import apsw

from qbridge_server.buffer.database import transaction
from qbridge_server.buffer.limits import BufferLimits
from qbridge_server.ports import Clock

ROWS_MAX = 1_000
"""Rows that one call deletes: as many as a group settles, so that it keeps pace."""
AGE_EVERY_S = 60.0
"""How often it looks for rows that are too old."""


class Retention:
    """Deletes the settled requests that settled longest ago. Unfinished ones are never touched.

    Freed pages are used again, so the file stops growing once it has its full count.
    """

    def __init__(self, clock: Clock, limits: BufferLimits) -> None:
        self._clock = clock
        self._limits = limits
        self._rows = 0
        self._looked_at = -inf

    def begin(self, rows: int) -> None:
        """Says how many settled requests there are."""
        self._rows = rows

    def settled(self, rows: int) -> None:
        """Says that there are so many more."""
        self._rows += rows

    def delete_some(self, db: apsw.Connection) -> None:
        """Deletes up to ROWS_MAX rows that are over the count or the age, in a transaction of its own."""
        surplus = self._rows - self._limits.stored_results_max
        now = self._clock.monotonic()
        too_old = -inf
        if now - self._looked_at >= AGE_EVERY_S:
            self._looked_at = now
            too_old = self._clock.wall() - self._limits.stored_result_ttl_s
        # Some slack, so that a store at its full count does not delete a row for every row.
        if surplus > self._limits.stored_results_max // 50 or too_old > -inf:
            self._delete(db, surplus, too_old)

    def _delete(self, db: apsw.Connection, surplus: int, too_old: float) -> None:
        oldest = "SELECT row, settled_at FROM settlement ORDER BY settled_at LIMIT ?"
        rows = [
            (row,)
            for place, (row, settled_at) in enumerate(db.execute(oldest, (ROWS_MAX,)))
            if place < surplus or settled_at < too_old
        ]
        if not rows:
            return
        with transaction(db):
            db.executemany("DELETE FROM settlement WHERE row = ?", rows)
            db.executemany("DELETE FROM request WHERE row = ?", rows)
        self._rows -= len(rows)
