"""schemathesis from the OpenAPI document: right and wrong requests for every operation, and chains of them.

It makes and deletes backends, keys and quotas on the target. Without a key the deployment must be open, and the checks
of authentication are left out.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qbridge_harness.clients.target import Target
from qbridge_harness.contract_checks.part import Part, Say, run_tool
from qbridge_harness.contract_checks.places import openapi_file

NAME = "fuzz"
PHASES = "examples,coverage,fuzzing,stateful"
SETTINGS = Path(__file__).with_name("schemathesis.toml")
PASSED, FAILED = 0, 1
"""The tool's exit codes that are verdicts; others say that it could not judge."""

# The tool puts the key in itself, so it stands neither in a file nor in the list of processes.
WITH_KEY = '\n[auth.openapi.bearer]\nbearer = "${QBRIDGE_API_KEY}"\n'
# An open deployment asks nobody who he is, and the document says so in words only.
WITHOUT_KEY = """
[checks]
ignored_auth.enabled = false
missing_required_header.enabled = false
"""


@dataclass(frozen=True, slots=True)
class Fuzz:
    """What to try."""

    seed: int
    examples_max: int = 50
    """Cases per operation and kind of data, and chains of calls."""
    phases: str = PHASES
    operations: list[str] = field(default_factory=list)
    """Only these operation ids; all where it is empty."""
    document: Path | None = None
    """Another OpenAPI document than the contract's."""
    reports: Path | None = None
    """A folder for the tool's own reports."""


def fuzz(target: Target, wanted: Fuzz, time_s: float, say: Say) -> Part:
    """Runs the tool; what it finds is in its words, each finding with its curl command."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        settings = here / "schemathesis.toml"
        settings.write_text(SETTINGS.read_text() + (WITH_KEY if target.key else WITHOUT_KEY))
        reports = wanted.reports.absolute() if wanted.reports else here / "reports"
        command = _command(target, wanted, settings, reports)
        environment = {"QBRIDGE_FUZZ_TARGET": target.rest, "QBRIDGE_API_KEY": target.key, "NO_COLOR": "1"}
        ended = run_tool(command, folder=here, environment=environment, time_s=time_s, say=say)
        statuses = read_statuses(reports)
    return _part(ended.returncode, statuses, time_s)


def _command(target: Target, wanted: Fuzz, settings: Path, reports: Path) -> list[str | Path]:
    document = wanted.document.absolute() if wanted.document else openapi_file()
    command: list[str | Path] = [sys.executable, "-m", "schemathesis.cli", "--config-file", settings, "run", document]
    command += ["--url", target.rest, "--seed", str(wanted.seed), "--max-examples", str(wanted.examples_max)]
    command += ["--phases", wanted.phases, "--no-color", "--report", "ndjson,json", "--report-dir", reports]
    for operation in wanted.operations:
        command += ["--include-operation-id", operation]
    if not target.key:
        command += ["--generation-with-security-parameters", "false"]
    return command


def _part(code: int | None, statuses: dict[str, Counter[int]], time_s: float) -> Part:
    requests = sum(sum(counted.values()) for counted in statuses.values())
    figures = f"{requests} requests to {len(statuses)} operations"
    if code is None:
        line = f"The time was up after {time_s:.0f} s. Give more by --max-time-s, or try less by --examples-max."
        return Part(NAME, "unfinished", [line], figures)
    if code not in (PASSED, FAILED) or not requests:
        line = f"schemathesis ended with {code} after {requests} requests; its words above say why."
        return Part(NAME, "broken", [line], figures)
    if code == FAILED:
        return Part(NAME, "failed", ["What schemathesis found stands above, with a curl command for each."], figures)
    if not any(status < 300 for counted in statuses.values() for status in counted):
        line = "Not one request was accepted, so nothing was really tried. Is this a deployment of the contract?"
        return Part(NAME, "failed", [line], figures)
    return Part(NAME, "passed", _barren(statuses), figures)


def _barren(statuses: dict[str, Counter[int]]) -> list[str]:
    """A word about operations that refused everything: their answers were tried on errors alone."""
    barren = sorted(name for name, counted in statuses.items() if not any(status < 300 for status in counted))
    return [f"Nothing was accepted by: {', '.join(barren)}. Another --seed may reach them."] if barren else []


def read_statuses(folder: Path) -> dict[str, Counter[int]]:
    """Operation (method and path of the document) -> how often each status came back, from the tool's reports."""
    statuses: dict[str, Counter[int]] = defaultdict(Counter)
    for report in folder.glob("*.ndjson"):
        for line in report.read_text().splitlines():
            for operation, status in _exchanges(line):
                statuses[operation][status] += 1
    return statuses


def _exchanges(line: str) -> Iterator[tuple[str, int]]:
    """The exchanges of a scenario. One of a single operation counts for that, whatever method it tried."""
    try:
        scenario: dict[str, Any] = json.loads(line).get("ScenarioFinished") or {}
    except ValueError:
        return  # the last line of a tool that was killed
    recorder = scenario.get("recorder", {})
    label = str(recorder.get("label", ""))
    for case, exchange in recorder.get("interactions", {}).items():
        if exchange.get("response"):
            asked = recorder.get("cases", {}).get(case, {}).get("value", {})
            name = label if label.partition(" ")[2].startswith("/") else f"{asked.get('method')} {asked.get('path')}"
            yield name, exchange["response"]["status_code"]
