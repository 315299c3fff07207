"""The harness's cases against one implementation."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from qbridge_harness.clients import Target
from qbridge_harness.contract import Contract, load_contract
from qbridge_harness.engine import Options, Report, run
from qbridge_harness.language import PlannedCase, load_suites, plan_cases
from qbridge_harness.language.plan import under
from qbridge_harness.rules import load_rules
from qbridge_mocks import start
from tests.judge.expected import ROOT, Expected
from tests.judge.judgement import Judgement, judgement_of
from tests.mocks.node_mock import node_mock

KEY = "the-first-secret"
"""Every implementation is judged with keys asked for, or the rules about keys could not be."""
ROUTES = [("agent.*", "agent")]
JOBS = 8
PATIENCE = 0.4
"""A broken implementation is waited for less long than a stranger's: what hangs here was planted to hang."""
LEFT_OUT = ["full", "load"]
"""What needs a prepared machine, and what measures: several judgements share the one that they run on."""
HEAVY = "data"
"""The tag of cases that keep a processor busy for a second; they run behind the others, or these would look slow."""
SAMPLE = (
    "smoke",
    "call/backend-error-is-the-answer",
    "errors/unknown-field",
    "messages/events",
    "session/many-submits-one-result-each",
    "platform/quotas",
    "requests/get-unknown",
    "vectors/upsert-replaces",
)
"""What every implementation is asked in a short judgement, so that a mock which is broken all over is found out."""


@dataclass(frozen=True)
class Cases:
    """The planned cases, and the contract that they speak of."""

    contract: Contract
    planned: list[PlannedCase]

    @classmethod
    def load(cls) -> Cases:
        """Those of the repository, but for LEFT_OUT."""
        contract = load_contract()
        suites = load_suites([ROOT / "cases"], contract, load_rules())
        return cls(contract, plan_cases(suites, skip_tags=LEFT_OUT))

    def touching(self, rules: Iterable[str]) -> Cases:
        """The cases that prove one of the rules, and a sample of the others."""
        wanted = set(rules)
        some = [
            case
            for case in self.planned
            if wanted & set(case.case.proves) or any(under(case.id, prefix) for prefix in SAMPLE)
        ]
        return Cases(self.contract, some)


async def judge(expected: Expected, cases: Cases, *, patience: float = PATIENCE) -> Judgement:
    """Starts the implementation, runs the cases against it, and holds what they found against what they must find."""
    started = time.perf_counter()
    options = Options(jobs=JOBS, patience=1.0 if expected.conforms else patience)
    light = [case for case in cases.planned if HEAVY not in case.tags]
    heavy = [case for case in cases.planned if HEAVY in case.tags]
    reports: list[Report] = []
    async with serving(expected.name) as target:
        for part in (light, heavy):
            if part:
                report = await run(part, target, cases.contract, options)
                reports.append(report)
    return judgement_of(expected, reports, time.perf_counter() - started)


@asynccontextmanager
async def serving(name: str) -> AsyncIterator[Target]:
    """Where the implementation of that name serves."""
    if name == "node":
        async with node_mock(key=KEY, routes=ROUTES) as running:
            yield Target(running.rest, running.grpc, KEY)
    else:
        async with await start(name, key=KEY, routes=ROUTES) as mock:
            yield Target(mock.rest, mock.grpc, KEY)
