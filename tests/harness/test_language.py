"""Case files: what is wrong is told with its place and the fix, before anything is sent."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from textwrap import indent

import pytest

from qbridge_harness.contract import Contract
from qbridge_harness.engine.expectations import judge
from qbridge_harness.language import CaseFileError, Suite, load_suites, plan_cases
from qbridge_harness.language.load import parse_suite
from qbridge_harness.language.outcomes import EXPECTS, JUDGES_ITSELF
from qbridge_harness.language.plan import under
from qbridge_harness.language.steps import KINDS
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
        ("{rest: FETCH /v1/call}", "5:10", "`rest` must be a method and a path", "GET /v1"),
        ("{wait_until: {check: 1, is: 1}}", "5:10", "A check step cannot be waited for", "wait for a step that asks"),
        (
            "{wait_until: {call: Get}, expect: {result: {}}}",
            "5:35",
            "has no outcome of its own",
            "in the step that has",
        ),
        ("{set: {a: 1}, capture: {b: a}}", "5:23", "A set step has no outcome", "take it out"),
        ("{barrier: b}", "5:9", "stands outside of `parallel`", "into each branch"),
        ("{parallel: {a: [{check: 1, is: 1}]}}", "5:10", "at least 2 items", ""),
        (
            "{parallel: {a: [{barrier: b}], b: [{check: 1, is: 1}]}}",
            "5:9",
            "Not every branch comes to the barrier 'b'",
            "add `barrier: b` to b.",
        ),
        (
            "{parallel: {a: [{parallel: {c: [], d: []}}], b: []}}",
            "5:25",
            "inside of another",
            "with more branches",
        ),
        ("{idempotent: {call: Call}}", "5:9", "`conflict` needs another body", "`change: {...}`"),
        (
            "{idempotent: {call: Call, with: {idempotencyKey: a}}, how: [serial]}",
            "5:42",
            "makes 'idempotencyKey' itself",
            "take it out",
        ),
        (
            "{idempotent: {call: Call, with: {backnd: a}}, how: [serial]}",
            "5:42",
            "no field 'backnd'",
            "did you mean 'backend'?",
        ),
        ("{idempotent: {call: Call}, how: [serial], worker: w}", "5:51", "No backend 'w' is here", ""),
        (
            "{idempotent: {call: Call}, how: [twice]}",
            "5:42",
            "is 'twice'",
            "write 'serial', 'concurrent' or 'conflict'",
        ),
        ("{use: greet}", "5:10", "No fragment 'greet' is included", ""),
        ("{grpc: BridgeService/Call, compression: zip}", "5:36", "is 'zip'", "write 'gzip'"),
        ("{rest: POST /v1/call, filler_bytes: 500000000}", "5:31", "more than the harness sends", "make it smaller"),
        ("{check: 1, is: 1, proves: [GW-CALL-001]}", "5:36", "does not prove GW-CALL-001", "leave it out"),
        ("{check: 1}", "5:9", "'is' is missing", "add `is:`"),
        ("{check: 1, is: 1, timeout_s: soon}", "5:27", "`timeout_s` must be a number, and is 'soon'", "like 1.5"),
        ("{check: 1, is: 1, timeout_s: 0}", "5:27", "`timeout_s` must be greater than 0, and is 0", "greater than 0"),
        ("{call: GetHealth}", "5:10", "no RPC 'GetHealth'", "did you mean 'Platform.GetHealth'?"),
        ("{call: Platform.GetHelth}", "5:10", "no RPC 'Platform.GetHelth'", "did you mean 'Platform.GetHealth'?"),
        ("{rest: GET /, query: [a]}", "5:23", "`query` must be keys with values, and is ['a']", "`key: value`"),
        ("{rest: GET /, text: 5}", "5:23", "`text` must be a text, and is 5", "in quotes"),
        ("{grpc: Call, half_close: maybe}", "5:22", "`half_close` must be true or false", "true or false"),
        ("{grpc: Call, send: {a: 1}}", "5:22", "`send` must be a list", "[...]"),
        ("[call, Call]", "5:9", "A step is keys with values, and this is ['call', 'Call']", "`- call: Call`"),
        ("{with: {}, cal: Call}", "5:9", "This is no step", "did you mean 'call'?"),
        ("{load: {cal: Call}, arrivals: {constant: {rate_per_s: 1}}, for_s: 1}", "5:10", "no step", "'call'?"),
        (
            "{load: {call: Call}, arrivals: {poison: {rate_per_s: 1}}, for_s: 1}",
            "5:41",
            "no key 'poison'",
            "'poisson'?",
        ),
        ("{load: {call: Call}, arrivals: {}, for_s: 1}", "5:30", "`arrivals`: name one process: constant", "guide"),
        (
            "{load: {call: Call}, arrivals: {poisson: {rate: 1, rate_per_s: 1}}, for_s: 1}",
            "5:51",
            "no key 'rate'",
            "did you mean 'rate_per_s'?",
        ),
        (
            "{load: {call: Call}, arrivals: {constant: {rate_per_s: 1}}, for_s: soon}",
            "5:69",
            "`for_s` must be a number or ${name}, and is 'soon'",
            "write a number or ${name}",
        ),
        (
            "{load: {call: Call}, arrivals: {constant: {rate_per_s: -1}}, for_s: 1}",
            "5:52",
            "`rate_per_s` must be greater than 0, and is -1",
            "greater than 0",
        ),
        ("{backend: b, as: b, does: [{ehco: true}]}", "5:37", "no key 'ehco'", "did you mean 'echo'?"),
        (
            "{parallel: {a: [{repeat: [{chek: 1, is: 1}], times: 2}], b: [{check: 1, is: 1}]}}",
            "5:35",
            "This is no step",
            "did you mean 'check'?",
        ),
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
        (
            "purpose: a\ncases:\n  - name: Bad Name\n    act: [{check: 1, is: 1}]",
            "lower-case letters, digits, `_`, `.` and `-`, and is 'Bad Name'",
        ),
        ("purpose: a\ncases:\n  - name: a", "does nothing"),
        ("purpose: a\ncasez: []\ncases: [{name: a, act: [{check: 1, is: 1}]}]", "did you mean 'cases'?"),
        ("purpose: a\nsecrets: {key: plain}\ncases: []", "is a secret, and stands in the file"),
        ("purpose: a\nsecrets: {key: {evn: X}}\ncases: []", "did you mean 'env'?"),
        ("purpose: a\ndefaults: {hedears: {}}\ncases: []", "did you mean 'headers'?"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]", "An alias (*name) is not allowed."),
        ("purpose: a\nneeds: {profil: x}\ncases: [{name: a, act: [{check: 1, is: 1}]}]", "did you mean 'profile'?"),
    ],
)
def test_a_mistake_in_a_file_is_told(text: str, message: str, contract: Contract) -> None:
    assert any(message in problem for problem in problems(text, contract))


TEN = """\
purpose: A test.
include: [shared/none.yaml]
purpose: Again.
tagz: [a]
needs: {profil: vector}
cases:
  - name: Bad Name
    act: [{call: GetHealth}]
  - name: two
    proves: [GW-CALL-01]
    timeout_s: long
    act:
      - {call: Call, wiht: {}, capture: {id: result.requestId}}
      - {call: Get, with: {requestld: "${id}"}}
      - {use: greet}
      - repeat: [{chek: 1, is: 1}, {call: Cal}]
        times: 2
"""


def test_no_kind_of_mistake_hides_another(contract: Contract) -> None:
    """Of the YAML, of an include, of the form, and of what the contract says: all at once, in the order of the file."""
    found = problems(TEN, contract, {"GW-CALL-001"})
    assert [problem.partition(": ")[2].partition(" Fix: ")[0] for problem in found] == [
        "There is no file 'shared/none.yaml' beside here.yaml.",
        "The key 'purpose' is here twice.",
        "There is no key 'tagz' here.",
        "There is no key 'profil' here.",
        "`name` must be lower-case letters, digits, `_`, `.` and `-`, and is 'Bad Name'.",
        "The contract has no RPC 'GetHealth'.",
        "There is no rule GW-CALL-01.",
        "`timeout_s` must be a number, and is 'long'.",
        "There is no key 'wiht' here.",
        "GetRequest has no field 'requestld'.",
        "This is no step: none of its keys (chek, is) names one.",
        "The contract has no RPC 'Cal'.",
    ]


def test_a_mistake_has_no_others_behind_it(contract: Contract) -> None:
    """What a broken step would have set, opened or registered is not told as missing."""
    steps = [
        "{call: Call, wiht: {}, capture: {id: result.requestId}}",
        "{open: Session, az: s}",
        "{backend: b, as: worker, dose: []}",
        "{metrics: before, red: {}}",
        '{check: "${id}", is: 1}',
        "{send: s, message: {colour: red}}",
        "{observe: worker}",
        "{metrics: after, since: before}",
    ]
    found = problems(HEAD + "".join(f"      - {step}\n" for step in steps), contract)
    assert [re.findall(r"key '(\w+)'", problem) for problem in found] == [["wiht"], ["as"], ["az"], ["dose"], ["red"]]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[a, b]", ["here.yaml:1:1: The file must be keys with values, and is ['a', 'b']. Fix: write `key: value`"]),
        ("purpose: a\ncases: 5", ["here.yaml:2:1: `cases` must be a list, and is 5."]),
        ("purpose: a\ncases: [5]", ["here.yaml:2:9: An item of `cases` must be keys with values, and is 5."]),
        ("purpose: ''\ncases: [{name: a, act: 5}]", [":1:1: `purpose` is empty.", ":2:19: `act` must be a list"]),
        (
            "purpose: a\nno_leaks: {withn_s: 1}\ncases: [{name: a, act: [{call: Cal}]}]",
            ["2:12: There is no key 'withn_s' here. Fix: did you mean 'within_s'?", "no RPC 'Cal'"],
        ),
        ("purpose: a\ninclude: 5\ncases: [{name: a, act: [{call: Call}]}]", ["`include` must be a list or a text"]),
    ],
)
def test_the_form_of_a_file_is_told_in_plain_words(text: str, told: list[str], contract: Contract) -> None:
    found = problems(text, contract)
    assert len(found) == len(told), found
    for problem, words in zip(found, told, strict=True):
        assert words in problem
        assert not re.search("instance of|constrained|validation|correct the value", problem)


@pytest.mark.parametrize("step", ["observe: worker", "metrics: now", "tell: worker, to: attach", "data: digits, as: d"])
def test_waiting_for_nothing_is_refused(step: str, contract: Contract) -> None:
    """Such a step cannot fail by itself, so it would hold at once."""
    backend = "{backend: a, as: worker}"
    found = problems(f"{HEAD}      - {backend}\n      - {{wait_until: {{{step}}}}}\n", contract)
    kind = step.partition(":")[0]
    assert len(found) == 1
    assert found[0].startswith(f"here.yaml:6:23: Without `expect`, {kind} holds at once")
    assert "`expect: {...}`" in found[0]


@pytest.mark.parametrize("kind", sorted(EXPECTS))
def test_what_may_be_waited_for_without_expect_can_fail(kind: str) -> None:
    """The lint and the engine agree on the steps that judge themselves."""
    bad = {"error": {"code": "NOT_FOUND"}, "status": 404, "error_rate": 1, "errors": {}, "dropped": 0}
    bad |= {"unanswered": 0, "arrivals": 1, "spans": []}
    by_outcome = bool(judge(kind, None, bad))
    assert by_outcome is (kind in JUDGES_ITSELF - {"idempotent", "backend"})


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


def test_what_is_no_regular_file_is_not_read(tmp_path: Path, contract: Contract) -> None:
    """A pipe without a writer, or a device without an end, would hold the run for ever."""
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    for file in (Path("/dev/zero"), pipe):
        with pytest.raises(CaseFileError, match=f"^{file}:1:1: This is no regular file. Fix: name a file of cases/."):
            load_suites([file], contract)
    with pytest.raises(CaseFileError, match="This is no regular file"):
        load_suites([tmp_path], contract)
    with pytest.raises(CaseFileError, match="There is no such file or folder"):
        load_suites([tmp_path / "none"], contract)


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


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("errors/*/transport:grpc", True),
        ("errors/**/level:1", True),
        ("**/level:1", True),
        ("*/*/*", True),
        ("errors/**", True),
        ("**", True),
        ("", True),
        ("*/transport:grpc", False),
        ("errors/*/transport:rest", False),
        ("errors/*/*/*/*", False),
        ("err*", False),
        ("**/level:2", False),
    ],
)
def test_wildcards_match_whole_components(pattern: str, names: bool) -> None:
    assert under("errors/unknown-field/transport:grpc/level:1", pattern) is names


def relying(*cases: str) -> str:
    rows = "".join(f"  - {{name: {case}, act: [{{check: 1, is: 1}}]}}\n" for case in cases)
    return f"purpose: a\ncases:\n{rows}"


def relies_problems(text: str, tmp_path: Path, contract: Contract) -> str:
    (tmp_path / "s.yaml").write_text(text)
    with pytest.raises(CaseFileError) as raised:
        load_suites([tmp_path], contract)
    return str(raised.value).replace(str(tmp_path), "")


def test_cases_that_rely_on_each_other_in_a_circle_are_refused(tmp_path: Path, contract: Contract) -> None:
    text = relying("a, relies_on: [b]", "b, relies_on: [c]", "c, relies_on: [a]")
    found = relies_problems(text, tmp_path, contract)
    assert "/s.yaml:3:5: Cases rely on each other in a circle:" in found
    assert "/a -> " in found


def test_a_case_that_relies_on_nothing_that_exists_is_refused(tmp_path: Path, contract: Contract) -> None:
    found = relies_problems(relying("base", "b, relies_on: [bass]"), tmp_path, contract)
    assert "relies on 'bass', which is no case here" in found
    assert "/base'?" in found


def test_a_chosen_case_brings_what_it_relies_on(suite: Callable[[str], Suite]) -> None:
    axes = "axes: {transport: [grpc, rest]}"
    made = suite(relying(f"base, {axes}", f"b, {axes}, relies_on: [base]", "other"))
    assert [each.id for each in plan_cases([made], only=["here/b/transport:rest"])] == [
        "here/base/transport:rest",
        "here/b/transport:rest",
    ]


def test_a_step_may_name_rules_of_its_case(suite: Callable[[str], Suite]) -> None:
    step = "{check: 1, is: 1, proves: [GW-CALL-001]}"
    made = suite(f"purpose: a\ncases: [{{name: a, proves: [GW-CALL-001], act: [{step}]}}]\n")
    assert made.cases[0].act[0].proves == ["GW-CALL-001"]


def test_the_schema_knows_every_step_and_key() -> None:
    text = str(Suite.model_json_schema())
    for word in [*KINDS, "relies_on", "include", "secrets", "deadline_s", "delay_s", "lose", "proves"]:
        assert f"'{word}'" in text, word


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
    # A load case measures: its figures are nobody's promise.
    promises = [suite for suite in suites if "load" not in suite.tags]
    assert [case.name for suite in promises for case in suite.cases if not case.proves] == []


def test_the_suites_of_the_guide_are_sound(tmp_path: Path, contract: Contract) -> None:
    guide = Path(__file__).parents[2] / "docs" / "guides" / "cases.md"
    shared = tmp_path / "cases" / "shared"
    shared.mkdir(parents=True)
    (shared / "steps.yaml").write_text("fragments: {sign-in: [{check: '${whom}', is: Ada}]}\n")
    blocks = re.findall(r"```yaml\n(.*?)```", guide.read_text(), re.DOTALL)
    made = [
        parse_suite(block, str(tmp_path / "cases" / f"s{number}.yaml"), "s", contract)
        for number, block in enumerate(blocks)
        if block.startswith("purpose:")
    ]
    assert len(made) >= 2
    head = (
        "purpose: a\nvars: {name: a, id: b}\ncases:\n  - name: it\n    arrange: [{backend: a, as: worker}]\n    act:\n"
    )
    for block in blocks:
        if block.startswith("- "):
            parse_suite(head + indent(block, "      "), "s.yaml", "s", contract)
