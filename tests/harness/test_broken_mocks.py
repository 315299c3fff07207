"""The judge is judged: the harness passes the conforming mock, and catches every broken one by its rule.

The mocks share no code with the reference server, so what passes here keeps the contract, not our habits.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from qbridge_harness.clients import Target
from qbridge_harness.contract import Contract, load_contract
from qbridge_harness.engine import Options, Report, run
from qbridge_harness.language import PlannedCase, load_suites, plan_cases
from qbridge_harness.rules import load_rules
from qbridge_mocks import start
from qbridge_mocks.broken import BROKEN, load_descriptions

CASES = Path(__file__).parents[2] / "cases"
KEY = "the-first-secret"
TAGS_LEFT_OUT = ["full"]


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load_contract()


@pytest.fixture(scope="module")
def planned(contract: Contract) -> list[PlannedCase]:
    return plan_cases(load_suites([CASES], contract, load_rules()), skip_tags=TAGS_LEFT_OUT)


async def judge(name: str, cases: list[PlannedCase], contract: Contract, *, fail_fast: bool = False) -> Report:
    """The harness's report on a mock that asks for keys."""
    async with await start(name, key=KEY, routes=[("agent.*", "agent")]) as running:
        return await run(cases, Target(running.rest, running.grpc, KEY), contract, Options(jobs=6, fail_fast=fail_fast))


async def test_the_conforming_mock_passes_every_case(planned: list[PlannedCase], contract: Contract) -> None:
    report = await judge("conforming", planned, contract)
    failed = {case.id: case.reason for case in report.cases if case.verdict == "failed"}
    assert not failed
    assert report.count("passed") > 100


@pytest.mark.parametrize("name", sorted(BROKEN))
async def test_a_broken_mock_fails_a_case_of_a_rule_that_it_breaks(
    name: str, planned: list[PlannedCase], contract: Contract
) -> None:
    breaks = set(load_descriptions()[name].breaks)
    touching = [case for case in planned if breaks & set(case.case.proves)]
    assert touching, f"no case proves {sorted(breaks)}"
    report = await judge(f"broken/{name}", touching, contract, fail_fast=True)
    caught = [case.id for case in report.cases if case.verdict == "failed" and "harness broke" not in case.reason]
    assert caught, f"all {len(touching)} cases of {sorted(breaks)} passed"


def test_every_rule_that_a_mock_breaks_exists() -> None:
    rules = load_rules() or {}
    unknown = {rule for row in load_descriptions().values() for rule in row.breaks if rule not in rules}
    assert not unknown
