"""Implementations that break the contract in one place each, so that a harness can show that it notices.

Each is the conforming one with one class swapped for a subclass that overrides one method:

    callers     who may do what
    acceptance  what is accepted, and what is known of it afterwards
    backends    who does the work, and whose answers count
    reading     what is let in
    doors       what goes out

`mocks/broken.yaml` says, for each name, which rules it breaks and how. A name without a row there, or a row
without a name here, fails the tests.
"""

from __future__ import annotations

from qbridge_mocks.broken import acceptance, backends, callers, doors, reading
from qbridge_mocks.broken.descriptions import Description, load_descriptions
from qbridge_mocks.parts import Parts

BROKEN: dict[str, Parts] = {
    **callers.MOCKS,
    **acceptance.MOCKS,
    **backends.MOCKS,
    **reading.MOCKS,
    **doors.MOCKS,
}

__all__ = ["BROKEN", "Description", "load_descriptions"]
