"""The lists of known results: what must fail and does, what is stale, what names nothing, what never decides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qbridge_harness.cli import main
from qbridge_harness.engine.results import CaseResult, Verdict
from qbridge_harness.known import KnownLists, load_known

GOOD = "purpose: A test.\ncases:\n  - {name: good, axes: {way: [a, b]}, act: [{check: 1, is: 1}]}\n"
BAD = "purpose: A test.\ncases:\n  - {name: bad, act: [{check: 1, is: 2}]}\n"
IDS = {"good/good/way:a", "good/good/way:b", "bad/bad"}


def case(case_id: str, verdict: Verdict) -> CaseResult:
    return CaseResult(case_id, "s", "n", "", "f", 1, {}, [], [], verdict)


@pytest.fixture
def lists(tmp_path: Path) -> Callable[..., KnownLists]:
    """Lists from their text."""

    def make(failing: str = "", flaky: str = "", ids: set[str] | None = IDS) -> KnownLists:
        for name, text in (("failing", failing), ("flaky", flaky)):
            (tmp_path / f"{name}.txt").write_text(text)
        return load_known(tmp_path / "failing.txt", tmp_path / "flaky.txt", lambda: ids)

    return make


def states(known: KnownLists, *cases: CaseResult) -> list[str]:
    return [entry.state for entry in known.review(cases)]


def test_an_entry_whose_case_fails_holds(lists: Callable[..., KnownLists]) -> None:
    known = lists("# why\n\nbad/bad  # the tokens repeat\n")
    assert known.kind_of("bad/bad") == "failing"
    assert known.kind_of("good/good/way:a") == ""
    assert states(known, case("bad/bad", "failed")) == ["holds"]


def test_an_entry_whose_case_passes_is_stale(lists: Callable[..., KnownLists]) -> None:
    known = lists("good/*/*")
    [entry] = known.review([case("good/good/way:a", "failed"), case("good/good/way:b", "passed")])
    assert (entry.state, entry.red, entry.line) == ("stale", True, 1)
    assert "good/good/way:b passes now" in entry.reason


def test_an_entry_that_names_no_case_is_unmatched(lists: Callable[..., KnownLists]) -> None:
    assert states(lists("none/such"), case("bad/bad", "failed")) == ["unmatched"]
    assert states(lists(flaky="none/*"), case("bad/bad", "failed")) == ["unmatched"]


def test_an_entry_whose_case_was_not_chosen_is_left_alone(lists: Callable[..., KnownLists]) -> None:
    assert states(lists("good/good"), case("bad/bad", "passed")) == ["idle"]
    assert states(lists("none/such", ids=None), case("bad/bad", "passed")) == ["idle"]
    assert states(lists("bad/bad"), case("bad/bad", "skipped")) == ["idle"]


def test_a_flaky_case_may_pass_or_fail(lists: Callable[..., KnownLists]) -> None:
    assert states(lists(flaky="bad"), case("bad/bad", "passed")) == ["holds"]
    assert states(lists(flaky="bad"), case("bad/bad", "failed")) == ["holds"]


def test_patterns_match_whole_components(lists: Callable[..., KnownLists]) -> None:
    known = lists("*/good/way:a\n**/bad\n")
    assert [known.kind_of(name) for name in ("good/good/way:a", "good/good/way:b", "bad/bad", "worse/bad-too")] == [
        "failing",
        "",
        "failing",
        "",
    ]


def test_a_case_on_both_lists_is_refused(lists: Callable[..., KnownLists]) -> None:
    with pytest.raises(ValueError, match="bad/bad is on both lists"):
        lists("bad", "bad/bad")


def test_a_line_with_more_than_a_pattern_is_refused(lists: Callable[..., KnownLists]) -> None:
    with pytest.raises(ValueError, match=r"failing\.txt:2: one pattern a line"):
        lists("bad/bad\nbad because it is\n")


def test_a_list_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="There is no list"):
        load_known(tmp_path / "none.txt", None, lambda: None)


@pytest.fixture
def cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "cases"
    folder.mkdir()
    (folder / "good.yaml").write_text(GOOD)
    (folder / "bad.yaml").write_text(BAD)
    return folder


async def run(fake: Any, *words: str) -> int:
    return await asyncio.to_thread(main, ["run", *words, "--target", fake.url, "--grpc", "127.0.0.1:1"])


async def test_a_known_failure_does_not_turn_the_run_red(
    fake: Any, cases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(fake, str(cases)) == 1
    (cases / "known-failing.txt").write_text("bad/bad  # as it is\n")
    assert await run(fake, str(cases)) == 0
    assert "2 passed, 1 failed (1 of them known)" in capsys.readouterr().out
    assert await run(fake, str(cases), "--only", "good") == 0


async def test_a_stale_or_unmatched_entry_is_5(fake: Any, cases: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("bad/bad\ngood/good/way:a\n")
    assert await run(fake, str(cases), "--known-failing", str(mine)) == 5
    mine.write_text("bad/bad\nno/such\n")
    assert await run(fake, str(cases), "--known-failing", str(mine)) == 5
    mine.write_text("bad/bad\n")
    assert await run(fake, str(cases), "--known-failing", str(mine)) == 0


async def test_a_flaky_case_never_decides(fake: Any, cases: Path) -> None:
    (cases / "known-flaky.txt").write_text("bad\ngood/good/way:b\n")
    assert await run(fake, str(cases)) == 0
    (cases / "known-flaky.txt").write_text("bad\nnone\n")
    assert await run(fake, str(cases)) == 5


async def test_a_mistake_in_a_list_is_2_and_nothing_is_sent(fake: Any, cases: Path) -> None:
    assert await run(fake, str(cases), "--known-failing", "none.txt") == 2
    assert fake.asked == []
