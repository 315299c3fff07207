"""The rules of the contract: one row per MUST and SHOULD, which cases name in `proves:`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from qbridge_harness.usage import UsageError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where there is one: every command reads the rules, and in Python that takes a fifth of a second."""
Transport = Literal["grpc", "rest", "sse", "websocket"]


class Rule(BaseModel):
    """One promise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[A-Z]+(-[A-Z]+)+-\d{3}$")
    level: Literal["MUST", "SHOULD", "MAY"]
    sentence: str = Field(min_length=10)
    operation: str
    transports: list[Transport] = Field(min_length=1)
    profile: str


def rules_folder() -> Path | None:
    """`contracts/rules` of a checkout, or the rules that came with the package; None where there are none."""
    places = (Path(__file__).parents[2] / "contracts" / "rules", Path(__file__).parent / "rules")
    return next((place for place in places if place.is_dir()), None)


def load_rules(folder: Path | None = None) -> dict[str, Rule] | None:
    """Id -> rule, of every file; None where there is no folder of rules. Raises UsageError for a broken file."""
    place = folder or rules_folder()
    if place is None:
        return None
    rules: dict[str, Rule] = {}
    for file in sorted(place.glob("*.yaml")):
        for row in yaml.load(file.read_text(encoding="utf-8"), _LOADER)["rules"]:  # noqa: S506 - both are safe loaders
            rule = Rule.model_validate(row)
            if rule.id in rules:
                raise UsageError(f"{file}: the rule {rule.id} is there twice; give one of them another id.")
            rules[rule.id] = rule
    return rules
