"""The report as JUnit XML, as CI systems read it: a suite per case file, a test case per case."""

from __future__ import annotations

import re
from itertools import groupby
from xml.etree import ElementTree

from qbridge_harness.engine.results import CaseResult, Report

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(report: Report) -> str:
    """The XML document."""
    root = ElementTree.Element(
        "testsuites", name="qbridge", time=f"{report.duration_s:.3f}", attrib=_counts(report.cases)
    )
    for suite, members in groupby(sorted(report.cases, key=lambda case: case.suite), key=lambda case: case.suite):
        cases = list(members)
        seconds = sum(case.duration_ms for case in cases) / 1000
        element = ElementTree.SubElement(
            root, "testsuite", name=suite, time=f"{seconds:.3f}", attrib=_counts(cases), timestamp=report.started_at
        )
        properties = ElementTree.SubElement(element, "properties")
        for name, value in (("target", report.target), ("grpc", report.grpc), ("harness", report.harness_version)):
            ElementTree.SubElement(properties, "property", name=name, value=value)
        for case in cases:
            element.append(_case(case))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _counts(cases: list[CaseResult]) -> dict[str, str]:
    failed = sum(case.verdict == "failed" for case in cases)
    skipped = sum(case.verdict == "skipped" for case in cases)
    return {"tests": str(len(cases)), "failures": str(failed), "errors": "0", "skipped": str(skipped)}


def _case(case: CaseResult) -> ElementTree.Element:
    name = case.id.removeprefix(case.suite + "/")
    element = ElementTree.Element(
        "testcase", name=name, classname=case.suite, time=f"{case.duration_ms / 1000:.3f}", file=case.file
    )
    if case.verdict == "skipped":
        ElementTree.SubElement(element, "skipped", message=_clean(case.reason))
    elif case.verdict == "failed":
        failure = ElementTree.SubElement(element, "failure", message=_clean(case.reason), type=_type(case))
        failure.text = _clean(_details(case))
    return element


def _type(case: CaseResult) -> str:
    if case.reason.startswith("untestable"):
        return "untestable"
    return "violation" if case.violations else "mismatch"


def _details(case: CaseResult) -> str:
    lines = [f"{case.file}:{case.line}"]
    for step in case.steps:
        lines += [f"line {step.line}, {step.phase}, {step.title}: {problem}" for problem in step.problems]
    lines += [str(violation) for violation in case.violations]
    return "\n".join(lines)


def _clean(text: str) -> str:
    """Text without what XML cannot hold."""
    return _NOT_XML.sub("?", text)
