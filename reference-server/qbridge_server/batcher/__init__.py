"""The batcher: decides when the waiting requests of a lane become a batch, and takes the batch to its backend.

It takes lanes from the buffer and backends from the registry; it gives outcomes back to the buffer as results.
A policy chooses among what the guard allows; the guard (greatest age, greatest size, deadlines, batches in
flight) is code that no policy can overrule. It knows nothing of callers, doors or stores.

    lane.changed -> view -> policy.decide -> guard -> lane.claim -> backend.execute -> buffer.settle
"""

from qbridge_server.batcher.batcher import Batcher
from qbridge_server.batcher.policy import TimerSizePolicy

__all__ = ["Batcher", "TimerSizePolicy"]
