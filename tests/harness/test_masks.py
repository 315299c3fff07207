"""Secrets: in every form, in every place, and never half of one."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, strategies as st

from qbridge_harness.clients import Target
from qbridge_harness.contract import Contract
from qbridge_harness.engine import Options, run
from qbridge_harness.language import Suite, plan_cases
from qbridge_harness.log import TEXT_MAX, Log, excerpt
from qbridge_harness.masks import Masks
from qbridge_harness.reports import write_reports

from . import documents

SECRET = 'p/a+s s"wörd=1'


def knowing(*secrets: str) -> Masks:
    masks = Masks()
    for secret in secrets:
        masks.learn(secret)
    return masks


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        json.dumps({"k": SECRET}),
        json.dumps({"k": SECRET}, ensure_ascii=False),
        f"http://x/?k={quote(SECRET, safe='')}",
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
        "Basic " + base64.b64encode(b"user:" + SECRET.encode()).decode(),
        "Basic " + base64.b64encode(b"name:" + SECRET.encode() + b"!").decode(),
        SECRET.encode().hex(),
    ],
)
def test_every_form_is_masked(text: str) -> None:
    masked = knowing(SECRET).text(text)
    assert "***" in masked
    assert SECRET not in masked
    assert len(masked) < len(text)


@given(st.text(min_size=8, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_a_secret_never_comes_through(secret: str, before: str, after: str) -> None:
    masked = knowing(secret).text(before + secret + after)
    assert secret not in masked or secret in "***"


def test_longer_secrets_go_first() -> None:
    assert knowing("abcd", "abcdefgh").text("abcdefgh") == "***"


def test_a_short_secret_is_masked_where_it_stands_alone() -> None:
    assert knowing("k3").text("key k3, k35") == "key ***, k35"


def test_what_a_message_calls_a_secret_is_learned() -> None:
    masks = Masks()
    masks.learn_from({"key": {"keyId": "k"}, "secret": "made-now"})
    masks.learn_from(b'{"list": [{"secret": "made-later"}]}')
    assert masks.text("made-now, made-later") == "***, ***"


def test_half_a_secret_at_the_cut_is_masked_too() -> None:
    for shift in range(-len(SECRET), len(SECRET)):
        text = "x" * (TEXT_MAX + shift - len(SECRET)) + SECRET + "y" * 50
        assert SECRET[:6] not in excerpt(text, knowing(SECRET))


def test_a_named_secret_that_is_cut_off_is_masked() -> None:
    assert "abc" not in excerpt('{"secret": "abc' + "d" * 3000)


def test_the_log_masks_titles_and_headers() -> None:
    log = Log(masks=knowing("t0p-secret"))
    log.sent("rest", "GET /x?key=t0p-secret", None, {"X-Key": "t0p-secret", "Authorization": "Bearer other"})
    message = log.messages[0]
    assert (message.title, message.headers) == ("GET /x?key=***", {"X-Key": "***", "Authorization": "***"})


async def test_no_report_has_a_secret(
    fake: Any, answers: Any, suite: Callable[[str], Suite], contract: Contract, tmp_path: Any, monkeypatch: Any
) -> None:
    """The run's key, a secret of the suite and a key made on the way, in reasons, messages and every format."""
    monkeypatch.setenv("CORPUS_PASS", "from-the-environment")
    fake.says("POST /v1/keys", answers(201, documents.made_key("made-on-the-way")))
    fake.says("GET /v1/requests/made-on-the-way", answers(200, documents.record("QUEUED")))
    made = suite(
        "purpose: A test.\nsecrets: {pass: {env: CORPUS_PASS}}\ncases:\n"
        "  - name: it\n    arrange:\n"
        "      - call: Platform.CreateKey\n"
        "        with: {name: a, tenant: t, scopes: [call]}\n"
        "        capture: {key: result.secret}\n"
        "    assert:\n"
        "      - {check: '${pass} and ${key}', is: nothing}\n"
        "      - {call: Get, with: {requestId: '${key}'}, headers: {x-pass: '${pass}'}, expect: {status: 418}}\n"
        "      - {rest: GET /elsewhere, query: {k: '${pass}'}, key: '${key}'}\n"
    )
    target = Target(fake.url, "127.0.0.1:1", "the-key-of-the-run")
    report = await run(plan_cases([made]), target, contract, Options())
    assert report.cases[0].verdict == "failed"
    files = {name: tmp_path / name for name in ("json", "junit", "html")}
    write_reports(report, files)
    whole = repr(report) + "".join(file.read_text() for file in files.values())
    assert "***" in whole
    for secret in ("from-the-environment", "made-on-the-way", "the-key-of-the-run"):
        assert secret not in whole.replace("/v1/requests/made", ""), secret


async def test_a_secret_that_is_not_set_is_untestable(judge: Callable[..., Any]) -> None:
    report = await judge(
        "purpose: a\nsecrets: {pass: {env: NO_SUCH_VARIABLE_HERE}}\ncases: [{name: a, act: [{check: 1, is: 1}]}]\n"
    )
    assert report.cases[0].reason == "untestable: the secret 'pass' is not set: export NO_SUCH_VARIABLE_HERE"


async def test_the_defaults_of_a_suite_go_with_every_message(
    fake: Any, answers: Any, judge: Callable[..., Any]
) -> None:
    fake.says("GET /v1/requests/r", answers(200, documents.record("QUEUED")))
    report = await judge(
        "purpose: a\ndefaults: {headers: {X-Suite: '${unique}'}, key: none}\ncases:\n"
        "  - {name: a, act: [{call: Get, with: {requestId: r}, headers: {X-Step: b}}]}\n"
    )
    assert set(report.cases[0].messages[0].headers) == {"X-Suite", "X-Step"}
