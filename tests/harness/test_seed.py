"""One seed, the same requests: ids, tokens and choices of a case derive from the seed and the case's name."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qbridge_harness.cli import main
from qbridge_harness.clients import Target
from qbridge_harness.contract import Contract
from qbridge_harness.engine import Options, run
from qbridge_harness.language import load_suites, plan_cases
from qbridge_harness.language.fresh import Fresh, new_seed, random, token, ulid, using

SUITE = """
purpose: A test.
cases:
  - name: one
    act:
      - call: Submit
        with: {id: "${new.request_id}", backend: a, idempotencyKey: "${new.token}", operation: {invoke: {name: a}}}
        expect: {error: {}}
  - name: two
    act:
      - {rest: "POST /v1/call", text: "${new.request_ids(3)} ${new.trace_id}", invalid: true, expect: {status: 404}}
"""


async def sent(fake: Any, judge: Callable[..., Any], **options: Any) -> list[tuple[str, str, bytes]]:
    """Everything that a run asked of the fake."""
    fake.asked.clear()
    await judge(SUITE, **options)
    return list(fake.asked)


async def test_the_same_seed_sends_the_same_requests(fake: Any, judge: Callable[..., Any]) -> None:
    first = await sent(fake, judge, jobs=1, seed="7")
    assert await sent(fake, judge, jobs=1, seed="7") == first
    assert await sent(fake, judge, jobs=1, seed="8") != first
    assert len(first) >= 4


async def test_what_runs_beside_a_case_changes_nothing_of_it(fake: Any, judge: Callable[..., Any]) -> None:
    assert sorted(await sent(fake, judge, jobs=6, seed="7")) == sorted(await sent(fake, judge, jobs=1, seed="7"))


async def test_a_run_without_a_seed_gets_a_new_one_and_tells_it(fake: Any, judge: Callable[..., Any]) -> None:
    one, two = await judge(SUITE), await judge(SUITE)
    assert one.seed
    assert one.seed != two.seed
    assert one.to_json()["seed"] == one.seed


async def test_the_cases_of_the_repository_are_the_same_twice(
    fake: Any, contract: Contract, cases_folder: Path
) -> None:
    names = [cases_folder / name for name in ("errors.yaml", "parity.yaml", "operators.yaml")]
    planned = [case for case in plan_cases(load_suites(names, contract)) if case.transport == "rest"]
    asked = []
    for _ in range(2):
        fake.asked.clear()
        await run(planned, Target(fake.url, "127.0.0.1:1"), contract, Options(jobs=1, seed="the same"))
        asked.append(list(fake.asked))
    assert asked[0] == asked[1]
    assert len(asked[0]) >= 20


async def test_the_seed_is_printed_before_the_first_case(
    fake: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(SUITE)
    words = ["run", "a.yaml", "--target", fake.url, "--grpc", "127.0.0.1:1", "--seed", "of-mine"]
    await asyncio.to_thread(main, words)
    assert "seed of-mine" in capsys.readouterr().out.splitlines()[0]


def test_ulids_of_a_seed_are_well_formed_and_in_order() -> None:
    with using(Fresh("7", "a/case")):
        made = [ulid() for _ in range(1000)]
    assert made == sorted(set(made))
    assert all(re.fullmatch("[0-7][0-9A-HJKMNP-TV-Z]{25}", each) for each in made)


def test_two_cases_of_a_seed_share_nothing() -> None:
    with using(Fresh("7", "a")):
        one = [ulid(), token(8), random().random()]
    with using(Fresh("7", "b")):
        two = [ulid(), token(8), random().random()]
    assert not set(map(str, one)) & set(map(str, two))


def test_outside_of_a_case_everything_is_new() -> None:
    assert len({ulid(), ulid(), token(8), token(8), new_seed(), new_seed(), str(random().random())}) == 7
