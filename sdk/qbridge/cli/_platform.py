"""health, capabilities, backends: the bridge itself."""

from __future__ import annotations

import argparse
from typing import Any

from qbridge.cli._output import client_of, common, print_message, print_table
from qbridge_contract.structs import HealthState


def register(commands: Any) -> None:
    """Adds this file's commands."""
    for name, run, words in (
        ("health", _health, "say how the bridge is; exit status 1 where it does not serve"),
        ("capabilities", _capabilities, "say what the bridge can do, and its limits"),
        ("backends", _backends, "list the backends"),
    ):
        parser = commands.add_parser(name, parents=[common()], help=words, description=f"{words.capitalize()}.")
        parser.set_defaults(run=run)


def _health(arguments: argparse.Namespace) -> int:
    with client_of(arguments) as client:
        health = client.health()
    if arguments.json:
        print_message(health)
    else:
        print(f"{health.state.name}, up {health.uptime_s:.0f} s")
        rows = [(each.name, each.state.name, each.detail) for each in health.dependencies]
        if rows:
            print_table(("dependency", "state", "detail"), rows)
    return 0 if health.state in (HealthState.SERVING, HealthState.DEGRADED) else 1


def _capabilities(arguments: argparse.Namespace) -> None:
    with client_of(arguments) as client:
        found = client.capabilities()
    if arguments.json:
        print_message(found)
        return
    print(f"{found.product}, contract {found.contract_version}")
    print(f"profiles: {', '.join(found.profiles)}")
    print(f"transports: {', '.join(found.transports)}")
    print(f"durabilities: {', '.join(level.name for level in found.durabilities)}")
    if found.limits is not None:
        limits = found.limits
        names = limits.__struct_fields__
        print_table(("limit", "value"), [(name, f"{getattr(limits, name):.10g}") for name in names])


def _backends(arguments: argparse.Namespace) -> None:
    with client_of(arguments) as client:
        found = client.backends()
    if arguments.json:
        for backend in found:
            print_message(backend)
        return
    rows = [
        (each.name, each.kind, each.state.name, ", ".join(spec.name for spec in each.operations), each.description)
        for each in found
    ]
    print_table(("backend", "kind", "state", "operations", "description"), rows)
