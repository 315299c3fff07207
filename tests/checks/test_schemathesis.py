"""schemathesis finds nothing in the reference server, and finds each defect that is planted in front of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from qbridge_harness.clients import Target as Deployment
from qbridge_harness.contract_checks import fuzz as fuzzing
from tests.checks.conftest import Target
from tests.checks.proxy import Damage, Exchange, damaged, intact

SEED = 20
TIME_S = 100.0
PLANTED = "coverage,fuzzing"  # where a defect is planted: making the examples takes longer than finding it
OPEN_TO_ALL = {"GET /v1/capabilities", "GET /v1/health"}


@dataclass
class Run:
    """How a run of schemathesis ended, and what it did."""

    returncode: int
    output: str
    statuses: dict[str, Counter[int]]
    """Operation -> how often each status came back."""


def fuzz(target: Target, folder: Path, *arguments: str, address: str = "") -> Run:
    """Runs the command of `make fuzz`, from a folder without a checkout."""
    environment = {name: value for name, value in os.environ.items() if name != "QBRIDGE_API_KEY"}
    if target.key:
        environment["QBRIDGE_API_KEY"] = target.key
    command = [sys.executable, "-m", "qbridge_harness", "contract", "fuzz", "--target", address or target.address]
    run = subprocess.run(
        [*command, "--seed", str(SEED), "--report", str(folder), *arguments],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    log = target.log.read_text()[-5_000:] if target.log else ""
    return Run(run.returncode, f"{run.stdout}{run.stderr}\nThe server's log:\n{log}", fuzzing.read_statuses(folder))


def part(target: Target, folder: Path, **wanted: Any) -> Run:
    """Runs the part alone, as the command does once it has looked at the deployment."""
    said: list[str] = []
    done = fuzzing.fuzz(
        Deployment(target.address, "", target.key), fuzzing.Fuzz(SEED, **wanted, reports=folder), TIME_S, said.append
    )
    code = {"passed": 0, "failed": 1}.get(done.state, 4)
    return Run(code, "\n".join([*said, *done.lines]), fuzzing.read_statuses(folder))


def accepted(statuses: Counter[int]) -> int:
    return sum(count for status, count in statuses.items() if status < 300)


def test_it_finds_nothing_where_keys_are_asked_for(keyed_server: Target, tmp_path: Path) -> None:
    run = fuzz(keyed_server, tmp_path, "--examples-max", "10")
    assert run.returncode == 0, run.output
    assert len(run.statuses) == 20
    barren = {operation for operation, statuses in run.statuses.items() if not accepted(statuses)}
    assert not barren, f"nothing was accepted, so nothing was tried: {barren}"


def test_it_finds_nothing_where_nobody_needs_a_key(open_server: Target, tmp_path: Path) -> None:
    run = fuzz(open_server, tmp_path, "--examples-max", "10", "--phases", "examples,fuzzing")
    assert run.returncode == 0, run.output
    assert not any(statuses[401] for statuses in run.statuses.values())


def test_nothing_but_health_and_capabilities_answers_without_a_key(keyed_server: Target, tmp_path: Path) -> None:
    run = part(Target(keyed_server.address), tmp_path, examples_max=5, phases="examples,fuzzing")
    assert run.returncode == 0, run.output
    assert {operation for operation, statuses in run.statuses.items() if accepted(statuses)} == OPEN_TO_ALL


# ---------------------------------------------------------------- it can fail


def planted(target: Target, folder: Path, operation: str) -> Run:
    """What a defect at one operation needs to be found."""
    return part(target, folder, examples_max=3, phases=PLANTED, operations=[operation])


def test_the_proxy_alone_is_no_defect(open_server: Target, tmp_path: Path) -> None:
    with damaged(open_server.address, intact) as address:
        run = planted(Target(address), tmp_path, "PlatformService_SetQuota")
    assert run.returncode == 0, run.output


def breaks_down(exchange: Exchange) -> None:
    exchange.status = 500


def answers_a_status_of_its_own(exchange: Exchange) -> None:
    exchange.status = 207


def writes_a_field_of_its_own(exchange: Exchange) -> None:
    exchange.body = json.dumps({**json.loads(exchange.body), "colour": "blue"}).encode()


def answers_in_plain_text(exchange: Exchange) -> None:
    exchange.headers["content-type"] = "text/plain"


def accepts_everything(exchange: Exchange) -> None:
    if exchange.status == 400:
        exchange.status, exchange.body = 200, b"{}"
        exchange.headers["content-type"] = "application/json"


def refuses_what_is_right(exchange: Exchange) -> None:
    if exchange.status == 200:
        exchange.status, exchange.headers["content-type"] = 400, "application/problem+json"
        exchange.body = b'{"type":"about:blank","title":"No","status":400,"code":"MALFORMED","detail":"No."}'


def forgets_a_method(exchange: Exchange) -> None:
    if exchange.status == 405:
        exchange.headers["allow"] = "PUT"


@pytest.mark.parametrize(
    ("damage", "check", "operation"),
    [
        (breaks_down, "ST101", "PlatformService_GetHealth"),
        (answers_a_status_of_its_own, "ST105", "PlatformService_GetHealth"),
        (writes_a_field_of_its_own, "ST108", "PlatformService_GetCapabilities"),
        (answers_in_plain_text, "ST105", "PlatformService_GetHealth"),
        (accepts_everything, "ST201", "PlatformService_SetQuota"),
        (refuses_what_is_right, "ST202", "BackendService_List"),
        (forgets_a_method, "ST205", "PlatformService_SetQuota"),
    ],
)
def test_a_planted_defect_is_found(
    open_server: Target, tmp_path: Path, damage: Damage, check: str, operation: str
) -> None:
    with damaged(open_server.address, damage) as address:
        run = planted(Target(address), tmp_path, operation)
    assert run.returncode == 1, run.output
    assert check in run.output


def test_a_door_that_forgets_to_ask_for_the_key_is_found(keyed_server: Target, tmp_path: Path) -> None:
    def lets_in(exchange: Exchange) -> None:
        exchange.sent["authorization"] = f"Bearer {keyed_server.key}"
        exchange.sent.pop("Authorization", None)

    with damaged(keyed_server.address, intact, lets_in) as address:
        run = planted(Target(address, key=keyed_server.key), tmp_path, "BackendService_List")
    assert run.returncode == 1, run.output
    assert "ST401" in run.output
