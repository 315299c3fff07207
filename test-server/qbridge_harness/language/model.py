"""A suite file and its cases, as people write them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from qbridge_harness.language.problems import Where
from qbridge_harness.language.steps import Step

NAME = r"^[a-z0-9][a-z0-9_.-]*$"
PHASES = ("arrange", "act", "assert", "cleanup")


class Needs(BaseModel):
    """What a deployment must declare for a case to apply; what it does not declare makes a skip with a reason."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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


class Defaults(BaseModel):
    """What holds for every case of the suite that says nothing else."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timeout_s: float = Field(default=10.0, gt=0, le=600, description="How long a step may take, in seconds.")
    case_timeout_s: float = Field(default=60.0, gt=0, le=3600, description="How long a case may take, in seconds.")


class Case(BaseModel):
    """One case: arrange, act, assert, cleanup. The cleanup always runs."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True)

    name: str = Field(pattern=NAME)
    purpose: str = Field(default="", description="One sentence.")
    proves: list[str] = Field(default=[], description="Ids of rules.")
    tags: list[str] = []
    needs: Needs = Needs()
    axes: dict[str, list[Any]] = Field(
        default={}, description="`transport: [grpc, rest]`: the case runs once for each value."
    )
    vars: dict[str, Any] = {}
    timeout_s: float | None = Field(default=None, gt=0, le=3600, description="How long the case may take, in seconds.")
    arrange: list[Step] = []
    act: list[Step] = []
    assert_: list[Step] = Field(default=[], alias="assert")
    cleanup: list[Step] = []
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

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    purpose: str = Field(min_length=1, description="What the suite shows, in a sentence.")
    tags: list[str] = []
    needs: Needs = Needs()
    axes: dict[str, list[Any]] = {}
    vars: dict[str, Any] = {}
    defaults: Defaults = Defaults()
    cases: list[Case] = Field(min_length=1)
    _id: str = PrivateAttr(default="")

    @property
    def id(self) -> str:
        """The file's path under the folder of cases, without its ending."""
        return self._id
