"""The report's page in a real browser, from a file: filters, links, keys, copying, light and dark, on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from qbridge_harness.reports import write_reports

from .browser import Browser, NoBrowser
from .reports.conftest import every_kind

TAB, ENTER = "\ue004", "\ue007"
SHOWN = (
    "return [...document.querySelectorAll('#cases details.case:not([hidden])')].map((e) => e.dataset.id.split('/')[1])"
)
OVERFLOWS = """
document.querySelectorAll("details").forEach((each) => { each.open = true; });
const wide = document.documentElement.clientWidth + 0.5;
return [...document.querySelectorAll("*")].filter((each) => !each.closest(".scroll, pre")
  && each.getBoundingClientRect().right > wide).map((each) => each.outerHTML.slice(0, 200));
"""
# WCAG's ratio of the badges' words to their ground.
CONTRAST = """
const light = (colour) => {
  const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
return [...document.querySelectorAll(".badge")].map((each) => {
  const style = getComputedStyle(each);
  const [low, high] = [light(style.color), light(style.backgroundColor)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
});
"""


@pytest.fixture(scope="module")
def shared_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser | str]:
    """One browser for all tests, or the reason why there is none."""
    try:
        with Browser.start(tmp_path_factory.mktemp("browser")) as started:
            yield started
    except NoBrowser as error:
        yield str(error)


@pytest.fixture
def page(
    shared_browser: Browser | str, missing_service: Callable[[str], NoReturn], tmp_path: Path
) -> Iterator[tuple[Browser, str]]:
    """The browser with the page open, and its address; the console must stay empty."""
    if isinstance(shared_browser, str):
        missing_service(shared_browser)
    write_reports(every_kind(), {"html": tmp_path / "report.html"})
    shared_browser.resize(1100, 800)
    shared_browser.complaints()
    url = (tmp_path / "report.html").as_uri()
    shared_browser.open(url)
    yield shared_browser, url
    assert shared_browser.complaints() == []
    shared_browser.open("about:blank")


def test_filters_narrow_the_list(page: tuple[Browser, str]) -> None:
    browser, _ = page
    browser.click("button[data-verdict=error]")
    assert browser.run(SHOWN) == ["error"]
    browser.click("button[data-verdict=skipped]")
    assert browser.run(SHOWN) == ["error", "skipped"]
    assert browser.text("#shown") == "2 of 8"
    browser.type("#search", "vector")
    assert browser.run(SHOWN) == ["skipped"]
    browser.type("#search", "nothing is called so")
    assert browser.run(SHOWN) == []
    assert browser.text("#empty") == "No case is like that."


def test_what_is_known_can_be_chosen_alone(page: tuple[Browser, str]) -> None:
    browser, _ = page
    browser.click("button[data-verdict=known]")
    assert browser.run(SHOWN) == ["flaky", "known"]


def test_it_works_without_a_mouse(page: tuple[Browser, str]) -> None:
    browser, _ = page
    browser.press("/")
    assert browser.run("return document.activeElement.id") == "search"
    browser.press("u", "n", "t", "e", "s")
    assert browser.run(SHOWN) == ["untestable"]
    browser.run("document.querySelector('#transport').focus()")
    browser.press(TAB, ENTER)
    browser.wait("return document.querySelector('#cases details.case:not([hidden])').open")


def test_a_mark_of_the_timeline_leads_to_its_message(page: tuple[Browser, str]) -> None:
    browser, _ = page
    browser.run("document.querySelector('#c0 details.wire').open = false")
    browser.click("#c0 a.mark.sent")
    browser.wait("return document.querySelector('#c0 details.wire').open")
    assert browser.run("return document.querySelector(':target').id") == "m0-0"


def test_an_address_leads_to_a_case(page: tuple[Browser, str]) -> None:
    browser, url = page
    browser.open(f"{url}#case=shop/passed/transport:rest")
    browser.wait("return [...document.querySelectorAll('#cases details[open].case')].length === 2")


def test_a_command_is_copied(page: tuple[Browser, str]) -> None:
    browser, _ = page
    browser.run("document.querySelectorAll('#c0 details').forEach((each) => { each.open = true; })")
    browser.click("#c0 .command .copyable button")
    browser.wait("return document.querySelector('#c0 .command .copyable button').textContent === 'Copied'")


@pytest.mark.parametrize("width", [375, 700, 1280])
def test_nothing_overflows(width: int, page: tuple[Browser, str]) -> None:
    browser, url = page
    browser.resize(width, 800)
    browser.open(url)
    assert browser.run(OVERFLOWS) == []
    assert browser.run("const page = document.documentElement; return page.scrollWidth === page.clientWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_badges_can_be_read(scheme: str, page: tuple[Browser, str]) -> None:
    browser, _ = page
    browser.prefer(scheme)
    ratios = browser.run(CONTRAST)
    assert len(ratios) > 8
    assert min(ratios) >= 4.5
