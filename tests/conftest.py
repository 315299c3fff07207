"""What holds for every test: each suite has a budget of seconds, and CI skips nothing for want of a service.

A suite is a folder of tests/. Its budget stands in tests/budget.toml; the closing table shows
what each took. Fixtures of a suite live in that suite's own conftest.py.
"""

from __future__ import annotations

import os
import time
import tomllib
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

TESTS = Path(__file__).parent
IN_CI = os.environ.get("CI") == "true"


@pytest.fixture
def missing_service() -> Callable[[str], NoReturn]:
    """Ends the test for want of a service: a skip with its reason on a laptop, a failure with CI=true."""

    def end(reason: str) -> NoReturn:
        if IN_CI:
            pytest.fail(f"missing service: {reason}", pytrace=False)
        pytest.skip(reason)

    return end


class SuiteClock:
    """Adds up what each suite's tests take, set-up and tear-down included; compares it with the budget."""

    def __init__(self, budget: dict[str, dict[str, float]]) -> None:
        self.budget = budget
        self.seconds: dict[str, float] = defaultdict(float)
        self.started_at = time.monotonic()

    def rows(self) -> list[tuple[str, float, float | None]]:
        """(suite, seconds, allowed seconds or None) of each suite that ran, and of the whole run."""
        suites = [(name, spent, self.budget["tests"].get(name)) for name, spent in sorted(self.seconds.items())]
        return [*suites, ("all", time.monotonic() - self.started_at, self.budget["command"]["test"])]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Counts one phase of one test."""
        parts = Path(report.location[0]).parts
        if len(parts) > 2 and parts[0] == "tests":
            self.seconds[parts[1]] += report.duration

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fails a run in CI whose tests passed but took too long, or have no budget."""
        slow = [name for name, spent, allowed in self.rows() if allowed is None or spent > allowed]
        if IN_CI and slow and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Shows what each suite took of its budget."""
        terminalreporter.section("seconds by suite")
        for name, spent, allowed in self.rows():
            limit = "no row in tests/budget.toml" if allowed is None else f"of {allowed:g}"
            mark = "" if allowed is not None and spent <= allowed else "  <- TOO MUCH"
            terminalreporter.write_line(f"{name:<14}{spent:8.1f} {limit}{mark}")


def pytest_configure(config: pytest.Config) -> None:
    """Starts the clock of the suites."""
    budget = tomllib.loads((TESTS / "budget.toml").read_text())
    config.pluginmanager.register(SuiteClock(budget), "suite-clock")
