"""Histories are written as they happen, read back whole, and refused where no run can have written them."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import pytest

from qbridge_checks.history import BrokenHistory, History, Recorder, Row


def test_a_history_comes_back_as_it_was_written(tmp_path: Path) -> None:
    recorder = Recorder()
    process = recorder.process()
    with recorder.call(process, "enqueue", "k", {"n": 1}) as ending:
        ending.ok([1, None, "é"])
    with recorder.call(process, "enqueue", "k") as ending:
        ending.fail("full")
    history = recorder.history()
    history.write(tmp_path / "history.jsonl")
    again = History.read(tmp_path / "history.jsonl")
    assert again.rows == history.rows
    assert [(call.type, call.value) for call in again.calls] == [("ok", [1, None, "é"]), ("fail", "full")]


def test_a_call_that_raises_is_unknown_and_never_failed() -> None:
    recorder = Recorder()
    with pytest.raises(TimeoutError), recorder.call(recorder.process(), "enqueue"):
        raise TimeoutError
    assert recorder.history().calls[0].type == "info"


def test_rows_are_in_the_file_before_the_call_goes_on() -> None:
    file = io.StringIO()
    recorder = Recorder(file)
    with recorder.call(recorder.process(), "enqueue"):
        assert '"type":"invoke"' in file.getvalue()


def test_a_last_line_that_a_kill_cut_off_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_bytes(b'{"index":0,"process":1,"type":"invoke","f":"read"}\n{"index":1,"proc')
    history = History.read(file)
    assert [call.type for call in history.calls] == ["info"]


def test_a_broken_line_is_named_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_bytes(b'{"index":0,"proc\n{"index":1,"process":1,"type":"invoke","f":"read"}\n')
    with pytest.raises(BrokenHistory, match=r"history\.jsonl:1"):
        History.read(file)


def test_an_end_without_a_beginning_is_refused() -> None:
    with pytest.raises(BrokenHistory, match="has no invocation"):
        History([Row(0, 1, "ok", "read")])


def test_a_process_has_one_call_open_at_a_time() -> None:
    with pytest.raises(BrokenHistory, match="invokes again"):
        History([Row(0, 1, "invoke", "read"), Row(1, 1, "invoke", "read")])


def test_threads_write_one_history() -> None:
    recorder = Recorder()

    def work() -> None:
        process = recorder.process()
        for _ in range(200):
            with recorder.call(process, "read") as ending:
                ending.ok()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    history = recorder.history()
    assert [row.index for row in history.rows] == list(range(3200))
    assert all(call.type == "ok" for call in history.calls)
