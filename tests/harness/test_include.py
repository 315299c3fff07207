"""Shared files: what they give to a suite, and every way of naming them wrongly."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from qbridge_harness.contract import Contract
from qbridge_harness.language import CaseFileError, Suite, load_suites

SUITE = "purpose: A test.\ninclude: [{}]\ncases:\n  - name: it\n    act: [{}]\n"
GOOD = "vars: {a: 1}\nfragments: {greet: [{set: {said: hello}}]}\n"


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """A folder of cases."""
    folder = tmp_path / "cases"
    (folder / "shared").mkdir(parents=True)
    (folder / "shared" / "good.yaml").write_text(GOOD)
    return folder


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def problems(folder: Path, contract: Contract) -> list[str]:
    with pytest.raises(CaseFileError) as raised:
        load_suites([folder], contract)
    return [str(problem).replace(str(folder) + "/", "") for problem in raised.value.problems]


def loaded(folder: Path, contract: Contract) -> Suite:
    return load_suites([folder], contract)[0]


def test_a_suite_has_what_it_includes(cases: Path, contract: Contract) -> None:
    suite = loaded(written(cases, {"s.yaml": SUITE.format("shared/good.yaml", "{use: greet}")}), contract)
    assert suite.variables == {"a": 1}
    assert [file.name for file in suite.files_included] == ["good.yaml"]
    assert [step.where.line for step in suite.cases[0].act[0].steps] == [2]  # type: ignore[union-attr]
    assert suite.cases[0].act[0].steps[0].where.file.endswith("shared/good.yaml")  # type: ignore[union-attr]


def test_shared_files_are_no_suites(cases: Path, contract: Contract) -> None:
    suites = load_suites([written(cases, {"s.yaml": SUITE.format("shared/good.yaml", "{use: greet}")})], contract)
    assert [suite.id for suite in suites] == ["s"]


def test_the_suite_wins_over_what_it_includes(cases: Path, contract: Contract) -> None:
    text = SUITE.format("shared/good.yaml", "{use: greet}") + "vars: {a: 2}\n"
    assert loaded(written(cases, {"s.yaml": text}), contract).variables == {"a": 2}


def test_includes_include_and_one_file_may_come_twice(cases: Path, contract: Contract) -> None:
    files = {
        "s.yaml": SUITE.format("shared/a.yaml, shared/good.yaml", "{use: greet}"),
        "shared/a.yaml": "include: [good.yaml]\nvars: {b: 2}\n",
    }
    assert loaded(written(cases, files), contract).variables == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (
            {"s.yaml": SUITE.format("shared/goud.yaml", "{check: 1, is: 1}")},
            "s.yaml:2:11: There is no file 'shared/goud.yaml' beside s.yaml. Fix: did you mean 'shared/good.yaml'?",
        ),
        (
            {"s.yaml": SUITE.format("../../../etc/passwd", "{check: 1, is: 1}")},
            "s.yaml:2:11: '../../../etc/passwd' is outside of the folder of cases.",
        ),
        ({"s.yaml": SUITE.format("/etc/passwd", "{check: 1, is: 1}")}, "is outside of the folder of cases"),
        (
            {
                "s.yaml": SUITE.format("shared/a.yaml", "{check: 1, is: 1}"),
                "shared/a.yaml": "include: [b.yaml]\n",
                "shared/b.yaml": "vars: {}\ninclude:\n  - a.yaml\n",
            },
            "shared/b.yaml:3:5: The include goes in a circle: a.yaml -> b.yaml -> a.yaml.",
        ),
        ({"s.yaml": SUITE.format("s.yaml", "{check: 1, is: 1}")}, "The include goes in a circle: s.yaml -> s.yaml."),
        (
            {
                "s.yaml": SUITE.format("shared/t.yaml", "{check: 1, is: 1}"),
                "shared/t.yaml": SUITE.format("", "{check: 1, is: 1}"),
            },
            "shared/t.yaml:3:1: This is a suite, and is included.",
        ),
        (
            {"s.yaml": SUITE.format("shared/good.yaml", "{use: great}")},
            "s.yaml:5:12: No fragment 'great' is included. Fix: did you mean 'greet'?",
        ),
        (
            {"s.yaml": SUITE.format("shared/good.yaml", "{use: greet, steps: []}")},
            "A `use` step has no steps of its own",
        ),
        (
            {
                "s.yaml": SUITE.format("shared/a.yaml", "{use: one}"),
                "shared/a.yaml": "fragments:\n  one: [{use: two}]\n  two: [{use: one}]\n",
            },
            "shared/a.yaml:3:10: The fragments use each other in a circle: one -> two -> one.",
        ),
        (
            {
                "s.yaml": SUITE.format("shared/a.yaml", "{use: greet}"),
                "shared/a.yaml": "include: [good.yaml]\nfragments: {greet: []}\n",
            },
            "The fragment 'greet' is in",
        ),
        (
            {
                "s.yaml": SUITE.format("shared/a.yaml", "{use: it}"),
                "shared/a.yaml": "fragments:\n  it: [{check: '${nothing}', is: 1}]\n",
            },
            "shared/a.yaml:2:9: The variable 'nothing' is not set here.",
        ),
        (
            {
                "s.yaml": SUITE.format("shared/a.yaml", "{use: it}"),
                "shared/a.yaml": "fragmentz: {}\n",
            },
            "shared/a.yaml:1:1: There is no key 'fragmentz' here. Fix: did you mean 'fragments'?",
        ),
        (
            {
                "s.yaml": SUITE.format("shared/a.yaml", "{use: it}"),
                "shared/a.yaml": "fragments:\n  it: [{cal: Call}]\n",
            },
            "shared/a.yaml:2:8: This is no step",
        ),
    ],
)
def test_a_mistake_is_told_where_it_stands(files: dict[str, str], told: str, cases: Path, contract: Contract) -> None:
    found = problems(written(cases, files), contract)
    assert any(told in problem for problem in found), found


def test_a_link_out_of_the_folder_is_not_followed(cases: Path, tmp_path: Path, contract: Contract) -> None:
    (tmp_path / "secret.yaml").write_text("vars: {a: 1}\n")
    (cases / "shared" / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    found = problems(written(cases, {"s.yaml": SUITE.format("shared/link.yaml", "{check: 1, is: 1}")}), contract)
    assert "is outside of the folder of cases" in found[0]


def test_fragments_cannot_grow_without_end(cases: Path, contract: Contract) -> None:
    names = [f"f{number}" for number in range(30)]
    rows = [f"  {one}: [{{use: {other}}}, {{use: {other}}}]" for one, other in pairwise(names)]
    bomb = "fragments:\n" + "\n".join([*rows, "  f29: [{check: 1, is: 1}]"]) + "\n"
    files = {"s.yaml": SUITE.format("shared/bomb.yaml", "{use: f0}"), "shared/bomb.yaml": bomb}
    assert "uses fragments more than 1000 times" in problems(written(cases, files), contract)[0]


def test_a_file_of_a_hundred_megabytes_is_refused(cases: Path, contract: Contract) -> None:
    with (cases / "big.yaml").open("wb") as file:
        file.truncate(100_000_000)
    assert "big.yaml:1:1: The file is larger than 4194304 bytes. Fix: split it." in problems(cases, contract)[0]
