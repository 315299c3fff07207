"""Where the published documents are: in a checkout, or in the installed package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

HTTP_PACT = "qbridge-sdk--qbridge.json"
MESSAGE_PACT = "qbridge-sdk-streams--qbridge.json"


def openapi_file() -> Path:
    """The OpenAPI document that came with the contract."""
    return Path(str(files("qbridge_contract"))) / "openapi.json"


def pacts_folder() -> Path:
    """`contracts/pacts` of a checkout, or the pacts that came with the package. Raises FileNotFoundError."""
    places = (Path(__file__).parents[3] / "contracts" / "pacts", Path(__file__).parents[1] / "pacts")
    found = next((place for place in places if place.is_dir()), None)
    if found is None:
        raise FileNotFoundError(
            f"No folder of pacts: neither {places[0]} nor {places[1]} is there; name it by --pacts."
        )
    return found
