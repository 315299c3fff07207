"""The conformance report: what a run is worth, as a document that keeps its schema and as a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from qbridge_harness.cli import main
from qbridge_harness.contract import Contract
from qbridge_harness.engine.results import CaseResult, KnownEntry, Report
from qbridge_harness.rules import load_rules
from qbridge_harness.verdicts.conformance import conformance_report
from qbridge_harness.verdicts.conformance_form import ConformanceReport, conformance_schema
from qbridge_harness.verdicts.conformance_page import conformance_page

TRANSPORTS = ["grpc", "rest", "sse", "websocket"]
RULES = load_rules() or {}


def case(name: str, proves: list[str], **changes: Any) -> CaseResult:
    found = CaseResult(name, "s", name, "", "cases/s.yaml", 1, {}, [], proves, transports=list(TRANSPORTS))
    for key, value in changes.items():
        setattr(found, key, value)
    return found


def report(*more: CaseResult, without: tuple[str, ...] = (), profiles: tuple[str, ...] = ("core",)) -> dict[str, Any]:
    """The JSON report of a run in which everything is proven, but for what is left out."""
    capabilities = {
        "product": "acme-bridge 2.1",
        "contractVersion": "v1",
        "profiles": list(profiles),
        "transports": TRANSPORTS,
        "durabilities": ["DURABILITY_MEMORY"],
        "authentication": True,
    }
    proves = [name for name in RULES if name not in without]
    whole = Report(
        "run-1",
        "http://b.example",
        "b.example:443",
        "2026-01-01T00:00:00Z",
        "0.1",
        "v1",
        capabilities,
        12.5,
        [case("all", proves, coverage=["BridgeService/Call rest 200"]), *more],
        seed="seed 7",
    )
    return json.loads(json.dumps(whole.to_json()))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def judged(contract: Contract) -> Any:
    def made(*more: CaseResult, **options: Any) -> ConformanceReport:
        return conformance_report(report(*more, **options), RULES, contract, contact="ops@acme.example")

    return made


def result(found: ConformanceReport, name: str = "core") -> tuple[str, str]:
    [profile] = [each for each in found.profiles if each.name == name]
    return profile.result, profile.reason


def test_a_whole_run_is_a_success_and_keeps_the_schema(judged: Any) -> None:
    found = judged()
    assert result(found)[0] == found.result == "success"
    assert result(found, "vector")[0] == "not declared"
    jsonschema_rs.Draft202012Validator(conformance_schema()).validate(found.document())
    assert found.implementation.name == "acme-bridge"
    assert found.implementation.version == "2.1"
    assert found.levels["MUST"].percent == 100.0
    assert found.levels["MUST"].not_applicable == sum(each.profile == "vector" for each in RULES.values()) - 1


@pytest.mark.parametrize("gone", ["result", "implementation", "rules", "reproduce"])
def test_a_document_without_a_part_breaks_the_schema(gone: str, judged: Any) -> None:
    document = judged().document()
    del document[gone]
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.Draft202012Validator(conformance_schema()).validate(document)


def test_a_must_that_nobody_judged_makes_it_partial(judged: Any) -> None:
    found = judged(without=("GW-CALL-001",))
    assert result(found) == ("partial", "Not judged on every declared transport: GW-CALL-001.")
    assert found.levels["MUST"].unproven == 1
    skipped = case("skipped", ["GW-CALL-001"], verdict="skipped", reason="the run stopped", transports=[])
    assert result(judged(skipped, without=("GW-CALL-001",)))[0] == "partial"


def test_an_unproven_should_leaves_it_a_success(judged: Any) -> None:
    assert result(judged(without=("PF-DOC-001",)))[0] == "success"


def test_a_broken_rule_makes_it_a_failure(judged: Any) -> None:
    broken = case("bad", ["GW-CALL-001"], verdict="failed", reason="It broke.", tripped=["GW-CALL-001"])
    found = judged(broken)
    assert result(found) == ("failure", "Broken: GW-CALL-001.")
    assert [(each.case, each.rules) for each in found.failures] == [("bad", ["GW-CALL-001"])]


def test_a_broken_should_is_told_and_leaves_the_profile_its_result(judged: Any) -> None:
    broken = case("bad", ["PF-DOC-001"], verdict="failed", reason="It broke.", tripped=["PF-DOC-001"])
    found = judged(broken)
    assert result(found)[0] == "success"
    assert [each.case for each in found.failures] == ["bad"]


def test_a_failure_that_is_known_is_still_a_failure(judged: Any) -> None:
    known = case("bad", ["GW-CALL-001"], verdict="failed", tripped=["GW-CALL-001"], known="failing")
    found = judged(known)
    assert result(found)[0] == "failure"
    assert found.failures[0].known == "failing"


def test_what_is_untestable_is_a_failure_and_an_error_of_the_harness_is_not(judged: Any) -> None:
    untestable = case("none", ["GW-CALL-001"], verdict="failed", reason="untestable: no backend", transports=[])
    assert result(judged(untestable)) == ("failure", "Failed: none.")
    error = case("none", ["GW-CALL-001"], verdict="error", reason="The harness broke down")
    assert result(judged(error))[0] == "partial"


def test_a_profile_that_the_harness_does_not_know_is_not_checked(judged: Any) -> None:
    assert result(judged(profiles=("core", "dreams")), "dreams")[0] == "not checked"


def test_the_commands_name_target_seed_and_lists_and_no_key(contract: Contract) -> None:
    plain = report()
    plain["known"] = [vars_of(KnownEntry("failing", "a/b", "my list.txt", 1, state="holds"))]
    found = conformance_report(plain, RULES, contract)
    assert found.reproduce == [
        "export QBRIDGE_API_KEY=...",
        "qbridge-harness itest --target http://b.example --grpc b.example:443 --seed 'seed 7'"
        " --known-failing 'my list.txt'",
        "qbridge-harness report --run reports/itest --out reports/conformance",
    ]


def test_a_run_with_a_server_of_its_own_is_repeated_by_its_command(contract: Contract) -> None:
    found = conformance_report(report() | {"command": "qbridge-harness itest"}, RULES, contract)
    assert found.reproduce[0] == "qbridge-harness itest --seed 'seed 7'"


def vars_of(entry: KnownEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in entry.__slots__}


def test_the_page_says_what_the_document_says_and_needs_nothing_else(judged: Any) -> None:
    broken = case("bad", ["GW-CALL-001"], verdict="failed", reason="<script>alert(1)</script>", tripped=["GW-CALL-001"])
    page = conformance_page(judged(broken))
    assert "acme-bridge" in page
    assert "ops@acme.example" in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "src=" not in page
    assert "prefers-color-scheme: dark" in page
    assert all(name in page for name in RULES)


def test_the_command_writes_document_schema_and_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run.json"
    out = tmp_path / "out"
    run.write_text(json.dumps(report()))
    words = ["report", "--run", str(run), "--out", str(out), "--implementation", "mine", "--url", "https://x.example"]
    assert main(words) == 0
    document = json.loads((out / "conformance.json").read_text())
    schema = json.loads((out / document["$schema"]).read_text())
    jsonschema_rs.Draft202012Validator(schema).validate(document)
    assert document["implementation"] == {
        "name": "mine",
        "product": "acme-bridge 2.1",
        "version": "2.1",
        "contact": "",
        "url": "https://x.example",
    }
    assert (out / "conformance.html").stat().st_size > 10_000
    assert "core: success." in capsys.readouterr().out
    run.write_text(json.dumps(report(without=("GW-CALL-001",))))
    assert main(words) == 1
