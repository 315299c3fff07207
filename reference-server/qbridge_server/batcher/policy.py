"""The timer-and-size policy: a full batch goes at once, any other when its oldest request has waited long enough.

With a wait of 0 it is greedy: whatever waits goes as soon as the backend is free. Requests that arrive while a
batch is in flight share the next one, so load makes batches by itself. On mean latency alone this is within a
fraction of a percent of the optimum (Deb and Serfozo 1973 give the control limit; Inoue 2021 the latency).
"""

from __future__ import annotations

from qbridge_server.ports import Decision, LaneView


class TimerSizePolicy:
    """Sends at `size_max` requests, or once the oldest has waited `wait_s_max` seconds."""

    def decide(self, view: LaneView, size_max: int, wait_s_max: float) -> Decision:
        """Full, timer or idle; otherwise how long to wait for the timer."""
        if view.depth >= size_max:
            return Decision(size_max, reason="full")
        if wait_s_max <= 0.0:
            return Decision(view.depth, reason="idle")
        if view.head_age_s >= wait_s_max:
            return Decision(view.depth, reason="timer")
        return Decision(0, wait_s=wait_s_max - view.head_age_s)
