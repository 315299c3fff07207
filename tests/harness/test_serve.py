"""`qbridge-harness serve` as a command: what it refuses, and whom it contacts."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from qbridge_harness.cli import main
from qbridge_harness.server.history import History
from qbridge_mocks import start

from .conftest import FakeDeployment, answer
from .process import serving_harness

KEEPALIVE = httpx.Limits(keepalive_expiry=1)
"""Below the 5 s after which the server drops an idle connection."""
TARGET = ["--target", "http://127.0.0.1:9", "--grpc", "127.0.0.1:9"]
CASES = """
purpose: Cases that go through every client of the harness.
cases:
  - name: both
    axes: {transport: [grpc, rest, websocket]}
    arrange:
      - {backend: "${unique}", as: worker}
    act:
      - {call: Call, with: {backend: "${unique}", operation: {invoke: {name: a, payload: {text: hello}}}}}
"""


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    folder = tmp_path / "cases"
    folder.mkdir()
    (folder / "here.yaml").write_text(CASES)
    return folder


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What `serve` says as it refuses to start."""
    assert main(["serve", *words]) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


def test_a_taken_port_is_told_in_a_sentence(cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = refused(capsys, str(cases), *TARGET, "--port", port)
    assert said.startswith(f"Port {port} of 127.0.0.1 is in use: ")
    assert "--port" in said


def test_an_address_that_is_not_ours_is_told_in_a_sentence(cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, str(cases), *TARGET, "--token", "t", "--host", "192.0.2.1", "--port", "0")
    assert said.startswith("The harness cannot listen on 192.0.2.1:0: ")


def test_without_a_token_it_listens_on_loopback_only(
    cases: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QBRIDGE_HARNESS_TOKEN", raising=False)
    said = refused(capsys, str(cases), *TARGET, "--host", "0.0.0.0", "--port", "0")
    assert "QBRIDGE_HARNESS_TOKEN" in said
    assert "127.0.0.1" in said


@pytest.mark.parametrize(
    "words",
    [
        ["--runs-at-once", "0"],
        ["--keep-runs", "0"],
        ["--keep-days", "-1"],
        ["--token", "two words"],
        ["--grpc", "host"],
    ],
)
def test_what_would_surprise_later_is_refused(
    words: list[str], cases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words[0].strip("-") in refused(capsys, str(cases), *TARGET, "--port", "0", *words).lower()


def test_a_named_history_that_is_in_use_is_refused(
    cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "harness.db"
    used = History.open(file)
    said = refused(capsys, str(cases), *TARGET, "--port", "0", "--history", str(file))
    used.close()
    assert "another harness uses it" in said


async def test_a_run_connects_to_the_named_target_and_to_nobody_else(cases: Path, tmp_path: Path, fake: Any) -> None:
    """Not through a proxy of the environment, which is a trap here, and not to a collector that it names."""
    log = tmp_path / "log"
    trap = fake.url
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "grpc_proxy", "http_proxy"), trap)
    telemetry = {"OTEL_EXPORTER_OTLP_ENDPOINT": trap, "FASTAPI_OTEL_AUTO_CONFIGURE": "true"}
    async with await start("conforming") as mock:
        words = (str(cases), "--target", mock.rest, "--grpc", mock.grpc)
        async with (
            serving_harness(log, *words, "--history", "none", **proxies, **telemetry) as (url, _),
            httpx.AsyncClient(base_url=url, trust_env=False, timeout=60, limits=KEEPALIVE) as http,
        ):
            ran = await http.get("/run/here")
            assert (ran.status_code, ran.text.splitlines()[-1]) == (200, "3 passed, 0 failed")
        ports = {urlsplit(mock.rest).port, int(mock.grpc.rsplit(":", 1)[1])}
    assert {int(port) for port in re.findall(r"connects to (\d+)", log.read_text())} == ports
    assert fake.asked == []


async def test_a_redirect_is_an_answer_and_never_followed(judge: Any, fake: FakeDeployment) -> None:
    """The place that it names is one where we would see it: the fake itself."""
    fake.says("POST /v1/call", answer(307, b"", location=f"{fake.url}/elsewhere"))
    call = "{call: Call, with: {operation: {invoke: {name: a}}}}"
    report = await judge(f"purpose: A test.\ncases:\n  - {{name: it, act: [{call}]}}\n")
    assert report.cases[0].verdict == "failed"
    assert "/elsewhere" not in {path for _, path, _ in fake.asked}


def test_the_plan_of_cases_is_listed_with_what_they_took(
    cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list", str(cases), "--plan"]) == 0
    out = capsys.readouterr().out
    assert "    arrange  backend ${unique}" in out
    assert out.splitlines()[-1] == "3 cases, 6 steps, 0 rules; no earlier run tells how long it takes"
    History.open(tmp_path / "harness.db").close()
    assert main(["list", str(cases), "--plan", "--history", str(tmp_path / "harness.db")]) == 0
    assert main(["list", str(cases), "--plan", "--history", str(cases / "here.yaml")]) == 2
    assert "no history" in capsys.readouterr().err
