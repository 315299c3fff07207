"""Targets and options."""

from __future__ import annotations

from pathlib import Path

import pytest

import qbridge
from qbridge._config import Target, options_from, parse_target
from qbridge.exceptions import InvalidRequest


@pytest.mark.parametrize(
    ("text", "target"),
    [
        (None, Target("embedded")),
        ("./folder", Target("embedded", "folder")),
        (Path("a/b"), Target("embedded", "a/b")),
        ("grpc://localhost", Target("grpc", "localhost:7400")),
        ("grpc://localhost:1", Target("grpc", "localhost:1")),
        ("grpcs://[::1]:2", Target("grpcs", "[::1]:2")),
        ("http://h:7401/", Target("http", "h:7401")),
        ("https://h/bridge/", Target("https", "h/bridge")),
    ],
)
def test_a_target_is_read(text: str | None, target: Target) -> None:
    assert parse_target(text) == target


@pytest.mark.parametrize("text", ["ftp://x", "grpc://", "http://:80", "redis://a:1"])
def test_a_target_that_cannot_be_says_what_to_write(text: str) -> None:
    with pytest.raises(qbridge.InvalidRequest, match=r"use a folder|write "):
        parse_target(text)


def _options(target: str | None = None, api_key: str | None = None) -> qbridge.Options:
    return options_from(target, api_key=api_key, timeout_s=1.0, connect_timeout_s=1.0, coalesce=True, tls=None)


def test_the_environment_counts_where_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QBRIDGE_TARGET", "grpc://elsewhere:9")
    monkeypatch.setenv("QBRIDGE_API_KEY", "secret")
    assert _options().target == Target("grpc", "elsewhere:9")
    assert _options().api_key == "secret"
    assert _options("http://here:1", "other").target == Target("http", "here:1")
    assert _options("http://here:1", "other").api_key == "other"


def test_the_key_is_never_shown() -> None:
    assert "secret" not in repr(_options(api_key="secret"))


def test_a_negative_timeout_is_refused() -> None:
    with pytest.raises(qbridge.InvalidRequest, match="timeout_s"):
        qbridge.aconnect(timeout_s=-1.0)


@pytest.mark.parametrize("text", ["localhost:7400", "127.0.0.1:7401", "[::1]:7400", "bridge.example:443"])
def test_an_address_without_a_scheme_is_not_taken_for_a_folder(text: str) -> None:
    with pytest.raises(InvalidRequest, match=r"grpc://.*http://"):
        parse_target(text)
