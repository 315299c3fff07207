"""The command line on bad days: the target dies, a disk is full, somebody presses Ctrl-C, a word is wrong."""

from __future__ import annotations

import asyncio
import functools
import http.server
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from watchfiles import awatch

from qbridge_harness.cli import main
from qbridge_harness.reports import FORMATS
from qbridge_mocks import Running, start

ROOT = Path(__file__).parents[2]
GOOD = "purpose: A test.\ncases:\n  - {name: good, tags: [t], act: [{check: 1, is: 1}]}\n"
BAD = "purpose: A test.\ncases:\n  - {name: bad, act: [{check: 1, is: 2}]}\n"
BACKENDS = """
purpose: Cases with a backend of their own, which hold until somebody ends them.
axes: {number: [1, 2, 3, 4, 5, 6, 7, 8]}
cases:
  - name: at-once
    act: [{check: 1, is: 1}]
  - name: long
    arrange:
      - {backend: "${unique}", as: worker, does: [{hold: true}]}
    act:
      - {call: Call, timeout_s: 60, with: {backend: "${unique}", operation: {invoke: {name: a}}}}
"""
ASKING = """
purpose: Cases that ask the target.
axes: {number: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]}
cases:
  - name: ask
    act: [{rest: POST /v1/call, body: {operation: {invoke: {name: a}}, backend: b}, timeout_s: 20}]
"""
NOWHERE = ["--target", "http://127.0.0.1:1", "--grpc", "127.0.0.1:1"]


@pytest.fixture
def cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "cases"
    folder.mkdir()
    (folder / "good.yaml").write_text(GOOD)
    return folder


async def run(fake: Any, *words: str) -> int:
    """The command, beside the loop that serves the fake."""
    return await asyncio.to_thread(main, ["run", *words, "--target", fake.url, "--grpc", "127.0.0.1:1"])


@asynccontextmanager
async def harness(*words: str, cwd: Path, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The harness as a process, killed if it is still there."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "qbridge_harness", *words),
        cwd=cwd,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


# The target dies


async def test_a_target_that_dies_ends_the_run_with_its_reports(
    fake: Any, cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (cases / "asking.yaml").write_text(ASKING)
    report = tmp_path / "run.json"
    async with _dying() as (url, die, arrived):
        command = ["run", str(cases), "--target", url, "--grpc", "127.0.0.1:1", "--jobs", "2"]
        files = ["--json", str(report), "--html", str(tmp_path / "run.html"), "--ndjson", str(tmp_path / "run.ndjson")]
        running = asyncio.create_task(asyncio.to_thread(main, [*command, *files]))
        await asyncio.wait_for(arrived.wait(), 30)
        await die()
        assert await asyncio.wait_for(running, 60) == 3
    found = json.loads(report.read_text())
    assert (found["stopped"], found["outcome"]) == ("gone", "unreachable")
    assert found["stop_reason"] == f"the target is gone ({url} takes no connection)"
    assert len(found["cases"]) == 13
    assert sum(case["verdict"] == "failed" for case in found["cases"]) <= 3
    assert sum(case["reason"] == found["stop_reason"] for case in found["cases"]) >= 9
    said = capsys.readouterr().out
    assert said.count("the target is gone") == 1
    assert "Failures" in said
    assert "skipped" in said.splitlines()[-1]
    last = json.loads((tmp_path / "run.ndjson").read_text().splitlines()[-1])
    assert (last["event"], last["outcome"], last["interrupted"]) == ("run-finished", "unreachable", False)
    assert (tmp_path / "run.html").stat().st_size


@asynccontextmanager
async def _dying() -> AsyncIterator[tuple[str, Any, asyncio.Event]]:
    """A deployment that says what it is, and holds calls until it dies."""
    arrived = asyncio.Event()
    writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        while head := await reader.readuntil(b"\r\n\r\n"):
            if head.startswith(b"POST"):
                arrived.set()
                await reader.read()  # Until the connection breaks.
                return
            known = {b"/v1/capabilities": {"contractVersion": "v1", "profiles": ["core"], "transports": ["rest"]}}
            body = json.dumps(known.get(head.split()[1], {"backends": []})).encode()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
            writer.write(b"content-length: %d\r\n\r\n" % len(body) + body)

    async def quiet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(quiet, "127.0.0.1", 0)

    async def die() -> None:
        server.close()
        for writer in writers:
            writer.transport.abort()

    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", die, arrived
    await die()


@contextmanager
def _no_bridge(folder: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(10)


def test_what_is_no_bridge_is_not_judged(cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    with _no_bridge(tmp_path / "empty") as url:
        assert main(["run", str(cases), "--target", url, "--grpc", "127.0.0.1:1"]) == 3
    said = capsys.readouterr()
    assert "This is no bridge: GET /v1/capabilities answered 404 text/html" in said.err
    assert "good/good" not in said.out


async def test_a_bridge_whose_capabilities_are_broken_is_judged(fake: Any, cases: Path, answers: Any) -> None:
    fake.says("GET /v1/capabilities", answers(500, {"colour": "red"}))
    assert await run(fake, str(cases)) == 0


# Reports that cannot be written


@pytest.mark.parametrize("word", [*FORMATS, "ndjson"])
async def test_a_report_that_cannot_be_written_is_refused_before_anything_is_sent(
    word: str, fake: Any, cases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = cases / "good.yaml" if word == "allure" else cases
    for path in (wrong, cases / "good.yaml" / "x"):
        assert await run(fake, str(cases), f"--{word}", str(path)) == 2
        said = capsys.readouterr().err
        assert said.startswith(f"The {word} report cannot be written to {path}: ")
        assert said.count("\n") == 1
    assert fake.asked == []
    assert (cases / "good.yaml").read_text() == GOOD


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("word", ["json", "junit", "html", "sarif", "ndjson"])
async def test_a_disk_that_is_full_costs_the_report_and_not_the_verdict(
    word: str, fake: Any, cases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(fake, str(cases), f"--{word}", "/dev/full") == 4
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == "1 passed, 0 failed"
    assert said.err == f"The {word} report cannot be written to /dev/full: No space left on device.\n"
    (cases / "bad.yaml").write_text(BAD)
    assert await run(fake, str(cases), f"--{word}", "/dev/full") == 1


def test_the_conformance_report_wants_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "run.json"
    _write_report(report)
    (tmp_path / "file").write_text("here")
    assert main(["report", "--run", str(report), "--out", str(tmp_path / "file")]) == 2
    assert "cannot be written to" in capsys.readouterr().err


def _write_report(path: Path) -> None:
    from qbridge_harness.reports import write_reports

    from .reports.conftest import every_kind

    assert write_reports(every_kind(), {"json": path}) == []


# Signals


class Busy:
    """A target on which the long cases have arrived."""

    def __init__(self, mock: Running, wanted: int) -> None:
        self.mock = mock
        self.arrived = asyncio.Event()
        self._accept = mock.world.accept
        self._left = wanted
        mock.world.accept = self._noticed  # type: ignore[method-assign]

    def _noticed(self, *arguments: Any, **options: Any) -> Any:
        accepted = self._accept(*arguments, **options)
        self._left -= 1
        if self._left <= 0:
            self.arrived.set()
        return accepted


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_signal_cleans_up_and_reports_what_ran(
    sign: signal.Signals, code: int, cases: Path, tmp_path: Path
) -> None:
    (cases / "backends.yaml").write_text(BACKENDS)
    files = ["--json", str(tmp_path / "run.json"), "--ndjson", str(tmp_path / "run.ndjson")]
    async with await start("conforming") as mock:
        before = set(mock.world.backends)
        busy = Busy(mock, 4)
        words = ["run", str(cases), "--target", mock.rest, "--grpc", mock.grpc, "--jobs", "4", *files]
        async with harness(*words, cwd=tmp_path) as process:
            await asyncio.wait_for(busy.arrived.wait(), 60)
            process.send_signal(sign)
            out, err = await asyncio.wait_for(process.communicate(), 60)
            assert process.returncode == code, err.decode()
        assert set(mock.world.backends) == before
    assert "Traceback" not in err.decode()
    said = out.decode().splitlines()
    ran = sum(line.startswith("✓") for line in said)
    assert 1 <= ran < 17
    assert f"interrupted: {ran} of 17 cases ran" in said
    report = json.loads((tmp_path / "run.json").read_text())
    assert (report["stopped"], report["outcome"], len(report["cases"])) == ("interrupted", "interrupted", 17)
    assert report["counts"]["skipped"] == 17 - ran
    assert {case["reason"] for case in report["cases"] if case["verdict"] == "skipped"} == {"interrupted"}
    last = json.loads((tmp_path / "run.ndjson").read_text().splitlines()[-1])
    assert (last["event"], last["interrupted"]) == ("run-finished", True)


async def test_a_cleanup_that_has_begun_ends_before_the_case_does() -> None:
    from qbridge_harness.engine.halt import to_the_end

    begun, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def cleanup() -> None:
        begun.set()
        await go_on.wait()
        done.set()

    case = asyncio.create_task(to_the_end(cleanup()))
    await asyncio.wait_for(begun.wait(), 10)
    case.cancel()
    await asyncio.sleep(0)
    assert not case.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(case, 10)
    assert done.is_set()


@asynccontextmanager
async def itest(tmp_path: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """`itest` in the middle of its cases, and the address of its server."""
    words = ["itest", "--reports", str(tmp_path / "reports")]
    (tmp_path / "tmp").mkdir()
    async with harness(*words, cwd=ROOT, PYTHONUNBUFFERED="1", TMPDIR=str(tmp_path / "tmp")) as process:
        assert process.stdout is not None
        url = ""
        async with asyncio.timeout(60):
            while not url:
                line = (await process.stdout.readline()).decode()
                assert line, await process.communicate()
                url = line.split()[-1] if "serves after" in line else ""
            while b" ms" not in await process.stdout.readline():
                pass
        yield process, url


async def test_a_harness_that_is_killed_leaves_no_server_and_no_folder(tmp_path: Path) -> None:
    async with itest(tmp_path) as (process, url):
        process.kill()
        await asyncio.wait_for(process.communicate(), 60)
    async with asyncio.timeout(40):
        async for _ in awatch(tmp_path / "tmp", rust_timeout=200, yield_on_timeout=True):
            if not any((tmp_path / "tmp").iterdir()):
                break
    await _serves_no_more(url)


async def _serves_no_more(url: str) -> None:
    host, port = url.removeprefix("http://").split(":")
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, int(port))


async def test_itest_ends_in_order_on_sigterm(tmp_path: Path) -> None:
    async with itest(tmp_path) as (process, url):
        process.send_signal(signal.SIGTERM)
        _, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 143
    assert "Traceback" not in err.decode()
    assert "never retrieved" not in err.decode()
    assert json.loads((tmp_path / "reports" / "report.json").read_text())["stopped"] == "interrupted"
    await _serves_no_more(url)


# Words that are wrong


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--only", "good", "--only", "nothing"], "--only nothing: no case"),
        (["--only", "nothing"], "--only nothing: no case"),
        (["--jobs", "0"], "--jobs takes 1 to 64"),
        (["--jobs", "65"], "--jobs takes 1 to 64"),
        (["--otlp", "127.0.0.1:70000"], "--otlp '127.0.0.1:70000'"),
        (["--known-failing", "."], "."),
        (["--known-failing", "binary"], "binary"),
        (["--key", "abc\n"], "--key"),
        (["--key", "clé-secrète"], "--key"),
        (["--target", "127.0.0.1:1"], "write http://HOST:PORT"),
        (["--target", "ftp://127.0.0.1:1"], "write http://HOST:PORT"),
        (["--target", "http://127.0.0.1:99999"], "write http://HOST:PORT"),
    ],
)
def test_a_word_that_is_wrong_is_2_in_one_sentence(
    words: list[str], said: str, cases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("binary").write_bytes(b"\x80\xff\x00")
    assert main(["run", str(cases), *NOWHERE, *words]) == 2
    printed = capsys.readouterr().err
    assert said in printed
    assert "Traceback" not in printed
    assert printed.count("\n") == 1
    assert "abc" not in printed
    assert "secr" not in printed


def test_the_key_of_the_environment_is_looked_at_too(
    cases: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QBRIDGE_API_KEY", "abc\n")
    assert main(["run", str(cases), *NOWHERE]) == 2
    printed = capsys.readouterr().err
    assert "QBRIDGE_API_KEY" in printed
    assert "abc" not in printed


def test_list_refuses_a_pattern_of_nothing(cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", str(cases), "--only", "good", "--only", "nothing"]) == 2
    assert "--only nothing: no case" in capsys.readouterr().err
    assert main(["list", str(cases), "--plan", "--jobs", "0"]) == 2


def test_itest_starts_no_server_for_nothing(
    cases: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def started(*_: Any, **__: Any) -> None:
        raise AssertionError("a server was started")

    monkeypatch.setattr("qbridge_harness.cli.itest.ReferenceServer", started)
    assert main(["itest", "--only", "nothing"]) == 2
    assert main(["itest", "--reports", str(cases / "good.yaml")]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_outside_of_a_checkout_cases_must_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("qbridge_harness.__file__", str(tmp_path / "site" / "qbridge_harness" / "__init__.py"))
    assert main(["list"]) == 2
    assert "There is no folder ./cases here" in capsys.readouterr().err


def test_rules_refuses_a_prefix_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "run.json"
    _write_report(report)
    assert main(["rules", "--run", str(report), "--only", "GW-NOPE"]) == 2
    assert "GW-NOPE: no rule begins so" in capsys.readouterr().err


def test_rules_narrows_its_warnings_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "run.json"
    _write_report(report)
    main(["rules", "--run", str(report), "--only", "GW-CALL-001"])
    said = capsys.readouterr().out
    assert "Warning" not in said
    assert "names no rule" not in said
    assert re.search(r"^rules 1, .* \(1 of \d+ rules, those of --only\)$", said.splitlines()[-1])


# Standard output


def test_a_reader_that_has_enough_is_no_error(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = _list_into(write)
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_output_that_takes_nothing_is_told_in_a_sentence() -> None:
    done = _list_into(os.open("/dev/full", os.O_WRONLY))
    assert done.returncode == 4
    assert done.stderr == "The standard output cannot be written: No space left on device.\n"


def _list_into(output: int) -> subprocess.CompletedProcess[str]:
    """`list` with an output of its own."""
    command = [sys.executable, "-m", "qbridge_harness", "list"]
    try:
        return subprocess.run(
            command, cwd=ROOT, stdout=output, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    finally:
        os.close(output)
