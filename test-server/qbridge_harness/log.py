"""What passed on the wire during a case, and which of it broke the contract.

Clients and the own backend write here; results and reports read. Texts are excerpts, and secrets never get in.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from qbridge_harness.contract import Violation

Direction = Literal["sent", "received"]
TEXT_MAX = 1600
MESSAGES_MAX = 400
_SECRET = re.compile(r'("(?:secret|authorization)"\s*:\s*")[^"]*(")', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Message:
    """One message on the wire; `at_ms` counts from the start of the case."""

    at_ms: float
    step: int
    direction: Direction
    transport: str
    title: str
    text: str


@dataclass(slots=True)
class Log:
    """The messages and violations of one case; `step` is the step that runs now."""

    started: float = field(default_factory=time.perf_counter)
    step: int = -1
    messages: list[Message] = field(default_factory=list)
    dropped: int = 0
    violations: list[Violation] = field(default_factory=list)
    coverage: set[str] = field(default_factory=set)

    def sent(self, transport: str, title: str, content: Any = None) -> None:
        """Notes a message that went out."""
        self._note("sent", transport, title, content)

    def received(self, transport: str, title: str, content: Any = None) -> None:
        """Notes a message that came in."""
        self._note("received", transport, title, content)

    def blame(self, violations: Iterable[Violation]) -> None:
        """Notes messages that break the contract; the same finding counts once."""
        for violation in violations:
            if violation not in self.violations:
                self.violations.append(violation)

    def covered(self, what: str) -> None:
        """Notes a part of the contract that has been seen: `BridgeService/Call rest 200`."""
        self.coverage.add(what)

    def _note(self, direction: Direction, transport: str, title: str, content: Any) -> None:
        if len(self.messages) >= MESSAGES_MAX:
            self.dropped += 1
            return
        at_ms = (time.perf_counter() - self.started) * 1000
        self.messages.append(Message(at_ms, self.step, direction, transport, title, excerpt(content)))


def excerpt(content: Any) -> str:
    """A message as text for a person, cut to a readable length, with secrets masked."""
    if content is None:
        return ""
    if isinstance(content, bytes):
        text = content[: TEXT_MAX + 1].decode("utf-8", "backslashreplace")
        size = len(content)
    elif isinstance(content, str):
        text, size = content, len(content)
    else:
        text = json.dumps(_thin(content), ensure_ascii=False)
        size = len(text)
    text = _SECRET.sub(r"\1***\2", text)
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
