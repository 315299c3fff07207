"""`qbridge-harness rules`: what a run has proven, in both directions, and what that is worth."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qbridge_harness.cli import main
from qbridge_harness.rules import Rule, load_rules
from qbridge_harness.verdicts.last_run import find_run
from qbridge_harness.verdicts.rule_table import RuleTable, rule_table

ALL = {"profiles": ["core"], "transports": ["grpc", "rest"]}


def rule(rule_id: str, level: Any = "MUST", transports: tuple[Any, ...] = ("grpc", "rest"), **more: str) -> Rule:
    plain = {"sentence": "A promise that somebody makes.", "operation": "A.B", "profile": "core"} | more
    return Rule.model_validate(plain | {"id": rule_id, "level": level, "transports": list(transports)})


def case(
    name: str, *rules: str, verdict: str = "passed", over: tuple[str, ...] = ("grpc", "rest"), **more: Any
) -> dict[str, Any]:
    """A case of a JSON report."""
    plain = {"id": name, "proves": list(rules), "tripped": [], "transports": list(over), "reason": "", "known": ""}
    return plain | {"verdict": verdict} | more


def table(*cases: dict[str, Any], rules: list[Rule] | None = None, capabilities: Any = None) -> RuleTable:
    known = {each.id: each for each in rules or [rule("GW-A-001")]}
    return rule_table(known, {"cases": list(cases), "capabilities": ALL if capabilities is None else capabilities})


def verdict(*cases: dict[str, Any], **more: Any) -> tuple[str, str]:
    row = table(*cases, **more).rows[0]
    return row.verdict, row.reason


def test_a_rule_that_passes_on_every_declared_transport_is_proven() -> None:
    assert verdict(case("a", "GW-A-001")) == ("proven", "")
    split = (case("a", "GW-A-001", over=("grpc",)), case("b", "GW-A-001", over=("rest",)))
    assert verdict(*split) == ("proven", "")


def test_a_transport_without_a_passing_case_is_a_gap() -> None:
    assert verdict(case("a", "GW-A-001", over=("grpc",))) == ("unproven", "rest: no case of the run")
    assert verdict() == ("unproven", "grpc: no case of the run; rest: no case of the run")


def test_one_case_that_trips_it_outweighs_all_that_pass() -> None:
    broken = case("b", "GW-A-001", verdict="failed", tripped=["GW-A-001"], over=("rest",))
    assert verdict(case("a", "GW-A-001"), broken) == ("unproven", "rest: b fails")


def test_a_case_that_fails_by_another_rule_proves_nothing_and_a_case_may_trip_what_it_does_not_name() -> None:
    other = case("b", "GW-A-001", verdict="failed", tripped=["GW-B-001"], over=("rest",))
    found = table(case("a", "GW-A-001"), other, rules=[rule("GW-A-001"), rule("GW-B-001")])
    assert found.rows[0].reason == "rest: b could not judge it"
    assert found.rows[1].cells["rest"].verdict == "failed"


@pytest.mark.parametrize("bad", ["error", "failed"])
def test_what_could_not_be_judged_is_unproven(bad: str) -> None:
    assert verdict(case("a", "GW-A-001", verdict=bad))[0] == "unproven"


def test_a_case_that_sent_nothing_proves_nothing() -> None:
    assert verdict(case("a", "GW-A-001", over=()))[0] == "unproven"


def test_a_skip_for_what_is_undeclared_is_no_gap_but_any_other_is() -> None:
    undeclared = case("a", "GW-A-001", verdict="skipped", over=(), reason="the deployment takes calls without keys")
    assert verdict(undeclared) == ("not applicable", "the deployment takes calls without keys")
    stopped = case("a", "GW-A-001", verdict="skipped", over=(), reason="the run stopped at an earlier failure")
    assert verdict(stopped)[0] == "unproven"
    assert verdict(case("b", "GW-A-001"), undeclared)[0] == "proven"


def test_what_the_deployment_does_not_declare_is_not_applicable() -> None:
    vector = [rule("VEC-A-001", profile="vector")]
    assert verdict(rules=vector) == ("not applicable", "the deployment does not declare the profile vector")
    socket = [rule("GW-A-001", transports=("websocket",))]
    assert verdict(rules=socket) == ("not applicable", "the deployment declares none of its transports: websocket")
    narrow = {"profiles": ["core"], "transports": ["grpc"]}
    assert verdict(case("a", "GW-A-001", over=("grpc",)), capabilities=narrow) == ("proven", "")


def test_the_other_direction_finds_cases_without_rules_and_rules_that_do_not_exist() -> None:
    found = table(case("a"), case("b", "GW-A-001"), case("c", "GW-NONE-001"))
    assert found.idle == ["a"]
    assert found.strangers == {"GW-NONE-001": ["c"]}
    assert not found.ok
    assert table(case("a"), case("b", "GW-A-001")).ok


def test_only_an_unproven_must_is_red() -> None:
    for level, ok in (("MUST", False), ("SHOULD", True), ("MAY", True)):
        rules = [rule("GW-A-001", level), rule("GW-B-001")]
        assert table(case("b", "GW-B-001"), rules=rules).ok is ok


def test_a_run_that_proves_nothing_is_not_ok() -> None:
    assert not table(rules=[rule("VEC-A-001", profile="vector")]).ok


@pytest.mark.parametrize("nothing", [{"profiles": [], "transports": ["rest"]}, {"profiles": [], "transports": []}, {}])
def test_the_core_applies_whatever_is_declared(nothing: dict[str, list[str]]) -> None:
    found = table(capabilities=nothing)
    assert found.rows[0].verdict == "unproven"
    assert not found.ok


@pytest.mark.parametrize(
    "declared", [{"profiles": ["core"], "transports": ["rest"]}, {"profiles": ["vector"], "transports": ["grpc"]}]
)
@pytest.mark.parametrize("over", [("rest",), ("grpc",), ("sse",)])
def test_a_broken_rule_is_never_not_applicable(declared: dict[str, list[str]], over: tuple[str, ...]) -> None:
    broken = case("a", "VEC-A-001", verdict="failed", tripped=["VEC-A-001"], over=over)
    found = table(broken, rules=[rule("VEC-A-001", profile="vector")], capabilities=declared)
    assert found.rows[0].verdict == "unproven"
    assert "a fails" in found.rows[0].reason
    assert not found.ok


def write(folder: Path, name: str, *cases: dict[str, Any]) -> Path:
    """A JSON report as a run leaves it."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = {"schema": 1, "run_id": f"run-{name}", "seed": "7", "started_at": "now", "target": "http://x"}
    path.write_text(json.dumps(plain | {"capabilities": ALL, "cases": list(cases)}))
    return path


def test_the_newest_report_is_found_and_named(tmp_path: Path) -> None:
    old, new = write(tmp_path, "a/old.json"), write(tmp_path, "new.json")
    os.utime(old, (1, 1))
    (tmp_path / "other.json").write_text("{}")
    (tmp_path / "broken.json").write_text("{")
    found = find_run(None, tmp_path)
    assert found.path == new
    assert f"{new}, the newest report under {tmp_path}" in found.words
    assert find_run(old).path == old
    assert find_run(tmp_path / "a").path == old


def test_a_report_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"run `qbridge-harness itest` first, or name one with --run"):
        find_run(None, tmp_path)
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(ValueError, match=r"x.json is no JSON report of a run"):
        find_run(tmp_path / "x.json")


@pytest.fixture
def whole(tmp_path: Path) -> Callable[..., Path]:
    """A report in which every rule is proven, but for those that are left out."""

    def make(*without: str) -> Path:
        rules = [name for name in load_rules() or {} if name not in without]
        transports = ("grpc", "rest", "sse", "websocket")
        everything = {"profiles": ["core", "vector"], "transports": list(transports)}
        path = write(tmp_path, "report.json", case("all", *rules, over=transports))
        document = json.loads(path.read_text()) | {"capabilities": everything}
        path.write_text(json.dumps(document))
        return path

    return make


def test_the_command_ends_with_the_count(whole: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    count = len(load_rules() or {})
    assert main(["rules", "--run", str(whole())]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"rules {count}, proven {count}, unproven 0"
    assert lines[0].startswith("Read ")
    assert sum(line.endswith("proven") for line in lines) == count


def test_an_unproven_must_is_1(whole: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    count = len(load_rules() or {})
    assert main(["rules", "--run", str(whole("GW-CALL-001"))]) == 1
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == f"rules {count}, proven {count - 1}, unproven 1"
    assert "grpc: no case of the run" in out


def test_an_unproven_should_is_a_warning(whole: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--run", str(whole("PF-DOC-001"))]) == 0
    assert "Warning: PF-DOC-001 is a SHOULD and not proven" in capsys.readouterr().out


def test_the_table_comes_as_json_too(whole: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--run", str(whole("GW-CALL-001")), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    [row] = [row for row in document["rules"] if row["verdict"] == "unproven"]
    assert row["id"] == "GW-CALL-001"
    assert row["transports"]["grpc"] == {"verdict": "missing", "cases": []}


def test_no_report_is_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--run", str(tmp_path)]) == 2
    assert "itest" in capsys.readouterr().err


def test_there_are_rules_for_every_topic_of_the_core() -> None:
    core = [each for each in (load_rules() or {}).values() if each.profile == "core"]
    assert len(core) >= 60
    topics = {each.id.rsplit("-", 1)[0] for each in core}
    assert topics >= {
        *("GW-VAL", "GW-ERR", "GW-IDEM", "GW-DEAD", "GW-CANCEL", "GW-LIST", "GW-WATCH", "GW-SESS", "GW-TRACE"),
        *("GW-BATCH", "GW-MSG", "PF-CAP", "PF-HEALTH", "PF-KEY", "PF-QUOTA", "BE-REG", "BE-EXEC"),
    }


def test_what_breaks_where_it_is_not_declared_is_shown_there() -> None:
    broken = case("a", "GW-A-001", verdict="failed", tripped=["GW-A-001"], over=("rest",))
    row = table(broken, capabilities={"profiles": ["core"], "transports": ["grpc"]}).rows[0]
    assert row.cells["rest"].verdict == "failed"


def test_one_undeclared_case_of_several_does_not_take_a_rule_out() -> None:
    undeclared = case("a", "GW-A-001", verdict="skipped", over=(), reason="the deployment takes calls without keys")
    assert verdict(undeclared, case("b", "GW-A-001"))[0] == "proven"
