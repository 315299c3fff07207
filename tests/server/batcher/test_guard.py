"""The guard holds whatever the policy says."""

from __future__ import annotations

import math

from hypothesis import given, strategies as st

from qbridge_server.batcher.guard import guard
from qbridge_server.batcher.policy import TimerSizePolicy
from qbridge_server.ports import Decision, LaneView

views = st.builds(
    LaneView,
    depth=st.integers(0, 5000),
    head_age_s=st.floats(0, 100),
    slack_s=st.floats(-1, 100) | st.just(math.inf),
    in_flight=st.integers(0, 4),
)
decisions = st.builds(Decision, size=st.integers(-5, 10_000), wait_s=st.floats(0, 1000) | st.just(math.inf))


@given(decisions, views, st.integers(1, 1024), st.floats(0, 60), st.floats(0, 5))
def test_no_decision_leaves_the_limits(
    decision: Decision, view: LaneView, size_max: int, wait_s_max: float, service_s: float
) -> None:
    made = guard(decision, view, size_max, wait_s_max, service_s)
    assert 0 <= made.size <= min(size_max, view.depth)
    if made.size == 0 and view.depth:
        assert view.head_age_s + made.wait_s <= wait_s_max + 1e-9
        assert view.slack_s > service_s


def test_a_policy_that_waits_for_ever_is_overruled_by_age() -> None:
    view = LaneView(depth=3, head_age_s=0.5, slack_s=math.inf, in_flight=0)
    made = guard(Decision(0, wait_s=math.inf), view, 64, 0.2, 0.0)
    assert (made.size, made.reason) == (3, "timer")


def test_a_deadline_sends_a_batch_that_would_wait() -> None:
    view = LaneView(depth=2, head_age_s=0.0, slack_s=0.01, in_flight=0)
    made = guard(Decision(0, wait_s=1.0), view, 64, 5.0, 0.02)
    assert (made.size, made.reason) == (2, "deadline")


def test_a_policy_that_asks_for_too_much_gets_the_size_limit() -> None:
    view = LaneView(depth=500, head_age_s=0.0, slack_s=math.inf, in_flight=0)
    assert guard(Decision(10_000, reason="full"), view, 64, 0.0, 0.0).size == 64


@given(views.filter(lambda view: view.depth > 0), st.integers(1, 1024), st.floats(0, 60))
def test_the_timer_and_size_policy_sends_or_names_how_long_to_wait(
    view: LaneView, size_max: int, wait_s_max: float
) -> None:
    made = TimerSizePolicy().decide(view, size_max, wait_s_max)
    assert made.size > 0 or 0 < made.wait_s <= wait_s_max
    if wait_s_max == 0:
        assert made.reason in ("full", "idle")
