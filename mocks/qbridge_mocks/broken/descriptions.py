"""What `broken.yaml` says of each broken mock."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

_PACKAGE = Path(__file__).resolve().parents[1]
_PLACES = (_PACKAGE / "broken.yaml", _PACKAGE.parent / "broken.yaml")
"""In an installed package; in the repository."""


@dataclass(frozen=True)
class Description:
    """One row."""

    breaks: list[str]
    """The ids of the rules that it breaks."""
    what: str
    """How, in a sentence."""


def load_descriptions() -> dict[str, Description]:
    """The rows by name. Raises FileNotFoundError where the file is in neither place."""
    for place in _PLACES:
        if place.exists():
            rows = yaml.safe_load(place.read_text(encoding="utf-8"))
            return {name: Description(breaks=row["breaks"], what=row["what"]) for name, row in rows.items()}
    raise FileNotFoundError(f"broken.yaml is in neither of {', '.join(map(str, _PLACES))}; reinstall the package.")
