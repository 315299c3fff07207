"""The page: it stands alone, escapes what it shows, says first what is red, and leads to the way to do it again."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from qbridge_harness.engine import CaseResult, Report
from qbridge_harness.reports import write_reports
from qbridge_harness.reports.html import render_html
from qbridge_harness.reports.timeline import lay_out

_VOID = ("meta", "input", "br", "link", "img")


class _Page(HTMLParser):
    """Collects the text outside scripts and styles, links, ids, and each case with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.cases: list[dict[str, str | None]] = []
        self.unlabelled: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag not in _VOID:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag == "details" and "data-id" in found:
            self.cases.append(found)
        if tag in ("input", "select", "a") and "aria-label" not in found:
            self.unlabelled.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def page(report: Report) -> _Page:
    return _Page(render_html(report))


def test_it_is_well_formed_and_needs_nothing_else(page: _Page, report: Report) -> None:
    html = render_html(report)
    assert page.open == []
    assert html.startswith("<!doctype html>")
    assert "http-equiv" not in html
    assert "@import" not in html
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert len(page.ids) == len(set(page.ids))


def test_what_is_red_comes_first_and_open(page: _Page) -> None:
    assert [case["data-id"].split("/")[1] for case in page.cases if case["data-id"]] == [
        *("violated", "untestable", "failed", "error", "flaky", "known", "skipped", "passed")
    ]
    assert ["open" in case for case in page.cases] == [True] + [False] * 7


def test_an_error_is_told_apart_from_a_failure(page: _Page) -> None:
    by_name = {str(case["data-id"]): case for case in page.cases}
    assert by_name["shop/error/transport:rest"]["data-verdict"] == "error"
    assert "says nothing about the deployment" in page.text
    assert by_name["shop/known/transport:rest"]["data-known"] == "failing"


@pytest.mark.parametrize(
    "words",
    [
        "1 passed, 5 failed (2 of them known), 1 error, 1 skipped",
        "ünïcode 漢字 \U0001f980 <b>&\"'</b> ]]> -->",
        "known-failing",
        "untestable",
        "deployment POST /v1/call -> 200 check schema GW-MSG-001",
        "act, line 11: call Call",
        "seed seed-7",
        "It passes now.",
        "A Call answers the result of its request",
        '-H "authorization: Bearer $QBRIDGE_API_KEY"',
        "qbridge-harness run cases/shop.yaml --only shop/failed/transport:rest",
        "--seed seed-7",
    ],
)
def test_it_says(words: str, page: _Page) -> None:
    assert words in page.text


def test_it_works_by_keyboard(page: _Page) -> None:
    """What can be used is a native control, and has a name."""
    assert page.unlabelled == []
    assert "onclick" not in "".join(page.links)


def test_no_control_character_and_half_of_a_pair_gets_into_the_file(report: Report, tmp_path: Path) -> None:
    write_reports(report, {"html": tmp_path / "new" / "report.html"})
    text = (tmp_path / "new" / "report.html").read_text(encoding="utf-8")
    assert "\\x00\\x07\\x1b[31m\\x85" in text
    assert not {"\x00", "\x07", "\x1b", "\x85"} & set(text)


def test_the_timeline_counts_from_the_start_of_the_case(report: Report) -> None:
    line = lay_out(report.cases[-1])
    assert line.total_ms == 120
    assert [tick.ms for tick in line.ticks] == [0, 50, 100]
    assert [(row.left, row.width) for row in line.rows] == [(0.08, 0.17), (0.83, 75.0)]
    assert [(mark.left, mark.message.direction) for mark in line.rows[1].marks] == [(1.67, "sent"), (66.67, "received")]


def test_messages_of_a_step_that_was_not_kept_are_not_lost(report: Report) -> None:
    case = report.cases[-1]
    case.steps.clear()
    assert [mark.place for mark in lay_out(case).loose] == [0, 1]


@pytest.mark.parametrize("duration_ms", [0.0, 0.004, 3.0, 59_999.0])
def test_any_duration_has_a_readable_axis(duration_ms: float, report: Report) -> None:
    case: CaseResult = report.cases[-1]
    case.steps.clear()
    case.messages.clear()
    case.duration_ms = duration_ms
    ticks = lay_out(case).ticks
    assert 1 <= len(ticks) <= 6
    assert all(0 <= tick.left <= 100 for tick in ticks)


def test_a_run_of_nothing_is_a_page_too(report: Report) -> None:
    report.cases, report.known = [], []
    assert "0 passed, 0 failed" in _Page(render_html(report)).text
