"""The buffer: keeps requests from acceptance to settlement, each as durable as it asks.

    append --> [ index | lane lane lane ] --claim--> a worker --settle--> on_done
                    |                                   |
                    +--------> [ log on disk ] <--------+

It takes entries from the gateway, keeps them in lanes by priority and age, leases them to the batcher
under an epoch, and hands each back once, when it is final. It ends what is past its deadline and what
is cancelled, by itself. It does not know backends, policies, transports or callers: an entry names its
lane, and a result is opaque.

`MemoryBuffer` is the twin that every store is measured by, and the whole buffer where there is no
folder; `SqliteBuffer` adds the log. Both are held by one contract suite, written against the port.
"""

from __future__ import annotations

from pathlib import Path

from qbridge_server.buffer.limits import BufferLimits
from qbridge_server.buffer.memory import MemoryBuffer
from qbridge_server.buffer.sqlite import SqliteBuffer
from qbridge_server.ports import Clock

__all__ = ["BufferLimits", "MemoryBuffer", "SqliteBuffer", "create_buffer"]


def create_buffer(folder: Path | None, *, clock: Clock, limits: BufferLimits | None = None) -> MemoryBuffer:
    """A buffer that keeps its log in `folder`, or in memory alone where that is None. Open it before use."""
    if folder is None:
        return MemoryBuffer(clock, limits or BufferLimits())
    return SqliteBuffer(folder, clock, limits or BufferLimits())
