"""Words that several reports share: why a case failed, how to run it again, and what no report may hold."""

from __future__ import annotations

import re
import shlex

from qbridge_harness.engine.results import CaseResult, Report

MASK = "***"
SAME_IDS = "  # the same ids: start the deployment anew, or leave --seed out"
"""A deployment that keeps its data knows the ids of the seed already. A comment, so that the line can be copied."""
KEY = "$QBRIDGE_API_KEY"
"""What stands for the API key in commands that people copy."""
_KEYS = re.compile(r"\bqb_[0-9A-Za-z_-]{16,}|(?<=[Bb]earer )[0-9A-Za-z._~+/-]{16,}=*")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def mask(text: str, replacement: str = MASK) -> str:
    """Text without API keys. The log masks what it knows to be secret; this is the net below it."""
    return _KEYS.sub(lambda _: replacement, text)


def printable(text: str) -> str:
    """Text that cannot move a terminal's cursor or change its colours: control characters are written out."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def explain(case: CaseResult) -> list[str]:
    """What went wrong, a line each: the problems of the steps with their lines, then the broken contract."""
    lines = [
        f"line {step.line}, {step.phase}, {step.title}: {problem}" for step in case.steps for problem in step.problems
    ]
    return lines + [str(violation) for violation in case.violations]


def run_again(report: Report, case: CaseResult) -> str:
    """The command that runs one case again, with the same random choices; a comment says what these ask for."""
    words = ["--only", case.id] + (["--seed", report.seed] if report.seed else [])
    if report.command:
        return f"{report.command} {shlex.join(words)}"
    words = ["qbridge-harness", "run", case.file, *words, "--target", report.target, "--grpc", report.grpc]
    return shlex.join(words) + (SAME_IDS if report.seed else "")


def known_note(case: CaseResult) -> str:
    """What a list of known results says of the case; empty where none names it."""
    return f"known-{case.known}" if case.known else ""
