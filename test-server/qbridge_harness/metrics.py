"""A metrics page in Prometheus' text format: its samples, and selectors that add some of them up.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)')
_LABELS = r'\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\}'
_SAMPLE = re.compile(rf"({_NAME})(?:{_LABELS})?\s+(\S+)(?:\s+-?\d+)?(?:\s+#.*)?$")
_SELECTOR = re.compile(rf"\s*({_NAME})\s*(?:{_LABELS})?\s*$")
_ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}
_VALUES = {"+Inf": float("inf"), "-Inf": float("-inf"), "NaN": float("nan")}
_SUFFIXES = ("_total", "_bucket", "_count", "_sum", "_created")


class BadMetrics(ValueError):
    """A page or a selector cannot be read; the message says where."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of a page."""

    name: str
    labels: Mapping[str, str]
    value: float

    def __str__(self) -> str:
        inside = ", ".join(f'{name}="{value}"' for name, value in self.labels.items())
        return f"{self.name}{{{inside}}}" if inside else self.name


@dataclass(frozen=True, slots=True)
class Selector:
    """The samples of a name whose labels fit: `name{a="b", c!="d", e=~"f.*"}`."""

    name: str
    tests: tuple[tuple[str, str, str], ...] = ()

    def fits(self, sample: Sample) -> bool:
        """Whether it means this sample; a label that is missing counts as empty."""
        if sample.name != self.name:
            return False
        for label, sign, wanted in self.tests:
            value = sample.labels.get(label, "")
            same = re.fullmatch(wanted, value) is not None if sign == "=~" else value == wanted
            if same is (sign == "!="):
                return False
        return True


@dataclass(slots=True)
class Page:
    """What a page said."""

    samples: list[Sample] = field(default_factory=list)
    types: dict[str, str] = field(default_factory=dict)
    """Family -> counter, gauge, histogram, summary or untyped."""

    def total(self, selector: Selector) -> float:
        """The sum of the samples that fit; 0 where none does yet."""
        return sum(sample.value for sample in self.samples if selector.fits(sample))

    def names(self) -> set[str]:
        """The names that a sample of this page may have."""
        names = {sample.name for sample in self.samples}
        for family, kind in self.types.items():
            names |= {family} if kind in ("gauge", "untyped") else {family, *(family + end for end in _SUFFIXES)}
        return names

    def gauges(self) -> list[Sample]:
        """The samples of gauges."""
        return [sample for sample in self.samples if self.types.get(sample.name) == "gauge"]


def read_page(text: str) -> Page:
    """Reads a page. Raises BadMetrics, naming the line."""
    page = Page()
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line.startswith("# TYPE "):
            _, _, family, kind = [*line.split(None, 3), "", ""][:4]
            page.types[family] = kind
        if not line or line.startswith("#"):
            continue
        found = _SAMPLE.match(line)
        if found is None:
            raise BadMetrics(f"line {number} of the metrics is no sample: {line[:120]!r}")
        name, labels, value = found.groups()
        try:
            amount = _VALUES[value] if value in _VALUES else float(value)
            page.samples.append(Sample(name, {label: text for label, _, text in _labels(labels)}, amount))
        except ValueError as error:
            raise BadMetrics(f"line {number} of the metrics: {error}") from None
    return page


def read_selector(text: str) -> Selector:
    """Reads `name{label="value"}`. Raises BadMetrics."""
    found = _SELECTOR.match(text)
    if found is None:
        raise BadMetrics(f'{text!r} selects nothing: write name{{label="value"}}.')
    return Selector(found.group(1), tuple(_labels(found.group(2))))


def _labels(text: str | None) -> list[tuple[str, str, str]]:
    found, at = [], 0
    text = (text or "").strip()
    while at < len(text):
        label = _LABEL.match(text, at)
        if label is None:
            raise BadMetrics(f"the labels {text[:120]!r} cannot be read")
        value = re.sub(r"\\.", lambda escape: _ESCAPES.get(escape.group(), escape.group()), label.group(3))
        found.append((label.group(1), label.group(2), value))
        at = label.end()
    return found
