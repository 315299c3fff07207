"""A suite file and its cases, as people write them."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from qbridge_harness.language.problems import Where
from qbridge_harness.language.shared import Included, Secret
from qbridge_harness.language.steps import Step

NAME = r"^[a-z0-9][a-z0-9_.-]*$"
PHASES = ("arrange", "act", "assert", "cleanup")


class Needs(BaseModel):
    """What a deployment must declare for a case to apply; what it does not declare makes a skip with a reason."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    profile: str | None = Field(default=None, description="A profile of the capabilities.")
    authentication: bool | None = Field(default=None, description="Whether the deployment asks for API keys.")
    scope: Literal["call", "backend", "admin"] | None = Field(
        default=None, description="A scope that the run's key must hold; own backends need `backend` by themselves."
    )
    durability: str | None = Field(default=None, description="A durability level that it keeps.")
    not_durability: str | None = Field(default=None, description="A durability level that it does not keep.")
    variable: str | None = Field(default=None, description="A variable that the run names: --var agent=NAME.")
    operation: str | None = Field(
        default=None, description="An operation that a backend lists; its name is ${op_backend}."
    )
    metrics: bool | None = Field(default=None, description="Whether it needs the deployment's metrics page.")
    traces: bool | None = Field(default=None, description="Whether it needs the deployment's spans: --otlp.")


class NoLeaks(BaseModel):
    """What must be as before once a case is over: the harness's connections and tasks, the deployment's gauges."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    within_s: float = Field(default=5.0, gt=0, le=120, description="How long it may take.")
    gauges: str = Field(
        default=r"(?i).*(depth|in_?flight|sessions?|streams?|waiting|queued?|leases?|active|connections).*",
        description="The gauges that are compared: a pattern of their whole names.",
    )


class Defaults(BaseModel):
    """What holds for every case of the suite that says nothing else."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    timeout_s: float = Field(default=10.0, gt=0, le=600, description="How long a step may take, in seconds.")
    case_timeout_s: float = Field(default=60.0, gt=0, le=3600, description="How long a case may take, in seconds.")
    headers: dict[str, Any] = Field(
        default_factory=dict, description="HTTP headers, or gRPC metadata, of every message."
    )
    key: str | None = Field(default=None, description="Another API key than the run's; 'none' sends none.")


class Case(BaseModel):
    """One case: arrange, act, assert, cleanup. The cleanup always runs."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True, defer_build=True)

    name: str = Field(pattern=NAME)
    purpose: str = Field(default="", description="One sentence.")
    proves: list[str] = Field(default_factory=list, description="Ids of rules.")
    tags: list[str] = Field(default_factory=list)
    needs: Needs = Field(default_factory=Needs)
    relies_on: list[str] = Field(
        default_factory=list,
        description="Cases that must have passed, or this one is untestable: `smoke/echo`, or a name of here.",
    )
    axes: dict[str, list[Any]] = Field(
        default_factory=dict, description="`transport: [grpc, rest]`: the case runs once for each value."
    )
    vars: dict[str, Any] = Field(default_factory=dict)
    timeout_s: float | None = Field(default=None, gt=0, le=3600, description="How long the case may take, in seconds.")
    arrange: list[Step] = Field(default_factory=list)
    act: list[Step] = Field(default_factory=list)
    assert_: list[Step] = Field(default_factory=list, alias="assert")
    cleanup: list[Step] = Field(default_factory=list)
    no_leaks: NoLeaks | bool | None = Field(
        default=None, description="Whether all is as before once it is over; it then runs alone."
    )
    _where: Where = PrivateAttr(default=Where("", 1, 1))

    @property
    def where(self) -> Where:
        """The case's place in its file."""
        return self._where

    def phase(self, name: str) -> list[Step]:
        """The steps of one phase."""
        steps: list[Step] = getattr(self, "assert_" if name == "assert" else name)
        return steps


class Suite(BaseModel):
    """A case file: its purpose, and its cases."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    version: Literal[1] = 1
    purpose: str = Field(min_length=1, description="What the suite shows, in a sentence.")
    include: list[str] | str = Field(
        default_factory=list, description="Shared files, relative to this one, inside cases/."
    )
    tags: list[str] = Field(default_factory=list)
    needs: Needs = Field(default_factory=Needs)
    axes: dict[str, list[Any]] = Field(default_factory=dict)
    vars: dict[str, Any] = Field(default_factory=dict)
    secrets: dict[str, Secret] = Field(
        default_factory=dict, description="Variables that are masked wherever they show."
    )
    defaults: Defaults = Field(default_factory=Defaults)
    no_leaks: NoLeaks | bool = Field(default=False, description="For every case that says nothing else.")
    cases: list[Case] = Field(min_length=1)
    _id: str = PrivateAttr(default="")
    _included: Included | None = PrivateAttr(default=None)

    @property
    def id(self) -> str:
        """The file's path under the folder of cases, without its ending."""
        return self._id

    @property
    def variables(self) -> dict[str, Any]:
        """Its own variables over those that it includes."""
        return (self._included.vars if self._included else {}) | self.vars

    @property
    def all_secrets(self) -> dict[str, Secret]:
        """Its own secrets over those that it includes."""
        return (self._included.secrets if self._included else {}) | self.secrets

    @property
    def complete(self) -> bool:
        """Whether every file that it includes could be read."""
        return self._included is None or self._included.complete

    @property
    def files_included(self) -> list[FilePath]:
        """Every file that it includes, directly or through others."""
        return list(self._included.files) if self._included else []
