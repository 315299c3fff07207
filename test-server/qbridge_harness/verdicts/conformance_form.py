"""The form of the conformance report: a document with a JSON Schema, which people publish as it is."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from qbridge_harness.verdicts.rule_table import CellVerdict, RowVerdict

SCHEMA_FILE = "conformance.schema.json"
"""The JSON Schema, as it lies beside the document."""
ProfileResult = Literal["success", "partial", "failure", "not checked", "not declared"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


class Implementation(_Part):
    """Who is judged."""

    name: str = Field(min_length=1)
    product: str = Field(description="What the deployment says of itself: product and version.")
    version: str = ""
    contact: str = Field(default="", description="Whom to ask.")
    url: str = ""


class Versions(_Part):
    """What it was judged by."""

    contract: str
    harness: str


class RunFacts(_Part):
    """The run that everything here comes from."""

    id: str
    started_at: str
    duration_s: float
    target: str
    grpc: str
    seed: str = Field(min_length=1)
    passed: int
    failed: int
    error: int
    skipped: int


class LevelCount(_Part):
    """How many rules of a level are proven."""

    proven: int
    unproven: int
    not_applicable: int
    percent: float = Field(ge=0, le=100, description="Proven, of those that apply.")


class Profile(_Part):
    """One profile."""

    name: str
    declared: bool
    result: ProfileResult = Field(
        description="failure: something breaks. partial: nothing breaks, but not every MUST was judged."
    )
    reason: str
    levels: dict[str, LevelCount]


class RuleResult(_Part):
    """One rule on each of its transports."""

    id: str
    level: str
    profile: str
    sentence: str
    verdict: RowVerdict
    reason: str
    transports: dict[str, CellVerdict]


class CaseFact(_Part):
    """A case that did not pass."""

    case: str
    verdict: str
    reason: str
    rules: list[str] = Field(description="The rules that it showed broken.")
    known: Literal["", "failing", "flaky"]


class KnownFact(_Part):
    """An entry of a list of known results."""

    list: Literal["failing", "flaky"]
    pattern: str
    state: str
    cases: int


class ConformanceReport(_Part):
    """What an implementation claims, and what one run has shown of it."""

    schema_file: str = Field(default=SCHEMA_FILE, alias="$schema")
    schema_: Literal[1] = Field(default=1, alias="schema")
    implementation: Implementation
    versions: Versions
    run: RunFacts
    result: ProfileResult = Field(description="That of the profile core.")
    profiles: list[Profile]
    transports: dict[str, bool] = Field(description="Each transport of the contract, and whether it is declared.")
    durabilities: list[str]
    levels: dict[str, LevelCount]
    rules: list[RuleResult]
    coverage_percent: float = Field(ge=0, le=100)
    failures: list[CaseFact]
    skipped: list[CaseFact]
    known: list[KnownFact]
    reproduce: list[str] = Field(min_length=1)

    def document(self) -> dict[str, Any]:
        """The report as plain data."""
        return self.model_dump(mode="json", by_alias=True)


def conformance_schema() -> dict[str, Any]:
    """The JSON Schema of the document."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | ConformanceReport.model_json_schema()
