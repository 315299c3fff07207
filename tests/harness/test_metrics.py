"""Metrics: a page is read as Prometheus reads it, and a `metrics` step sees what a case has changed."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from qbridge_harness.engine import CaseResult
from qbridge_harness.language import CaseFileError, Suite
from qbridge_harness.metrics import BadMetrics, read_page, read_selector

PAGE = """# HELP requests_total Requests.
# TYPE requests counter
requests_total{backend="echo",state="ok"} 3 1700000000000
requests_total{backend="a \\"b\\" }c",state="failed"} 1.5e1 # {trace="x"} 1
# TYPE depth gauge
depth 4
temperature{where="in"} NaN
latency_bucket{le="+Inf"} +Inf
"""
NEEDS = "    needs: {metrics: true}\n"


def test_a_page_is_read() -> None:
    page = read_page(PAGE)
    assert [str(sample) for sample in page.gauges()] == ["depth"]
    assert page.total(read_selector("depth")) == 4
    assert page.total(read_selector("requests_total")) == 18
    assert page.total(read_selector("latency_bucket")) == math.inf
    assert math.isnan(page.total(read_selector("temperature")))
    assert page.samples[1].labels == {"backend": 'a "b" }c', "state": "failed"}


@pytest.mark.parametrize(
    ("selector", "total"),
    [
        ('requests_total{backend="echo"}', 3),
        ('requests_total{ state != "ok" , }', 15),
        ('requests_total{state=~"ok|failed"}', 18),
        ('requests_total{state=~"o"}', 0),
        ('requests_total{tenant=""}', 18),
        ("requests_total{}", 18),
    ],
)
def test_a_selector_adds_up_what_fits(selector: str, total: float) -> None:
    assert read_page(PAGE).total(read_selector(selector)) == total


@pytest.mark.parametrize("text", ["<html>", "depth", "depth four", "depth{a=1} 4", 'x{a="1} 4'])
def test_what_is_no_page_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(BadMetrics, match="line 2 of the metrics"):
        read_page(f"depth 4\n{text}\n")


@pytest.mark.parametrize("text", ["", "{}", "a b", 'a{b="c"', "a{b}", "7up"])
def test_what_selects_nothing_is_refused(text: str) -> None:
    with pytest.raises(BadMetrics):
        read_selector(text)


def test_a_counter_that_has_not_counted_yet_is_known_by_its_type() -> None:
    assert "errors_total" in read_page("# TYPE errors counter\n").names()


@pytest.fixture
def page(fake: Any, answers: Any) -> Callable[..., None]:
    """What GET /metrics answers, one after the other; the first one is the preflight's."""

    def says(*pages: str, path: str = "/metrics") -> None:
        texts = [pages[0], *pages]
        fake.says(f"GET {path}", *(answers(200, text.encode(), "text/plain") for text in texts))

    return says


Judge = Callable[..., Awaitable[CaseResult]]
STEPS = """
- metrics: before
- set: {who: echo}
- metrics: after
  since: before
  read: {done: 'requests_total{backend="${who}"}', depth: depth}
  expect: {delta: {done: 2, depth: -4}, now: {done: 5, depth: 0}}
"""


async def test_a_case_sees_what_it_has_changed(page: Callable[..., None], judge_steps: Judge) -> None:
    page(PAGE, PAGE.replace("} 3 ", "} 5 ").replace("depth 4", "depth 0"))
    case = await judge_steps(STEPS, NEEDS)
    assert case.verdict == "passed", case.reason


async def test_a_wrong_delta_fails(page: Callable[..., None], judge_steps: Judge) -> None:
    page(PAGE)
    case = await judge_steps(STEPS, NEEDS)
    assert "delta.done: expected 2, got 0" in case.reason


async def test_a_deployment_without_metrics_is_skipped_with_the_reason(judge_steps: Judge) -> None:
    case = await judge_steps(STEPS, NEEDS)
    assert (case.verdict, case.reason) == ("skipped", "the deployment serves no metrics at the path of --metrics")


async def test_the_path_is_the_runs(page: Callable[..., None], judge: Callable[..., Any]) -> None:
    page(PAGE, path="/stats")
    step = "{metrics: now, read: {d: depth}, expect: {now: {d: 4}}}"
    text = f"purpose: A test.\ncases: [{{name: it, needs: {{metrics: true}}, act: [{step}]}}]\n"
    report = await judge(text, metrics_path="/stats")
    assert report.cases[0].verdict == "passed", report.cases[0].reason


async def test_a_metric_that_the_page_does_not_have_is_no_zero(page: Callable[..., None], judge_steps: Judge) -> None:
    page(PAGE)
    case = await judge_steps("- {metrics: now, read: {d: dept}, expect: {now: {d: 0}}}", NEEDS)
    assert "The page has no metric dept. did you mean 'depth'?" in case.reason


async def test_a_page_of_garbage_fails_the_case(page: Callable[..., None], judge_steps: Judge) -> None:
    page("<html>")
    case = await judge_steps("- {metrics: now}", NEEDS)
    assert case.verdict == "failed"
    assert "line 1 of the metrics is no sample" in case.reason


async def test_a_selector_that_cannot_be_is_the_cases_own_error(page: Callable[..., None], judge_steps: Judge) -> None:
    page(PAGE)
    case = await judge_steps("- {metrics: now, read: {d: 'depth{'}}", NEEDS)
    assert case.verdict == "error"


def test_an_earlier_reading_must_be_there(suite: Callable[[str], Suite]) -> None:
    with pytest.raises(CaseFileError, match="No reading 'before' stands before this one"):
        suite("purpose: A test.\ncases: [{name: it, act: [{metrics: now, since: before}]}]\n")
