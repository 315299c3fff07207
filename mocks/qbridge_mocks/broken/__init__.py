"""Implementations that break the contract in one place each, so that a harness can show that it notices.

Each is the conforming one with one class swapped for a subclass with one mistake:

    callers     who may do what
    platform    what the deployment says of itself
    acceptance  what is accepted, and how a Call answers
    requests    what is known of a request afterwards
    sessions    windows, frames, ends
    reading     what is let in
    doors       what goes out
    registry    the backends and their registrations
    execution   who does the work, and whose answers count
    vectors     the typed vector operations

`mocks/broken.yaml` says, for each name, which rules it breaks and how. A name without a row there, or a row
without a name here, fails the tests.
"""

from __future__ import annotations

from qbridge_mocks.broken import (
    acceptance,
    callers,
    doors,
    execution,
    platform,
    reading,
    registry,
    requests,
    sessions,
    vectors,
)
from qbridge_mocks.broken.descriptions import Description, load_descriptions
from qbridge_mocks.parts import Parts

ROOMS = (callers, platform, acceptance, requests, sessions, reading, doors, registry, execution, vectors)
BROKEN: dict[str, Parts] = {name: parts for room in ROOMS for name, parts in room.MOCKS.items()}

__all__ = ["BROKEN", "Description", "load_descriptions"]
