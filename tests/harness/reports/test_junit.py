"""JUnit XML: what CI systems read. The structure is that of the schema which most of them share."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from qbridge_harness.engine import Report
from qbridge_harness.reports.junit import render_junit

_COUNTS = {"tests", "failures", "errors", "skipped"}
# Element -> the attributes that it must have, those that it may have, its children in their order.
_FORM: dict[str, tuple[set[str], set[str], list[str]]] = {
    "testsuites": ({"name", "time"} | _COUNTS, set(), ["testsuite"]),
    "testsuite": ({"name", "time", "timestamp"} | _COUNTS, set(), ["properties", "testcase"]),
    "properties": (set(), set(), ["property"]),
    "property": ({"name", "value"}, set(), []),
    "testcase": (
        {"name", "classname", "time"},
        {"file", "line"},
        ["properties", "skipped", "error", "failure", "system-out"],
    ),
    "skipped": ({"message"}, {"type"}, []),
    "error": ({"message", "type"}, set(), []),
    "failure": ({"message", "type"}, set(), []),
    "system-out": (set(), set(), []),
}


def problems(element: ElementTree.Element) -> list[str]:
    """What of an element, and of what is in it, is not as JUnit's readers expect."""
    needed, allowed, children = _FORM[element.tag]
    found = [f"{element.tag} lacks {name}" for name in needed - set(element.keys())]
    found += [f"{element.tag} has {name}" for name in set(element.keys()) - needed - allowed]
    order = [children.index(child.tag) if child.tag in children else -1 for child in element]
    if -1 in order or order != sorted(order):
        found.append(f"{element.tag} holds {[child.tag for child in element]}")
    if element.tag in ("testsuite", "testsuites"):
        cases = list(element.iter("testcase"))
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            if int(element.get(name, "-1")) != sum(case.find(tag) is not None for case in cases):
                found.append(f"{element.tag} miscounts {name}")
    return found + [text for child in element if child.tag in _FORM for text in problems(child)]


@pytest.fixture
def root(report: Report) -> ElementTree.Element:
    return ElementTree.fromstring(render_junit(report))


def test_the_structure_is_right(root: ElementTree.Element) -> None:
    assert problems(root) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda root: root.set("failures", "9"),
        lambda root: root[0][1].set("colour", "red"),
        lambda root: root[0].append(ElementTree.Element("properties")),
        lambda root: root[0][1].attrib.pop("classname"),
    ],
)
def test_the_structure_can_be_wrong(spoil: Callable[[ElementTree.Element], object], root: ElementTree.Element) -> None:
    spoil(root)
    assert problems(root)


def test_an_error_is_no_failure_and_what_is_known_is_neither(root: ElementTree.Element) -> None:
    kinds = {}
    for case in root.iter("testcase"):
        last = next((child for child in case if child.tag in ("failure", "error", "skipped")), None)
        kinds[case.get("name", "").split("/")[0]] = None if last is None else (last.tag, last.get("type"))
    # "shop" is the stale entry of known-failing.txt: shop/passed/**.
    assert kinds == {
        "passed": None,
        "skipped": ("skipped", None),
        "flaky": ("skipped", "known-flaky"),
        "known": ("skipped", "known-failing"),
        "error": ("error", "harness"),
        "violated": ("failure", "violation"),
        "untestable": ("failure", "untestable"),
        "failed": ("failure", "mismatch"),
        "shop": ("failure", "stale"),
    }


def test_a_failure_says_where_why_and_how_to_see_it_again(root: ElementTree.Element) -> None:
    failure = root.findall(".//testcase/failure[@type='mismatch']")[0]
    text = failure.text or ""
    assert text.startswith(
        "cases/shop.yaml:7\nline 11, act, call Call: ünïcode 漢字 \U0001f980 <b>&\"'</b> ]]> --> ???"
    )
    assert "--only shop/failed/transport:rest" in text


def test_rules_and_axes_are_properties(root: ElementTree.Element) -> None:
    case = root.findall(".//testcase[@name='failed/transport:rest']")[0]
    found = [(each.get("name"), each.get("value")) for each in case.iter("property")]
    assert found == [("rule", "GW-CALL-001"), ("rule-broken", "GW-CALL-001"), ("axis.transport", "rest")]
    suite = {each.get("name"): each.get("value") for each in root[0][0]}
    assert suite["seed"] == "seed-7"


def test_a_huge_message_is_cut(report: Report) -> None:
    case = report.cases[5]
    case.messages *= 40
    out = ElementTree.fromstring(render_junit(report)).findall(
        ".//testcase[@name='violated/transport:rest']/system-out"
    )
    assert len(out[0].text or "") == 20_000
