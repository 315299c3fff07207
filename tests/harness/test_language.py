"""Case files: what is wrong is told with its place and the fix, before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from qbridge_harness.contract import Contract
from qbridge_harness.language import CaseFileError, Suite, load_suites, plan_cases
from qbridge_harness.language.load import parse_suite
from qbridge_harness.language.plan import under
from qbridge_harness.rules import load_rules

HEAD = "purpose: A test.\ncases:\n  - name: it\n    act:\n"


def problems(text: str, contract: Contract, rules: set[str] | None = None) -> list[str]:
    with pytest.raises(CaseFileError) as raised:
        parse_suite(text, "here.yaml", "here", contract, rules)
    return [str(problem) for problem in raised.value.problems]


@pytest.mark.parametrize(
    ("step", "place", "message", "fix"),
    [
        ("{call: Cal}", "5:10", "no RPC 'Cal'", "did you mean 'Call'?"),
        ("{call: Watch, with: {requestId: a}}", "5:10", "Watch is a stream", "`open: Watch`"),
        ("{cal: Call}", "5:9", "This is no step", "did you mean 'call'?"),
        ("{call: Call, wiht: {}}", "5:22", "no key 'wiht'", "did you mean 'with'?"),
        ("{call: Call, with: {operaton: {}}}", "5:29", "no field 'operaton'", "did you mean 'operation'?"),
        ("{call: Call, with: {operation: {invoke: {nam: a}}}}", "5:50", "Invoke has no field 'nam'", "'name'"),
        ("{call: Call, with: {id: '${idd}'}}", "5:29", "variable 'idd' is not set", "use one of"),
        ("{call: Call, with: {id: '${new.ulidd}'}}", "5:29", "no ${new.ulidd}", "did you mean 'new.ulid'?"),
        ("{call: Call, expect: {result: {$lenn: 1}}}", "5:40", "no operator $lenn", "did you mean '$len'?"),
        ("{call: Call, expect: {result: {$len: 1, a: 1}}}", "5:31", "side by side", ""),
        ("{call: Call, expect: {result: {a: {$re: '['}}}}", "5:44", "no regular expression", ""),
        ("{call: Call, expect: {result: {a: {$type: text}}}}", "5:44", "no type 'text'", ""),
        ("{call: Call, expect: {resutl: 1}}", "5:31", "no outcome 'resutl'", "did you mean 'result'?"),
        ("{call: Call, expect: {error: NOTFOUND}}", "5:31", "no 'NOTFOUND'", "did you mean 'NOT_FOUND'?"),
        ("{send: s, message: {}}", "5:10", "No stream 's'", ""),
        ("{observe: worker}", "5:10", "No backend 'worker'", ""),
        ("{repeat: [{check: 1, is: 1}]}", "5:9", "either `times` or `over`", "times: 3"),
        ("{rest: FETCH /v1/call}", "5:10", "does not look as it should", "GET"),
        ("{check: 1}", "5:9", "'is' is missing", "add `is:`"),
        ("{check: 1, is: 1, timeout_s: soon}", "5:27", "valid number", ""),
    ],
)
def test_a_mistake_in_a_step_is_told_with_its_place_and_fix(
    step: str, place: str, message: str, fix: str, contract: Contract
) -> None:
    found = problems(f"{HEAD}      - {step}\n", contract)
    assert len(found) == 1
    assert found[0].startswith(f"here.yaml:{place}: ")
    assert message in found[0]
    assert fix in found[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The file is empty"),
        ("purpose: [", "This is not YAML"),
        ("purpose: a\npurpose: b\ncases: []", "here.yaml:2:1: The key 'purpose' is here twice."),
        ("purpose: &a x\ncases: [*a]", "here.yaml:1:10: An alias (*name) is not allowed."),
        ("purpose: a", "The key 'cases' is missing."),
        ("purpose: a\ncases: []", "at least 1"),
        ("purpose: a\ncases:\n  - name: Bad Name\n    act: [{check: 1, is: 1}]", "'Bad Name' does not look"),
        ("purpose: a\ncases:\n  - name: a", "does nothing"),
        ("purpose: a\ncasez: []\ncases: [{name: a, act: [{check: 1, is: 1}]}]", "did you mean 'cases'?"),
        ("purpose: a\nneeds: {profil: x}\ncases: [{name: a, act: [{check: 1, is: 1}]}]", "did you mean 'profile'?"),
    ],
)
def test_a_mistake_in_a_file_is_told(text: str, message: str, contract: Contract) -> None:
    assert any(message in problem for problem in problems(text, contract))


def test_every_mistake_is_told_at_once(contract: Contract) -> None:
    found = problems(f"{HEAD}      - {{call: Cal}}\n      - {{call: Gett}}\n", contract)
    assert len(found) == 2


def test_two_cases_of_one_name_are_refused(contract: Contract) -> None:
    step = "act: [{check: 1, is: 1}]"
    found = problems(f"purpose: a\ncases:\n  - {{name: a, {step}}}\n  - {{name: a, {step}}}\n", contract)
    assert "Two cases are named 'a'" in found[0]


def test_an_unknown_rule_is_refused_with_the_nearest_one(contract: Contract) -> None:
    text = "purpose: a\ncases:\n  - {name: a, proves: [GW-CALL-01], act: [{check: 1, is: 1}]}\n"
    assert "did you mean 'GW-CALL-001'?" in problems(text, contract, {"GW-CALL-001"})[0]


def test_a_deeply_nested_file_is_refused(contract: Contract) -> None:
    deep = "[" * 100 + "]" * 100
    assert "nested deeper" in problems(f"purpose: a\nvars: {{a: {deep}}}\ncases: []\n", contract)[0]


def test_invalid_requests_are_not_looked_into(suite: Callable[[str], Suite]) -> None:
    made = suite(f"{HEAD}      - {{call: Call, invalid: true, with: {{colour: red}}}}\n")
    assert len(made.cases) == 1


def test_steps_know_their_place(suite: Callable[[str], Suite]) -> None:
    made = suite(
        f"{HEAD}      - check: 1\n        is: 1\n      - repeat:\n          - {{check: 2, is: 2}}\n        times: 2\n"
    )
    steps = made.cases[0].act
    assert (steps[0].where.line, steps[1].where.line) == (5, 7)
    assert steps[1].repeat[0].where.line == 8  # type: ignore[union-attr]


def test_axes_expand_to_readable_names(suite: Callable[[str], Suite]) -> None:
    case = "{name: a, axes: {level: [1, 2]}, act: [{check: 1, is: 1}]}"
    text = f"purpose: a\naxes: {{transport: [grpc, rest]}}\ncases: [{case}]\n"
    assert [planned.id for planned in plan_cases([suite(text)])] == [
        "here/a/transport:grpc/level:1",
        "here/a/transport:grpc/level:2",
        "here/a/transport:rest/level:1",
        "here/a/transport:rest/level:2",
    ]


def test_a_case_is_named_by_whole_components() -> None:
    assert under("smoke/echo/transport:grpc", "smoke/echo")
    assert under("smoke/echo", "/smoke/")
    assert not under("smoke/echo", "smoke/ec")


def test_cases_are_chosen_by_tag(suite: Callable[[str], Suite]) -> None:
    step = "act: [{check: 1, is: 1}]"
    made = suite(f"purpose: a\ntags: [all]\ncases:\n  - {{name: a, tags: [slow], {step}}}\n  - {{name: b, {step}}}\n")
    assert [each.case.name for each in plan_cases([made], tags=["slow"])] == ["a"]
    assert [each.case.name for each in plan_cases([made], skip_tags=["slow"])] == ["b"]
    assert len(plan_cases([made], tags=["all"])) == 2


def test_the_cases_of_the_repository_are_many_and_sound(cases_folder: Path, contract: Contract) -> None:
    suites = load_suites([cases_folder], contract, load_rules())
    assert sum(len(suite.cases) for suite in suites) >= 60
    assert len(plan_cases(suites)) >= 200


def test_every_rule_has_a_case_and_every_case_a_rule(cases_folder: Path, contract: Contract) -> None:
    rules = load_rules()
    assert rules is not None
    suites = load_suites([cases_folder], contract, rules)
    proved = {rule for suite in suites for case in suite.cases for rule in case.proves}
    assert set(rules) - proved == set()
    assert [case.name for suite in suites for case in suite.cases if not case.proves] == []
