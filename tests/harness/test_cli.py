"""The command line: exit codes by kind, and what it prints."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from qbridge_harness.cli import main
from qbridge_harness.cli.commands import COMMANDS
from qbridge_harness.clients.target import KeyRefused
from qbridge_harness.usage import UsageError

GOOD = "purpose: A test.\ncases:\n  - {name: good, tags: [t], act: [{check: 1, is: 1}]}\n"
BAD = "purpose: A test.\ncases:\n  - {name: bad, act: [{check: 1, is: 2}]}\n"


@pytest.fixture
def cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # Reports that nobody names go to the folder where one is.
    folder = tmp_path / "cases"
    folder.mkdir()
    (folder / "good.yaml").write_text(GOOD)
    return folder


async def run(fake: Any, *words: str) -> int:
    """The command, beside the loop that serves the fake."""
    command = ["run", *words, "--target", fake.url, "--grpc", "127.0.0.1:1"]
    return await asyncio.to_thread(main, command)


async def test_all_passed_is_0_and_reports_are_written(
    fake: Any, cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = {name: tmp_path / f"report.{name}" for name in ("json", "junit", "html")}
    words = [word for name, path in paths.items() for word in (f"--{name}", str(path))]
    assert await run(fake, str(cases), *words) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 passed, 0 failed"
    assert all(path.stat().st_size for path in paths.values())


async def test_a_failure_is_1(fake: Any, cases: Path) -> None:
    (cases / "bad.yaml").write_text(BAD)
    assert await run(fake, str(cases)) == 1
    assert await run(fake, str(cases), "--only", "good") == 0


async def test_a_mistake_in_a_file_is_2_and_nothing_is_sent(
    fake: Any, cases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (cases / "bad.yaml").write_text(BAD.replace("check", "chek"))
    assert await run(fake, str(cases)) == 2
    assert "did you mean 'check'?" in capsys.readouterr().err
    assert fake.asked == []


async def test_a_selection_of_nothing_is_2(fake: Any, cases: Path) -> None:
    assert await run(fake, str(cases), "--tag", "none") == 2


@pytest.mark.parametrize("words", [["--var", "agent"], ["cases/none.yaml"]])
async def test_a_mistake_in_the_call_is_2(words: list[str], fake: Any, cases: Path) -> None:
    assert await run(fake, str(cases), *words) == 2


def test_a_target_that_does_not_answer_is_3(cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(cases), "--target", "http://127.0.0.1:1", "--grpc", "127.0.0.1:1"]) == 3
    assert "does not answer" in capsys.readouterr().err


def test_an_address_without_a_port_is_2(cases: Path) -> None:
    assert main(["run", str(cases), "--target", "http://127.0.0.1:1", "--grpc", "localhost"]) == 2


def test_list_names_the_cases(cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", str(cases)]) == 0
    assert capsys.readouterr().out.splitlines() == ["good/good  [t]", "1 cases"]


def test_schema_is_that_of_case_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert set(json.loads(capsys.readouterr().out)["required"]) == {"purpose", "cases"}


def test_itest_needs_both_addresses(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["itest", "--target", "http://127.0.0.1:1"]) == 2
    assert "both addresses" in capsys.readouterr().err


ERROR = "purpose: A test.\ncases:\n  - {name: wrong, act: [{rest: POST /v1/call, body: {colour: red}}]}\n"


async def test_an_error_of_the_harness_is_4_unless_a_case_failed(fake: Any, cases: Path) -> None:
    (cases / "wrong.yaml").write_text(ERROR)
    assert await run(fake, str(cases)) == 4
    (cases / "bad.yaml").write_text(BAD)
    assert await run(fake, str(cases)) == 1


def test_a_harness_that_breaks_down_is_4(
    cases: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("it broke")

    monkeypatch.setattr("qbridge_harness.cli.run.select", broken)
    assert main(["run", str(cases), "--target", "http://127.0.0.1:1", "--grpc", "127.0.0.1:1"]) == 4
    assert "RuntimeError: it broke" in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_every_help_teaches_with_examples_and_exit_codes(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([*command, "--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    assert "examples:\n  qbridge-harness" in text
    assert "exit codes:" in text


@pytest.mark.parametrize(
    ("broken", "code", "told"),
    [
        (UsageError("Write --var NAME=VALUE."), 2, "Write --var NAME=VALUE.\n"),
        (KeyRefused("Give a key."), 2, "Give a key.\n"),
        (ValueError("not enough values to unpack"), 4, "Traceback"),
        (KeyError("requestId"), 4, "Traceback"),
    ],
)
def test_only_a_mistake_of_the_caller_is_2(
    broken: Exception,
    code: int,
    told: str,
    cases: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def breaks(*_: Any, **__: Any) -> None:
        raise broken

    monkeypatch.setattr("qbridge_harness.cli.run.select", breaks)
    assert main(["run", str(cases), "--target", "http://127.0.0.1:1", "--grpc", "127.0.0.1:1"]) == code
    assert capsys.readouterr().err.startswith(told)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.1:many", "127.0.0.1:99999", ":1"])
def test_an_address_that_is_none_is_2(address: str, cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(cases), "--target", "http://127.0.0.1:1", "--grpc", address]) == 2
    assert "is no gRPC address: write HOST:PORT." in capsys.readouterr().err
