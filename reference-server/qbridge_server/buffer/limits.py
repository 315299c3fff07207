"""How much the buffer holds, and for how long."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BufferLimits:
    """The sizes of the buffer. What is over a size is refused or forgotten, never queued elsewhere."""

    lane_items_max: int = 10_000
    """Waiting entries of a lane; the next is refused with QUEUE_FULL."""
    lane_bytes_max: int = 256 * 1024 * 1024
    """Payload of the waiting entries of a lane; one that is larger by itself waits alone."""
    lanes_max: int = 4_096
    """Lanes at once; an entry that would need one more is refused with QUEUE_FULL."""
    full_retry_after_s: float = 1.0
    """What a QUEUE_FULL tells its caller to wait."""
    results_max: int = 10_000
    """Final entries kept in memory; the oldest is forgotten (or is in the store alone)."""
    results_bytes_max: int = 64 * 1024 * 1024
    """Payload of the final entries kept in memory, requests and results; but the latest one stays."""
    result_ttl_s: float = 300.0
    """How long a final entry is kept in memory."""
    group_rows_max: int = 1_000
    """Rows of a commit group."""
    stored_results_max: int = 100_000
    """Final requests kept in the store; the oldest are deleted. Their effect keys go with them."""
    stored_result_ttl_s: float = 7 * 86_400.0
    """How long a final request is kept in the store."""
