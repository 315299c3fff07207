"""What the server takes and answers, as OpenAPI describes it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from qbridge_harness import __version__
from qbridge_harness.engine import Options
from qbridge_harness.language.fresh import new_seed


class HealthAnswer(BaseModel):
    """Whether the harness works; it says nothing of the target. Addresses are for those who hold the token."""

    status: str = "ok"
    version: str = __version__
    known: bool
    """Whether the caller may do more than look at this."""
    target: str = ""
    grpc: str = ""
    cases: int = 0


class CaseAnswer(BaseModel):
    """One case that can be run."""

    id: str
    purpose: str
    tags: list[str]
    proves: list[str]


class StartedAnswer(BaseModel):
    """A run that was started."""

    id: str
    state: str
    cases: int
    url: str


class RunRequest(BaseModel):
    """How one run differs from what the server was started with."""

    model_config = ConfigDict(extra="forbid")

    seed: str = Field(default="", max_length=100, description="What every id and random choice derives from.")
    jobs: int | None = Field(default=None, ge=1, le=64, description="How many cases run at once.")
    fail_fast: bool = Field(default=False, description="Stop at the first failure.")
    variables: dict[
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")], str | int | float | bool
    ] = Field(default={}, max_length=100, description="Variables of the cases; they win over the server's.")

    def options(self, given: Options) -> Options:
        """The server's options with those of the run; each run has a seed of its own, unless one is named."""
        jobs = given.jobs if self.jobs is None else self.jobs
        seed = self.seed or given.seed or new_seed()
        variables = given.variables | self.variables
        return replace(given, seed=seed, jobs=jobs, fail_fast=self.fail_fast, variables=variables)

    def fingerprint(self, case: str) -> str:
        """What two requests with one idempotency key must share."""
        return hashlib.sha256(f"{case}\n{self.model_dump_json()}".encode()).hexdigest()
