"""What suites share, as read: secrets, fragments of steps, and all that a suite includes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from qbridge_harness.language.document import Document
from qbridge_harness.language.problems import Problem


class Secret(BaseModel):
    """Where a secret comes from. Its value is a variable, and is masked in everything that the harness writes."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    env: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="The environment variable that holds it.")


@dataclass(slots=True)
class Fragment:
    """Steps under a name, as read."""

    document: Document
    steps: list[Any]


@dataclass(slots=True)
class Included:
    """All that a suite includes, directly or through others; what comes later wins over what came before."""

    vars: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, Secret] = field(default_factory=dict)
    fragments: dict[str, Fragment] = field(default_factory=dict)
    files: list[FilePath] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    complete: bool = True
    """Whether every file could be read; else nobody knows what it would have given."""
