"""Puts cases, rules, pacts, and what the broken mocks break, into the wheel, beside the code that reads them.

A hook and not a plain `force-include`, because that would leave a stale copy behind an editable install.
"""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CasesHook(BuildHookInterface[Any]):
    """Runs inside hatchling for each target that is built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """`version` is "editable" for `pip install -e`, which reads ./cases itself."""
        if self.target_name == "wheel" and version != "editable":
            build_data["force_include"]["cases"] = "qbridge_harness/cases"
            build_data["force_include"]["contracts/rules"] = "qbridge_harness/rules"
            build_data["force_include"]["contracts/pacts"] = "qbridge_harness/pacts"
            build_data["force_include"]["mocks/broken.yaml"] = "qbridge_mocks/broken.yaml"
