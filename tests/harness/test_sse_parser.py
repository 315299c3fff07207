"""The parser of server-sent events keeps to the WHATWG's rules."""

from __future__ import annotations

import pytest

from qbridge_harness.clients.sse import Event, Parser


def parse(text: str) -> list[Event]:
    parser = Parser()
    return [event for line in text.split("\n") if (event := parser.line(line)) is not None]


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("data: a\n\n", [Event("message", "", "a")]),
        ("event: e\nid: 3\ndata: a\ndata: b\n\n", [Event("e", "3", "a\nb")]),
        ("id: 3\ndata: a\n\ndata: b\n\n", [Event("message", "3", "a"), Event("message", "3", "b")]),
        ("event: e\n\ndata: a\n\n", [Event("message", "", "a")]),
        (": a comment\ndata:no space\n\n", [Event("message", "", "no space")]),
        ("data: unfinished", []),
        ("retry: 5\ncolour: red\ndata: a\n\n", [Event("message", "", "a")]),
        ("id: a\0b\ndata: a\n\n", [Event("message", "", "a")]),
        ("data\n\n", [Event("message", "", "")]),
    ],
)
def test_events(text: str, events: list[Event]) -> None:
    assert parse(text) == events
