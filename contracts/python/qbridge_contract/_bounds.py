# Generated from contracts/proto by `make contracts`; do not edit.
"""Bounds that the contract sets beside its rules, the same at every door."""

from __future__ import annotations

DEPTH_MAX = 24
"""How deep values and filters may nest. Protobuf parsers give up at 100 levels, of which an object takes 3."""

FLOAT32_MAX = 3.4028235677973362e38
"""The largest number that rounds to a float32; its neighbour above would become infinite."""
