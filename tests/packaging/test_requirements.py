"""The map of requirements is true, and each way in which it could lie is found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scripts import requirements

ROOT = Path(__file__).parents[2]
TRUE = requirements.Row("C1", ["S0-1.1"], "It works.", cases=["smoke/echo"], tests=["tests/a.py::test_it"])
THERE = requirements.Known(
    ids={"S0-1.1"},
    cases={"smoke/echo/transport:rest"},
    tests={"tests/a.py::test_it": set(), "tests/a.py::test_off": {"skip"}},
)


def told(*rows: requirements.Row) -> str:
    """What the check says of a map of these rows."""
    wanted = requirements.Map({"agents": "agents"}, {"C1": "Contracts"}, list(rows))
    return "\n".join(requirements.problems(wanted, THERE))


def test_the_map_of_the_repository_is_true_and_its_page_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert requirements.main(["--check"]) == 0, capsys.readouterr().out


def test_a_true_map_has_no_problem() -> None:
    assert not told(TRUE)
    assert TRUE.state == "proven"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (replace(TRUE, ids=[]), "S0-1.1 is missing"),
        (replace(TRUE, ids=["S0-1.1", "S9-9.9"]), "S9-9.9 is no id"),
        (replace(TRUE, ids=["S0-1.1", "S0-1.1"]), "S0-1.1 is there 2 times"),
        (replace(TRUE, cases=["smoke/ech"]), "there is no case smoke/ech"),
        (replace(TRUE, tests=["tests/a.py::test_i"]), "there is no test tests/a.py::test_i"),
        (replace(TRUE, tests=["tests/a.py::test_off"]), "is marked skip, so it proves nothing"),
        (replace(TRUE, cases=[], tests=[]), "neither a case nor a test proves it"),
        (replace(TRUE, planned="sometime", missing="half"), "no part is called 'sometime'"),
        (replace(TRUE, planned="agents"), "`missing` says what is left"),
        (replace(TRUE, missing="half"), "`missing` says what is left"),
    ],
)
def test_a_map_that_lies_is_found_out(row: requirements.Row, problem: str) -> None:
    assert problem in told(row)


def test_a_plan_is_no_proof_and_half_a_proof_is_partly() -> None:
    planned = replace(TRUE, cases=[], tests=[], planned="agents")
    partly = replace(TRUE, planned="agents", missing="half")
    assert (planned.state, partly.state) == ("planned", "partly")
    assert not told(planned)
    assert not told(partly)


def test_a_page_that_is_not_what_the_data_makes_is_red(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "docs").mkdir()
    for name in ("requirements.yaml", "requirements.ids"):
        (tmp_path / "docs" / name).write_text((ROOT / "docs" / name).read_text())
    for name in ("tests", "cases"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "docs" / "requirements.md").write_text("# Everything is proven\n")
    monkeypatch.setattr(requirements, "ROOT", tmp_path)
    assert requirements.main(["--check"]) == 1
    assert "run `make requirements`" in capsys.readouterr().out
    assert requirements.main([]) == 0
    assert requirements.main(["--check"]) == 0


def test_a_member_that_a_row_does_not_have_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "requirements.yaml"
    file.write_text("parts: {}\ncapabilities: {C1: {title: T, rows: [{ids: [S0-1.1], says: It., proof: yes}]}}\n")
    with pytest.raises(ValueError, match="a row has no \\['proof'\\]"):
        requirements.read_map(file)


def test_marks_that_switch_a_test_off_are_seen(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    text = "@pytest.mark.xfail(reason='later')\nasync def test_it(): ...\ndef test_on(): ...\ndef helper(): ...\n"
    (tmp_path / "tests" / "test_a.py").write_text(text)
    assert dict(requirements._tests(tmp_path)) == {
        "tests/test_a.py::test_it": {"xfail"},
        "tests/test_a.py::test_on": set(),
    }
