"""The command `qbridge`."""

from __future__ import annotations

import functools
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import qbridge
from qbridge.cli import _output, main

if TYPE_CHECKING:
    from .conftest import ServerProcess


@pytest.fixture
def target(server: ServerProcess) -> str:
    return server.grpc


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(arguments)
    out, err = capsys.readouterr()
    return status, out, err


def test_a_call_prints_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "call", "echo", "echo", "hello") == (0, "hello\n", "")
    assert run(capsys, "call", "echo", "echo", '{"a": [1]}') == (0, '{"a":[1]}\n', "")


def test_a_payload_comes_from_a_file_or_standard_input(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p").write_bytes(b"from a file")
    assert run(capsys, "call", "echo", "echo", f"@{tmp_path}/p")[1] == "from a file\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"from a pipe")))
    assert run(capsys, "call", "echo", "echo", "-")[1] == "from a pipe\n"


def test_an_error_is_one_line_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "call", "nowhere", "echo")
    assert (status, out) == (1, "")
    assert err.splitlines()[0].startswith("qbridge: NOT_FOUND:")
    assert err.splitlines()[1] == "  Check the name, or create the thing first."


def test_an_error_is_a_problem_document_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, "call", "nowhere", "echo", "--json")
    assert (status, json.loads(err)["code"]) == (1, "NOT_FOUND")


@pytest.mark.parametrize("payload", ["{broken", "@/no/such/file"])
def test_a_payload_that_cannot_be_read_is_refused_here(capsys: pytest.CaptureFixture[str], payload: str) -> None:
    status, _, err = run(capsys, "call", "echo", "echo", payload)
    assert status == 1
    assert "payload" in err


def test_no_bridge_says_to_try_later(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_output, "connect", functools.partial(qbridge.connect, connect_timeout_s=0.3))
    status, _, err = run(capsys, "health", "-t", "grpc://127.0.0.1:1")
    assert status == 75
    assert "qbridge serve" in err


def test_a_submitted_request_is_followed(capsys: pytest.CaptureFixture[str], target: str) -> None:
    _, out, _ = run(capsys, "submit", "-t", target, "echo", "echo", "later", "--label", "who=me")
    request_id = out.strip()
    assert run(capsys, "result", "-t", target, request_id)[1] == "later\n"
    assert run(capsys, "watch", "-t", target, request_id)[1].splitlines()[-1].endswith("SUCCEEDED")
    assert "SUCCEEDED" in run(capsys, "explain", "-t", target, request_id)[1]
    assert run(capsys, "cancel", "-t", target, request_id)[1] == "SUCCEEDED\n"
    assert request_id in run(capsys, "requests", "-t", target, "-n", "3")[1]
    events = run(capsys, "watch", "-t", target, request_id, "--json")[1].splitlines()
    assert json.loads(events[0])["sequence"] == 1


def test_vectors_come_from_a_file(capsys: pytest.CaptureFixture[str], target: str, tmp_path: Path, name: str) -> None:
    rows = [{"id": f"r{i}", "vector": [1, i], "label": i} for i in range(5)]
    (tmp_path / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    status, out, _ = run(capsys, "upsert", "-t", target, name, f"{tmp_path}/rows.jsonl", "--create", "--metric", "l2")
    assert (status, out) == (0, "5 vectors written\n")
    _, out, _ = run(
        capsys, "query", "-t", target, name, "[1, 0]", "-k", "2", "--filter", '{"label": {"gte": 1}}', "--json"
    )
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["r1", "r2"]
    assert run(capsys, "query", "-t", target, name, "id:r3", "-k", "1")[1].splitlines()[1].startswith("r3")
    assert name in run(capsys, "collections", "-t", target)[1]


def test_the_bridge_describes_itself(capsys: pytest.CaptureFixture[str], target: str) -> None:
    assert run(capsys, "health", "-t", target)[1].startswith("SERVING")
    assert "contract v1" in run(capsys, "capabilities", "-t", target)[1]
    assert "echo" in run(capsys, "backends", "-t", target)[1]
    for command in ("health", "capabilities", "backends"):
        for line in run(capsys, command, "-t", target, "--json")[1].splitlines():
            json.loads(line)


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    for command in ("call", "submit", "watch", "query", "health", "serve"):
        assert f"\n    {command} " in out
