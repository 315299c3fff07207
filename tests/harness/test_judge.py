"""The judge of the judge says what is wrong: a rule too few, a rule too many, a case that nobody could judge."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from qbridge_harness.engine import CaseResult, Report
from tests.judge import expected as everyone
from tests.judge.expected import ROOT, Expected, chosen
from tests.judge.judgement import Judgement, judgement_of

RED = Expected("broken/mocked", frozenset({"GW-ONE-001"}))
GREEN = Expected("conforming")
JUDGE_S_MAX = 100
POLL_S = 0.02
"""Between two looks at the processes, which tell nobody when they come and go."""


def case(name: str, verdict: str, *tripped: str, reason: str = "") -> CaseResult:
    """A case's result, as far as the judge reads it."""
    result = CaseResult(name, "suite", name, "", "file", 1, {}, [], list(tripped), reason=reason)
    result.verdict = verdict  # type: ignore[assignment]
    result.tripped = list(tripped)
    return result


def judged(expected: Expected, *cases: CaseResult) -> Judgement:
    """The judgement on these results."""
    report = Report("run", "http://127.0.0.1:1", "", "", "", "v1", cases=list(cases))
    return judgement_of(expected, [report], 0.1)


def test_red_on_exactly_its_rules_is_right() -> None:
    judgement = judged(RED, case("a", "passed"), case("b", "failed", "GW-ONE-001"))
    assert judgement.ok
    assert judgement.line(20).startswith("ok  broken/mocked")


def test_a_missing_rule_is_named() -> None:
    judgement = judged(RED, case("a", "passed"))
    assert not judgement.ok
    assert "missing GW-ONE-001" in judgement.line(20)


def test_a_rule_too_many_is_named_with_the_case_that_blames_it() -> None:
    other = case("c", "failed", "GW-TWO-002", reason="it said 3")
    judgement = judged(RED, case("a", "passed"), case("b", "failed", "GW-ONE-001"), other)
    assert not judgement.ok
    assert "extra   GW-TWO-002: c: it said 3" in judgement.line(20)


def test_an_error_of_the_harness_is_no_verdict() -> None:
    broke = case("c", "error", reason="it broke")
    judgement = judged(RED, case("a", "passed"), case("b", "failed", "GW-ONE-001"), broke)
    assert (judgement.ok, judgement.verdict) == (False, "error")
    assert "c: it broke" in judgement.line(20)


def test_what_is_untestable_is_no_verdict() -> None:
    judgement = judged(RED, case("a", "failed", "GW-ONE-001"), case("b", "failed", reason="untestable: no backend"))
    assert not judgement.ok


def test_one_that_conforms_may_not_fail_a_case_even_where_no_rule_is_tripped() -> None:
    judgement = judged(GREEN, case("a", "passed"), case("b", "failed", reason="the arrangement failed"))
    assert not judgement.ok
    assert "b: the arrangement failed" in judgement.line(20)


def test_nothing_passed_is_nothing_judged() -> None:
    assert not judged(GREEN, case("a", "skipped")).ok


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(LookupError, match="qbridge-mocks list"):
        chosen(["no-such-mock"])


@pytest.mark.parametrize("there", ["nothing", "node"])
def test_without_node_it_is_named_and_ci_fails(there: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if there == "node":
        (tmp_path / "node").write_text("#!/bin/sh\n")
        (tmp_path / "node").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(everyone, "NODE", tmp_path / "main.js")
    monkeypatch.delenv("CI", raising=False)
    reason = "there is no Node" if there == "nothing" else "it is not built"
    assert reason in everyone.missing_node()
    assert "node" not in {each.name for each in everyone.everybody()}
    monkeypatch.setenv("CI", "true")
    with pytest.raises(LookupError, match=reason):
        chosen([])
    assert chosen(["conforming"])


def test_a_judge_that_is_stopped_leaves_no_process_behind() -> None:
    command = [sys.executable, "-m", "tests.judge", "--only", "conforming", "--only", "watch_resume_replays"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True) as process:
        deadline = time.monotonic() + JUDGE_S_MAX
        while len(group_of(process.pid)) < 3:  # Itself, the pool's tracker, and one that judges.
            assert time.monotonic() < deadline, "it started no process"
            assert process.poll() is None, "it ended too soon"
            time.sleep(POLL_S)
        process.send_signal(signal.SIGTERM)
        assert process.wait(JUDGE_S_MAX) == 128 + signal.SIGTERM
        while group_of(process.pid):
            assert time.monotonic() < deadline, "processes were left behind"
            time.sleep(POLL_S)


def group_of(number: int) -> list[str]:
    """The processes of a group that run, by their place in /proc."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, group = place.read_text().rpartition(")")[2].split()[:3]
            if int(group) == number and state != "Z":
                found.append(str(place))
    return found


def test_the_command_prints_a_line_for_each_and_a_summary() -> None:
    command = [sys.executable, "-m", "tests.judge", "--short", "--only", "watch_resume_replays", "--jobs", "1"]
    outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=JUDGE_S_MAX, check=False)
    first, last = outcome.stdout.splitlines()
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert first.startswith("ok  broken/watch_resume_replays red")
    assert first.endswith("GW-WATCH-002")
    assert last.endswith("each red on exactly its rules")
