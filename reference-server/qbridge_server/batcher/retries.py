"""The entries of a lane that wait for their next attempt."""

from __future__ import annotations

import asyncio
from collections.abc import KeysView, Sequence

from qbridge_server.ports import Buffer, Entry, Spawn


class Retries:
    """Keeps leased entries for a pause, then gives them back to their lane. Until then they stay leased."""

    def __init__(self, buffer: Buffer, spawn: Spawn) -> None:
        self._buffer = buffer
        self._spawn = spawn
        self._leases: dict[Entry, int] = {}

    @property
    def waiting(self) -> KeysView[Entry]:
        """The entries that wait now."""
        return self._leases.keys()

    def later(self, leases: Sequence[tuple[Entry, int]], pause_s: float) -> None:
        """Gives `leases` back together, after the pause."""
        self._leases.update(leases)
        self._spawn(self._pause(leases, pause_s), f"retry {leases[0][0].lane}")

    async def _pause(self, leases: Sequence[tuple[Entry, int]], pause_s: float) -> None:
        await asyncio.sleep(pause_s)
        self._give_back([lease for lease in leases if self._leases.get(lease[0]) == lease[1]])

    def hurry(self) -> None:
        """Gives all back now."""
        self._give_back(list(self._leases.items()))

    def _give_back(self, leases: Sequence[tuple[Entry, int]]) -> None:
        for entry, _ in leases:
            del self._leases[entry]
        self._buffer.release(leases)
