"""The guard around every policy: limits that hold whatever the policy says."""

from __future__ import annotations

import math

from qbridge_server.ports import Decision, LaneView


def guard(decision: Decision, view: LaneView, size_max: int, wait_s_max: float, service_s: float) -> Decision:
    """The decision, corrected to the limits.

    A batch never exceeds `size_max` nor the depth, a request never waits beyond `wait_s_max` for company, and a
    lane whose nearest deadline is no further than the backend's service time (`service_s`) goes now.
    """
    if view.depth == 0:
        return Decision(0, wait_s=math.inf)
    size = min(max(decision.size, 0), size_max, view.depth)
    if size > 0:
        return decision if size == decision.size else Decision(size, reason=decision.reason)
    most = min(size_max, view.depth)
    if view.slack_s <= service_s:
        return Decision(most, reason="deadline")
    if view.head_age_s >= wait_s_max:
        return Decision(most, reason="timer")
    latest = min(wait_s_max - view.head_age_s, max(view.slack_s - service_s, 0.0))
    wait_s = decision.wait_s if 0.0 < decision.wait_s < latest else latest
    return Decision(0, wait_s=wait_s)
