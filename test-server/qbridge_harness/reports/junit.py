"""The report as JUnit XML, as CI systems read it: a suite per case file, a test case per case.

A failure is the deployment's; an error is the harness's own. What a list of known results names and fails is skipped
there, as pytest does with xfail: a CI system that counts failures then agrees with the exit code.
"""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree

from qbridge_harness.engine.results import CaseResult, KnownEntry, Report
from qbridge_harness.reports.text import explain, known_note, mask, run_again

KNOWN_SUITE = "known results"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_OUTPUT_MAX = 20_000


def render_junit(report: Report) -> str:
    """The XML document."""
    root = ElementTree.Element("testsuites", name="qbridge", time=f"{report.duration_s:.3f}")
    for suite, members in groupby(sorted(report.cases, key=lambda case: case.suite), key=lambda case: case.suite):
        root.append(_suite(report, suite, list(members)))
    entries = [entry for entry in report.known if entry.red]
    if entries:
        root.append(_known(report, entries))
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + mask(ElementTree.tostring(root, encoding="unicode")) + "\n"


def write(report: Report, path: Path) -> None:
    """Writes the file."""
    path.write_text(render_junit(report), encoding="utf-8")


def _suite(report: Report, name: str, cases: list[CaseResult]) -> ElementTree.Element:
    seconds = sum(case.duration_ms for case in cases) / 1000
    suite = ElementTree.Element("testsuite", name=name, time=f"{seconds:.3f}", timestamp=report.started_at)
    about = {"target": report.target, "grpc": report.grpc, "harness": report.harness_version, "seed": report.seed}
    suite.append(_properties([(key, value) for key, value in about.items() if value]))
    suite.extend([_case(report, case) for case in cases])
    return _counted(suite)


def _known(report: Report, entries: list[KnownEntry]) -> ElementTree.Element:
    """Entries that are no longer true, each as a test case that failed."""
    suite = ElementTree.Element("testsuite", name=KNOWN_SUITE, time="0.000", timestamp=report.started_at)
    for entry in entries:
        case = ElementTree.SubElement(
            suite, "testcase", name=_clean(entry.pattern), classname=KNOWN_SUITE, time="0.000", file=entry.file
        )
        text = f"{entry.file}:{entry.line}: {entry.reason}"
        ElementTree.SubElement(case, "failure", message=_clean(text), type=entry.state).text = _clean(text)
    return _counted(suite)


def _counted(suite: ElementTree.Element) -> ElementTree.Element:
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(tag) is not None for case in cases)))
    return suite


def _case(report: Report, case: CaseResult) -> ElementTree.Element:
    name = case.id.removeprefix(case.suite + "/")
    element = ElementTree.Element(
        "testcase", name=_clean(name), classname=case.suite, time=f"{case.duration_ms / 1000:.3f}", file=case.file
    )
    element.set("line", str(case.line))
    pairs = [("rule", rule) for rule in case.proves] + [("rule-broken", rule) for rule in case.tripped]
    pairs += [(f"axis.{axis}", str(value)) for axis, value in case.axes.items()]
    pairs += [("known", case.known)] if case.known else []
    if pairs:
        element.append(_properties(pairs))
    if case.verdict == "passed":
        return element
    tag, kind = _kind(case)
    child = ElementTree.SubElement(element, tag, message=_clean(case.reason))
    if kind:
        child.set("type", kind)
    if case.verdict != "skipped":
        places = [f"{case.file}:{case.line}", *explain(case), f"Again: {run_again(report, case)}"]
        child.text = _clean("\n".join(places))
        if case.messages:
            ElementTree.SubElement(element, "system-out").text = _clean(_wire(case))
    return element


def _kind(case: CaseResult) -> tuple[str, str]:
    """The element that tells the verdict, and its type."""
    if case.verdict == "skipped":
        return "skipped", ""
    if not case.red:
        return "skipped", known_note(case)
    if case.verdict == "error":
        return "error", "harness"
    if case.untestable:
        return "failure", "untestable"
    return "failure", "violation" if case.violations else "mismatch"


def _properties(pairs: list[tuple[str, str]]) -> ElementTree.Element:
    properties = ElementTree.Element("properties")
    for name, value in pairs:
        ElementTree.SubElement(properties, "property", name=_clean(name), value=_clean(value))
    return properties


def _wire(case: CaseResult) -> str:
    lines = [
        f"{message.at_ms:.1f} ms {'->' if message.direction == 'sent' else '<-'} "
        f"{message.transport}: {message.title} {message.text}"
        for message in case.messages
    ]
    return "\n".join(lines)[:_OUTPUT_MAX]


def _clean(text: str) -> str:
    """Text without what XML cannot hold."""
    return _NOT_XML.sub("?", text)
