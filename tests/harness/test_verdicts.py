"""The verdict of a case, where steps hold others: the first failure ends what comes after it, and is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.harness import documents


async def test_a_failure_in_a_repeat_ends_the_repeat_and_what_follows(judge_steps: Callable[..., Any]) -> None:
    case = await judge_steps(
        "- repeat:\n    - {check: '${n}', is: 0}\n    - {check: 1, is: 1}\n  times: 3\n  as: n\n- {check: 2, is: 2}"
    )
    assert [step.verdict for step in case.steps] == ["passed", "passed", "failed"]
    assert case.verdict == "failed"


async def test_a_repeat_that_holds_goes_on_behind_it(judge_steps: Callable[..., Any]) -> None:
    case = await judge_steps("- repeat:\n    - {check: 1, is: 1}\n  times: 2\n  as: n\n- {check: 2, is: 3}")
    assert [step.verdict for step in case.steps] == ["passed", "passed", "failed"]


async def test_a_failed_step_is_kept_though_two_hundred_came_before_it(judge_steps: Callable[..., Any]) -> None:
    case = await judge_steps("- repeat:\n    - {check: 1, is: 1}\n  times: 205\n  as: n\n- {check: 2, is: 3}")
    assert len(case.steps) == 201
    assert (case.steps[-1].verdict, case.verdict) == ("failed", "failed")


async def test_a_step_that_the_time_of_the_case_cuts_off_has_failed(
    fake: Any, answers: Any, judge_steps: Callable[..., Any]
) -> None:
    fake.says("POST /v1/requests", answers(202, documents.accepted()))
    case = await judge_steps(
        "- wait_until:\n    call: Submit\n    with: {backend: echo, operation: {invoke: {name: work}}}\n"
        "    expect: {result: {requestId: never}}\n  within_s: 20\n  every_s: 0.05",
        extra="    timeout_s: 0.5\n",
    )
    assert case.verdict == "failed"
    assert [step.verdict for step in case.steps] == ["failed"]
    assert case.steps[0].problems == ["The time of the case ended here."]
