"""The terminal: what a person reads while it runs and at the end; and what no report of any format holds."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from qbridge_harness.engine import Report
from qbridge_harness.language import Suite, plan_cases
from qbridge_harness.reports import FORMATS, Terminal, write_reports
from qbridge_harness.reports.ndjson import EventLog
from qbridge_harness.reports.text import mask

KEY = "qb_" + "5ec2e7" * 10


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def shown(report: Report, stream: io.StringIO, **options: int) -> str:
    terminal = Terminal(stream, **options)  # type: ignore[arg-type]
    for case in report.cases:
        terminal.case(case)
    terminal.close(report)
    return stream.getvalue()


def test_it_closes_with_the_count(report: Report) -> None:
    lines = shown(report, io.StringIO()).splitlines()
    assert lines[-1] == "1 passed, 5 failed (2 of them known), 1 error, 1 skipped"
    assert lines[-2].endswith("against http://127.0.0.1:7401 and 127.0.0.1:7400, seed seed-7")


def test_each_case_is_a_line_with_its_verdict(report: Report) -> None:
    lines = shown(report, io.StringIO()).splitlines()
    assert lines[:5] == [
        "✓ shop/passed/transport:rest  120 ms",
        "- shop/skipped/transport:rest  (skipped: the deployment does not declare the profile vector)",
        "✗ shop/flaky/transport:rest  120 ms  (known-flaky)",
        "✗ shop/known/transport:rest  120 ms  (known-failing)",
        "! shop/error/transport:rest  120 ms",
    ]


def test_what_is_red_comes_at_the_end_with_its_place_and_the_way_to_see_it_again(report: Report) -> None:
    text = shown(report, io.StringIO())
    failures, _, errors = text.partition("\nFailures\n")[2].partition("\nErrors: the harness could not judge these\n")
    assert [name in failures for name in ("violated", "untestable", "failed", "error/", "known/", "flaky/")] == [
        *(True, True, True, False, False, False)
    ]
    assert "shop/failed/transport:rest  (cases/shop.yaml:7)" in failures
    assert "    line 11, act, call Call: " in failures
    assert "  Again: qbridge-harness run cases/shop.yaml --only shop/failed/transport:rest" in failures
    assert "  # the same ids: start the deployment anew, or leave --seed out\n" in failures
    assert "shop/error/transport:rest" in errors
    assert "cases/known-failing.txt:4: shop/passed/**: It passes now." in errors


def test_a_target_that_was_there_for_one_run_is_not_named_for_the_next(report: Report) -> None:
    report.command = "qbridge-harness itest"
    text = shown(report, io.StringIO())
    assert "  Again: qbridge-harness itest --only shop/failed/transport:rest --seed seed-7\n" in text


def test_a_message_cannot_write_on_the_screen_by_itself(report: Report) -> None:
    text = shown(report, io.StringIO())
    assert "\033" not in text
    assert "\\x00\\x07\\x1b[31m" in text


def test_a_terminal_without_unicode_is_no_crash(report: Report) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", newline="\n")
    terminal = Terminal(stream)
    terminal.case(report.cases[-1])
    terminal.close(report)
    assert raw.getvalue().startswith(b"? shop/failed")


def test_progress_is_for_terminals_only(report: Report, suite: Callable[[str], Suite]) -> None:
    planned = plan_cases([suite("purpose: A test.\ncases:\n  - {name: one, act: [{check: 1, is: 1}]}\n")])
    for stream, moves in ((Screen(), True), (io.StringIO(), False)):
        terminal = Terminal(stream, planned=2)
        terminal.started(planned[0])
        terminal.case(report.cases[-1])
        assert ("0 of 2  here/one" in stream.getvalue()) is moves
        assert ("1 of 2, 1 red  here/one" in stream.getvalue()) is moves
        terminal.stop()
        assert stream.getvalue().endswith("\r\033[K" if moves else " ms\n")


def test_progress_is_cut_to_the_width(monkeypatch: pytest.MonkeyPatch, suite: Callable[[str], Suite]) -> None:
    monkeypatch.setenv("COLUMNS", "12")
    (planned,) = plan_cases([suite("purpose: A test.\ncases:\n  - {name: one, act: [{check: 1, is: 1}]}\n")])
    stream = Screen()
    Terminal(stream, planned=2).started(planned)
    assert stream.getvalue() == "\r\033[K0 of 2  her"


def test_no_format_holds_a_key(report: Report, tmp_path: Path) -> None:
    """The report has it in a message and in a reason."""
    write_reports(report, {name: tmp_path / name for name in FORMATS})
    with EventLog(tmp_path / "ndjson", "run-1") as events:
        for case in report.cases:
            events.case_finished(case)
    (tmp_path / "terminal").write_text(shown(report, io.StringIO()))
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(files) > len(FORMATS) + 2
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert KEY not in text, file
        assert "5ec2e7" not in text, file


@pytest.mark.parametrize("text", [f'"{KEY}"', f"Bearer {KEY}", "bearer abcdefghijklmnop==", f"x={KEY};"])
def test_a_key_is_masked(text: str) -> None:
    assert "***" in mask(text)


@pytest.mark.parametrize("text", ["qb_short", "Bearer $QBRIDGE_API_KEY", "the bearer is a person", "qbridge_harness_x"])
def test_what_is_no_key_stays(text: str) -> None:
    assert mask(text) == text
