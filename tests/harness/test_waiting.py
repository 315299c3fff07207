"""`wait_until`, try by try: when it holds, when it gives up, and what stays in the log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from qbridge_harness.engine import waiting
from qbridge_harness.engine.results import StepResult
from qbridge_harness.engine.steps import EXECUTORS
from qbridge_harness.language.flow_steps import WaitUntilStep

EXPECT = {"state": "${wanted}"}


class World:
    """A context whose every try has the next of the outcomes that a test gives; its clock moves with the pauses."""

    def __init__(self, outcomes: Sequence[str], patience: float = 1.0) -> None:
        self.outcomes = list(outcomes)
        self.patience = patience
        self.variables: dict[str, Any] = {}
        self.log = SimpleNamespace(messages=[SimpleNamespace(step=7, transport="rest", text="before")])
        self.noted = StepResult(7, "act", "wait_until", "wait", 5)
        self.pauses: list[float] = []

    def fill(self, value: Any) -> Any:
        """Knows one variable, `wanted`, and another, `never`."""
        known = {"${wanted}": "done", "${never}": "lost"}
        return {key: known.get(text, text) for key, text in value.items()} if isinstance(value, dict) else value

    async def execute(self, context: Any, step: Any) -> Any:
        """One try: a message of the step, one of an own backend, one of a branch beside it."""
        number = self.noted.attempts
        for of, transport in ((7, "rest"), (7, "own backend"), (8, "rest")):
            self.log.messages.append(SimpleNamespace(step=of, transport=transport, text=str(number)))
        return {"state": self.outcomes[min(number, len(self.outcomes)) - 1]}

    async def pause(self, delay_s: float) -> None:
        """Moves the clock."""
        self.pauses.append(delay_s)

    def clock(self) -> float:
        """The time: what was paused."""
        return sum(self.pauses)


Wait = Callable[..., Any]


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Wait:
    async def run(world: World, **words: Any) -> list[str]:
        inner = {"observe": "w", "expect": EXPECT, "capture": {"state": "state"}}
        step = WaitUntilStep.model_validate({"wait_until": inner, "every_s": 0.5} | words)
        monkeypatch.setitem(EXECUTORS, "observe", world.execute)
        monkeypatch.setattr(waiting, "asyncio", SimpleNamespace(sleep=world.pause))
        monkeypatch.setattr(waiting, "time", SimpleNamespace(perf_counter=world.clock))
        return await waiting.wait(world, step, world.noted)  # type: ignore[arg-type]

    return run


async def test_it_ends_with_the_first_try_that_holds(wait: Wait) -> None:
    world = World(["new", "new", "done", "new"])
    assert await wait(world) == []
    assert world.noted.attempts == 3
    assert world.pauses == [0.5, 0.5]
    assert world.variables == {"state": "done"}


async def test_what_holds_at_once_is_asked_once(wait: Wait) -> None:
    world = World(["done", "new"])
    assert await wait(world) == []
    assert (world.noted.attempts, world.pauses) == (1, [])


async def test_it_holds_so_often_in_a_row_and_a_miss_counts_from_the_start(wait: Wait) -> None:
    world = World(["done", "done", "new", "done", "done", "done"])
    assert await wait(world, in_a_row=3) == []
    assert world.noted.attempts == 6


async def test_the_time_ends_it_with_the_last_difference(wait: Wait) -> None:
    world = World(["new"])
    told = "It did not hold within 2 s, 5 tries. Last: [\"state: expected 'done', got 'new'\"]"
    assert await wait(world, within_s=2) == [told]
    assert world.variables == {}


async def test_the_try_at_the_very_end_counts(wait: Wait) -> None:
    assert await wait(World(["new", "new", "new", "new", "done"]), within_s=2) == []
    assert len(await wait(World(["new", "new", "new", "new", "new", "done"]), within_s=2)) == 1


async def test_patience_stretches_the_time(wait: Wait) -> None:
    world = World(["new"], patience=3.0)
    assert (await wait(world, within_s=2))[0].startswith("It did not hold within 6 s, 13 tries.")


async def test_it_gives_up_where_it_can_only_fail(wait: Wait) -> None:
    world = World(["new", "lost", "done"])
    told = "It can no longer hold: state: expected 'done', got 'lost'"
    assert await wait(world, unless={"state": "${never}"}) == [told]
    assert world.noted.attempts == 2


async def test_it_goes_on_where_unless_does_not_match_and_where_it_holds_meanwhile(wait: Wait) -> None:
    assert await wait(World(["new", "done"]), unless={"state": "${never}"}) == []
    assert await wait(World(["done"]), unless={"state": "${wanted}"}) == []
    assert await wait(World(["done", "done"]), unless={"state": "${wanted}"}, in_a_row=2) == []


async def test_of_its_own_messages_the_last_try_stays_and_of_others_all(wait: Wait) -> None:
    world = World(["new", "new", "done"])
    await wait(world)
    kept = [(each.step, each.transport, each.text) for each in world.log.messages]
    assert [text for step, transport, text in kept if (step, transport) == (7, "rest")] == ["before", "3"]
    assert [text for _, transport, text in kept if transport == "own backend"] == ["1", "2", "3"]
    assert [text for step, _, text in kept if step == 8] == ["1", "2", "3"]
