"""The judge is judged: the harness passes the conforming mock, and shows of every broken one what is broken.

Here each broken mock meets the cases that touch its rules, and a sample of the others; `make judge` runs the whole
suite against each. The mocks share no code with the reference server: what passes here keeps the contract, not our
habits.
"""

from __future__ import annotations

import pytest

from qbridge_harness.rules import load_rules
from qbridge_mocks.broken import BROKEN, load_descriptions
from tests.judge import Cases, Expected, Judgement, everybody, judge, judge_all

BROKEN_ONES = {each.name.removeprefix("broken/"): each for each in everybody() if not each.conforms}
pytestmark = pytest.mark.timeout(600)  # The first test waits for the judgements of all that are asked for.


@pytest.fixture(scope="module")
def judgements(request: pytest.FixtureRequest) -> dict[str, Judgement]:
    """The judgements of the mocks that this run asks for, by name, made several at a time."""
    callspecs = [getattr(item, "callspec", None) for item in request.session.items if item.path == request.path]
    asked = {spec.params["name"] for spec in callspecs if spec is not None and "name" in spec.params}
    everyone = [BROKEN_ONES[name] for name in sorted(asked)]
    return {each.expected.name.removeprefix("broken/"): each for each in judge_all(everyone, short=True)}


async def test_the_conforming_mock_passes_every_case() -> None:
    judgement = await judge(Expected("conforming"), Cases.load())
    assert judgement.ok, judgement.line(0)
    assert judgement.passed > 250


@pytest.mark.parametrize("name", sorted(BROKEN_ONES))
def test_a_broken_mock_is_red_on_exactly_its_rules(name: str, judgements: dict[str, Judgement]) -> None:
    assert judgements[name].ok, judgements[name].line(0)


def test_every_mock_has_a_row_and_every_row_a_mock() -> None:
    assert set(load_descriptions()) == set(BROKEN)


def test_every_rule_has_a_mock_that_breaks_it() -> None:
    broken = {rule for row in load_descriptions().values() for rule in row.breaks}
    rules = set(load_rules() or {})
    assert not rules - broken, "write a mock that breaks it: docs/guides/mocks.md"
    assert not broken - rules, "mocks/broken.yaml names a rule that contracts/rules does not have"


def test_a_mock_is_one_mistake() -> None:
    """Several rules may hang on it, but all of one kind: a mock of many unrelated mistakes shows little."""
    areas = {name: {rule.rsplit("-", 1)[0] for rule in row.breaks} for name, row in load_descriptions().items()}
    related = [{"BE-EXEC", "GW-BATCH"}, {"GW-CALL", "GW-MSG"}, {"VEC-QUERY", "VEC-UP"}, {"VEC-QUERY", "VEC-REAL"}]
    assert not {name: area for name, area in areas.items() if len(area) > 1 and area not in related}
