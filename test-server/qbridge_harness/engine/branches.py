"""The branches of a `parallel` step: side by side, meeting at barriers, ended together by the first failure."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field

from qbridge_harness.language.fresh import Fresh, token, using


@dataclass(slots=True)
class Meeting:
    """What the branches of one step share."""

    branches: int
    barriers: dict[str, asyncio.Barrier] = field(default_factory=dict)
    failed: str = ""
    """The branch that failed first."""

    async def come(self, name: str) -> None:
        """Waits until every branch has come to the barrier."""
        await self.barriers.setdefault(name, asyncio.Barrier(self.branches)).wait()

    def waiting(self, name: str) -> int:
        """How many branches wait at a barrier now."""
        barrier = self.barriers.get(name)
        return barrier.n_waiting if barrier else 0


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch."""

    name: str
    meeting: Meeting


current: ContextVar[Branch | None] = ContextVar("branch", default=None)
"""The branch in which the step at hand runs; None outside of branches."""


class _Failed(Exception):
    """A step of this branch failed: the others end."""


async def side_by_side(branches: Mapping[str, Callable[[], Awaitable[bool]]]) -> bool:
    """Runs all branches; False where one of them answered so. The first failure cancels the others."""
    meeting = Meeting(len(branches))

    async def one(name: str, work: Callable[[], Awaitable[bool]], seed: str) -> None:
        current.set(Branch(name, meeting))
        # Each branch has ids of its own making, or chance would decide which branch gets which.
        with using(Fresh(seed, name)):
            if not await work():
                meeting.failed = meeting.failed or name
                raise _Failed

    try:
        async with asyncio.TaskGroup() as group:
            for name, work in branches.items():
                group.create_task(one(name, work, token(8)), name=f"branch {name}")
    except BaseExceptionGroup as errors:
        _, others = errors.split(_Failed)
        if others is not None:
            raise _first(others) from None
        return False
    return True


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error of a group, at any depth."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
