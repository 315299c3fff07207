"""The mutation tool changes what decides and nothing else, and is red where a change survives unexplained."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.mutation.__main__ import SETTINGS, main, tell
from scripts.mutation.changes import Mutant, Subject, mutants
from scripts.mutation.runs import ROOT

SUBJECT = Subject("room/package/module.py", ["tests/none.py"], frozenset(), frozenset())


def changed(text: str) -> set[str]:
    """Every change of a function's body, as the tool names it."""
    source = f"def f(a, b):\n    {text}\n"
    return {each.name.partition(": ")[2] for each in mutants(SUBJECT, source)}


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("return a == b", {"a == b -> a != b"}),
        ("return a < b", {"a < b -> a <= b"}),
        ("return a in b", {"a in b -> a not in b"}),
        ("return a and b", {"a and b -> a or b"}),
        ("return not a", {"not a -> a"}),
        ("return True", {"True -> False"}),
        ("return 3", {"3 -> 4"}),
        ("return any(a)", {"any -> all"}),
        ("a += b", {"a += b -> pass"}),
        ("a.append(b)", {"a.append(b) -> pass"}),
        ("a.x = b", {"a.x = b -> pass"}),
        ("raise a", {"raise a -> pass"}),
        ("return 1 if a else b", {"if a -> if not a", "1 -> 2"}),
        ("return a == 'x'", {"a == 'x' -> a != 'x'", "'x' -> 'x~'"}),
        ("return 'a message'", set()),
        ("return f'{a == b}'", set()),
        ("a: int = b", set()),
        ("'''What it does.'''", set()),
    ],
)
def test_what_decides_is_changed_and_what_a_person_reads_is_not(text: str, changes: set[str]) -> None:
    assert changed(text) == changes


def test_each_change_is_alone_and_names_are_different() -> None:
    text = "def f(a):\n    return a == 1 or a == 1\n\n\ndef g(a):\n    return a == 1\n"
    found = mutants(SUBJECT, text)
    assert len({each.name for each in found}) == len(found) == 7
    for each in found:
        assert sum(a != b for a, b in zip(ast.unparse(ast.parse(text)).split(), each.source.split(), strict=True)) == 1


def test_functions_are_chosen_and_left_out() -> None:
    text = "def f(a):\n    return a == 1\n\n\ndef g(a):\n    return a == 2\n"
    only = Subject(SUBJECT.file, [], frozenset({"f"}), frozenset())
    skip = Subject(SUBJECT.file, [], frozenset(), frozenset({"f"}))
    assert {each.name.split("::")[1].partition(":")[0] for each in mutants(only, text)} == {"f"}
    assert {each.name.split("::")[1].partition(":")[0] for each in mutants(skip, text)} == {"g"}


@pytest.mark.parametrize(("only", "skip"), [({"h"}, set()), (set(), {"C.gone"}), ({"f", "C._wait"}, set())])
def test_a_name_that_matches_nothing_is_refused(only: set[str], skip: set[str]) -> None:
    """A function that moved to another file would be changed no more, in silence."""
    text = "def f(a):\n    return a == 1\n\n\nclass C:\n    def g(self):\n        return 1\n"
    assert mutants(Subject(SUBJECT.file, [], frozenset({"f", "C.g"}), frozenset({"f", "C.g"})), text) == []
    with pytest.raises(ValueError, match=r"room/package/module.py has no function '(h|C.gone|C._wait)': correct"):
        mutants(Subject(SUBJECT.file, [], frozenset(only), frozenset(skip)), text)


def test_settings_that_name_what_is_gone_are_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "settings.toml"
    gone = SETTINGS.read_text().replace("CaseRunner._cut", "CaseRunner._wait")
    settings.write_text(gone)
    monkeypatch.setattr("scripts.mutation.__main__.SETTINGS", settings)
    assert main(["--list"]) == 2
    assert "runner.py has no function 'CaseRunner._wait'" in capsys.readouterr().out


def named(name: str) -> Mutant:
    return Mutant(SUBJECT, name, 1, "")


@pytest.mark.parametrize(
    ("survived", "explained", "code", "said"),
    [
        ([], {}, 0, "20 of 20 killed: 100.0%"),
        (["m1"], {"m1": "equivalent"}, 0, "19 of 20 killed: 95.0%"),
        (["m1"], {}, 1, "survives without a reason: m1"),
        ([], {"m1": "equivalent"}, 1, "is noticed now, take it out of settings.toml: m1"),
        (["m1", "m2", "m3"], {"m1": "?", "m2": "?", "m3": "?"}, 1, "17 of 20 killed: 85.0% (at least 90%)"),
    ],
)
def test_it_is_red_below_the_share_and_for_a_list_that_is_not_true(
    survived: list[str], explained: dict[str, str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    every = [named(f"m{number}") for number in range(20)]
    assert tell(every, [each for each in every if each.name in survived], explained) == code
    assert said in capsys.readouterr().out


def test_the_tests_notice_what_turns_a_red_case_green() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "scripts.mutation", "--only", "results.py::CaseResult.untestable"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "3 of 3 killed: 100.0%" in run.stdout


def test_the_list_of_changes_has_every_subject(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    files = {line.partition("::")[0].rpartition("/")[2] for line in capsys.readouterr().out.splitlines()}
    assert files == {
        *("matchers.py", "results.py", "blame.py", "known.py", "runner.py"),
        *("waiting.py", "expectations.py", "rule_table.py"),
    }
