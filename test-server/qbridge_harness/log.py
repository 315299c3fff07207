"""What passed on the wire during a case, and which of it broke the contract.

Clients and the own backend write here; results and reports read. Texts are excerpts, and secrets never get in.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from qbridge_harness.contract import Violation
from qbridge_harness.masks import MASK, Masks

Direction = Literal["sent", "received"]
TEXT_MAX = 1600
MESSAGES_MAX = 400
VIOLATIONS_MAX = 200

branch_step: ContextVar[int | None] = ContextVar("branch_step", default=None)
"""The step that runs now in this branch of a `parallel` step; None outside of branches."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message on the wire; `at_ms` counts from the start of the case."""

    at_ms: float
    step: int
    direction: Direction
    transport: str
    title: str
    text: str
    headers: dict[str, str] = field(default_factory=dict)
    """The headers that the step asked for, without the key."""


@dataclass(slots=True)
class Log:
    """The messages and violations of one case; `step` is the step that began last."""

    started: float = field(default_factory=time.perf_counter)
    step: int = -1
    messages: list[Message] = field(default_factory=list)
    dropped: int = 0
    violations: list[Violation] = field(default_factory=list)
    coverage: set[str] = field(default_factory=set)
    masks: Masks = field(default_factory=Masks)

    def sent(self, transport: str, title: str, content: Any = None, headers: Mapping[str, str] | None = None) -> None:
        """Notes a message that went out."""
        self._note("sent", transport, title, content, headers)

    def received(self, transport: str, title: str, content: Any = None) -> None:
        """Notes a message that came in, and learns the secrets that it carries."""
        self.masks.learn_from(content)
        self._note("received", transport, title, content, None)

    def blame(self, violations: Iterable[Violation]) -> None:
        """Notes messages that break the contract; the same finding counts once a step, as blame goes by steps."""
        step = self._now()
        here = {violation for violation in self.violations if violation.step == step}
        for violation in violations:
            if violation not in here and len(self.violations) < VIOLATIONS_MAX:
                here.add(violation)
                self.violations.append(replace(violation, step=step))

    def covered(self, what: str) -> None:
        """Notes a part of the contract that has been seen: `BridgeService/Call rest 200`."""
        self.coverage.add(what)

    def _now(self) -> int:
        branch = branch_step.get()
        return self.step if branch is None else branch

    def _note(
        self, direction: Direction, transport: str, title: str, content: Any, headers: Mapping[str, str] | None
    ) -> None:
        if len(self.messages) >= MESSAGES_MAX:
            self.dropped += 1
            return
        at_ms = (time.perf_counter() - self.started) * 1000
        text = excerpt(content, self.masks)
        shown = {name: _header(name, value, self.masks) for name, value in (headers or {}).items()}
        self.messages.append(Message(at_ms, self._now(), direction, transport, self.masks.text(title), text, shown))


def _header(name: str, value: str, masks: Masks) -> str:
    return MASK if name.lower() in ("authorization", "cookie") else masks.text(value)


def excerpt(content: Any, masks: Masks | None = None) -> str:
    """A message as text for a person, cut to a readable length, with secrets masked."""
    masks = masks or Masks()
    if content is None:
        return ""
    # Masked before the cut: half a secret is one too.
    enough = TEXT_MAX + 4 * masks.length_max + 1
    if isinstance(content, bytes):
        text = content[:enough].decode("utf-8", "backslashreplace")
        size = len(content)
    elif isinstance(content, str):
        text, size = content[:enough], len(content)
    else:
        text = json.dumps(_thin(content), ensure_ascii=False)
        size = len(text)
    text = masks.text(text)
    return text if size <= TEXT_MAX else f"{text[:TEXT_MAX]}... ({size} in all)"


def _thin(value: Any) -> Any:
    """A value without the inside of its long lists and texts."""
    if isinstance(value, dict):
        return {key: _thin(item) for key, item in value.items()}
    if isinstance(value, list):
        kept = [_thin(item) for item in value[:12]]
        return kept if len(value) <= 12 else [*kept, f"... {len(value)} items in all"]
    if isinstance(value, str) and len(value) > 400:
        return f"{value[:200]}... ({len(value)} characters)"
    return value
