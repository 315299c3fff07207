"""Reports: what a machine reads is well-formed, what a person reads says what happened."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from qbridge_harness.engine import Report
from qbridge_harness.reports import Terminal, render_html, render_json, render_junit, write_reports

SUITE = """
purpose: A test.
tags: [some]
cases:
  - {name: good, proves: [GW-CALL-001], act: [{check: 1, is: 1}]}
  - {name: bad, purpose: "Less < more & 'quotes'", proves: [GW-CALL-001], act: [{check: "<script>\\u0001", is: b}]}
  - {name: skipped, needs: {profile: vector}, act: [{check: 1, is: 1}]}
  - {name: untestable, needs: {operation: query}, act: [{check: 1, is: 1}]}
  - {name: violated, act: [{rest: GET /v1/health}]}
"""


@pytest.fixture
async def report(fake: Any, answers: Any, judge: Callable[..., Any]) -> Report:
    fake.says("GET /v1/health", answers(200, {"colour": "red"}))
    made: Report = await judge(SUITE)
    return made


async def test_the_summary_counts(report: Report) -> None:
    assert report.summary == "1 passed, 3 failed, 1 skipped"
    assert not report.ok
    assert report.rules() == {"GW-CALL-001": {"any": "failed"}}


async def test_json_holds_everything(report: Report) -> None:
    document = json.loads(render_json(report))
    assert document["counts"] == {"passed": 1, "failed": 3, "skipped": 1}
    assert [case["verdict"] for case in document["cases"]] == ["passed", "failed", "skipped", "failed", "failed"]
    assert document["cases"][4]["violations"][0]["blame"] == "deployment"
    assert document["coverage"] == {"PlatformService/GetHealth rest 200": 1}


async def test_junit_is_what_ci_systems_read(report: Report) -> None:
    root = ElementTree.fromstring(render_junit(report))
    assert root.tag == "testsuites"
    assert (root.get("tests"), root.get("failures"), root.get("skipped"), root.get("errors")) == ("5", "3", "1", "0")
    suite = root.find("testsuite")
    assert suite is not None
    cases = suite.findall("testcase")
    assert [case.get("name") for case in cases] == ["good", "bad", "skipped", "untestable", "violated"]
    assert all(float(case.get("time", "x")) >= 0 and case.get("classname") == "here" for case in cases)
    failures = [case.find("failure") for case in cases]
    assert [failure.get("type") for failure in failures if failure is not None] == [
        "mismatch",
        "untestable",
        "violation",
    ]
    skipped = cases[2].find("skipped")
    assert skipped is not None
    assert "profile vector" in skipped.get("message", "")


class _Page(HTMLParser):
    """Collects tags, and the text outside scripts and styles; a tag left open is noticed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "input", "br", "link", "img"):
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            assert tag != "details"

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.words.append(data)


async def test_html_stands_alone_and_escapes_what_it_shows(report: Report) -> None:
    page = _Page()
    page.feed(render_html(report))
    text = " ".join(page.words)
    assert page.open == []
    assert page.links == []
    for word in ("1 passed, 3 failed, 1 skipped", "Less < more & 'quotes'", "GW-CALL-001", "untestable", "<script>"):
        assert word in text
    assert "GET /v1/health" in text


async def test_the_terminal_closes_with_the_count(report: Report) -> None:
    stream = io.StringIO()
    terminal = Terminal(stream)
    for case in report.cases:
        terminal.case(case)
    terminal.close(report)
    lines = stream.getvalue().splitlines()
    assert lines[-1] == "1 passed, 3 failed, 1 skipped"
    assert "✗ here/bad" in stream.getvalue()
    assert "(skipped: the deployment does not declare the profile vector)" in stream.getvalue()
    assert "\033[" not in stream.getvalue()


async def test_reports_make_their_folders(report: Report, tmp_path: Path) -> None:
    write_reports(report, {"json": tmp_path / "a" / "r.json", "html": tmp_path / "b" / "r.html"})
    assert (tmp_path / "a" / "r.json").stat().st_size > 0
    assert (tmp_path / "b" / "r.html").read_text().startswith("<!doctype html>")
