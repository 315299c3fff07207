"""Whose fault it is when a stream ends with an error that sending again does not mend.

The error is the stream's, and names no request; the others on it are innocent and must not pay. What is too
large is known by its size: if the bridge refused a frame of some size, it refuses all that are as large.
Of any other error all that were on the stream are suspects: they go again one at a time, and whoever breaks
a stream alone is at fault. The session asks this after each end of a stream; it fails and sends itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from qbridge._transports._pending import Pending
from qbridge.exceptions import QBridgeError
from qbridge_contract.structs import ErrorCode

_FRAME_BYTES_MAX = 1 << 20
"""A frame closes when it has this many bytes, so that small requests do not wait behind large ones."""


class Faults:
    """What a session has learnt of the bridge that it is connected to."""

    def __init__(self) -> None:
        self.frame_bytes_max = _FRAME_BYTES_MAX
        self._refusal: QBridgeError | None = None
        self._refused_bytes = 0
        self._suspects: list[Pending] = []

    def refusal(self, pending: Pending) -> QBridgeError | None:
        """Why a request need not be sent: the bridge has refused one that was no larger."""
        refusal = self._refusal
        if refusal is None or len(pending.data) < self._refused_bytes:
            return None
        return type(refusal)(refusal.error)

    def careful(self) -> bool:
        """True while there are suspects: then one request at a time may be without an answer."""
        if self._suspects:
            self._suspects = [pending for pending in self._suspects if not pending.future.done()]
        return bool(self._suspects)

    def forget(self) -> None:
        """The stream ended for a reason of its own: at its other end may be a bridge with other limits."""
        self.frame_bytes_max, self._refusal = _FRAME_BYTES_MAX, None

    def learn(self, error: QBridgeError, sent: Sequence[Pending]) -> Pending | None:
        """The one of `sent`, which is not empty, that broke the stream; None where that is still to be found."""
        if error.code is ErrorCode.TOO_LARGE:
            return self._largest(error, sent)
        if len(sent) == 1:
            return sent[0]
        self._suspects = list(sent)
        return None

    def _largest(self, error: QBridgeError, sent: Sequence[Pending]) -> Pending | None:
        """The frame at fault is over the limit, so the largest frame is, too, whichever of the two it was."""
        largest = max(sent, key=lambda pending: pending.frame_bytes)
        for pending in sent:
            pending.sends -= 1  # this break is accounted for
        if largest.frame_items > 1:  # smaller frames may do
            self.frame_bytes_max = largest.frame_bytes // 2
            return None
        self._refusal, self._refused_bytes = error, len(largest.data)
        return largest
