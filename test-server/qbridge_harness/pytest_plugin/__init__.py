"""Cases as pytest items: `pytest --qbridge-target URL --qbridge-grpc HOST:PORT cases/`.

    case file --SuiteFile--> CaseItem (one per planned case) --Judge--> the engine, on one connection

A case that fails is a failure, one that the harness could not judge is an error, one that does not apply is a skip with
its reason. This module is loaded by every pytest in the environment, so it imports nothing of the harness and, without
an option of ours, registers nothing either.
"""

from __future__ import annotations

import pytest

_INI = {
    "qbridge_target": ("string", "base URL of the deployment's REST; turns the plugin on"),
    "qbridge_grpc": ("string", "address of its gRPC, HOST:PORT; turns the plugin on"),
    "qbridge_vars": ("linelist", "variables of the cases, NAME=VALUE a line"),
    "qbridge_cases": ("args", "names of folders whose YAML files are cases (default: cases)"),
    "qbridge_known_failing": ("string", "list of cases that must fail, one pattern a line"),
    "qbridge_known_flaky": ("string", "list of cases that never decide, one pattern a line"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Our options; $QBRIDGE_TARGET, $QBRIDGE_GRPC stand in for the ini file, and the key is $QBRIDGE_API_KEY alone."""
    group = parser.getgroup("qbridge", "cases of the Q-Bridge contract")
    group.addoption("--qbridge-target", metavar="URL", help="judge this deployment: base URL of its REST")
    group.addoption("--qbridge-grpc", metavar="HOST:PORT", help="address of its gRPC")
    group.addoption("--qbridge-var", action="append", default=[], metavar="NAME=VALUE", help="a variable of the cases")
    group.addoption("--qbridge-seed", default="", help="what every id and choice derives from (default: a new one)")
    group.addoption("--qbridge-known-failing", metavar="PATH", help="cases that must fail; a pass is a failure")
    group.addoption("--qbridge-known-flaky", metavar="PATH", help="cases that never decide")
    for name, (kind, text) in _INI.items():
        parser.addini(name, text, kind, default=["cases"] if name == "qbridge_cases" else None)  # type: ignore[arg-type]


def pytest_configure(config: pytest.Config) -> None:
    """Collects cases where a deployment is named. Raises UsageError where only half of it is."""
    named = (config.getoption(f"--qbridge-{name}") or config.getini(f"qbridge_{name}") for name in ("target", "grpc"))
    if any(named):
        from qbridge_harness.pytest_plugin.collect import Cases

        config.pluginmanager.register(Cases(config), "qbridge-cases")
