"""Watch mode, as a process beside real files: what changes runs again, and nothing else."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

WAIT_S = 30
READY = "Waiting for a change; Ctrl-C ends."


def suite(*cases: str, head: str = "") -> str:
    return f"purpose: A test.\n{head}cases:\n" + "".join(f"  - {case}\n" for case in cases)


def check(name: str, wanted: int = 1) -> str:
    return f"{{name: {name}, act: [{{check: 1, is: {wanted}}}]}}"


class Watch:
    """The process, and the lines that it has said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def round(self) -> str:
        """What it says until it waits again."""
        assert self.process.stdout is not None
        said: list[str] = []
        async with asyncio.timeout(WAIT_S):
            while not said or said[-1] != READY:
                line = await self.process.stdout.readline()
                assert line, "\n".join(said)
                said.append(line.decode().rstrip())
        return "\n".join(said)

    async def end(self) -> str:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        out, _ = await asyncio.wait_for(self.process.communicate(), WAIT_S)
        return out.decode()


class Heard(list[tuple[str, str, bytes]]):
    """What the fake was asked; sets an event once a call is among it."""

    def __init__(self, event: asyncio.Event) -> None:
        self._event = event

    def append(self, asked: tuple[str, str, bytes]) -> None:
        super().append(asked)
        if asked[1] == "/v1/call":
            self._event.set()


@asynccontextmanager
async def started(*words: str) -> AsyncIterator[Watch]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "qbridge_harness", "watch", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield Watch(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """Two suites; one includes a shared file, and names a data set."""
    folder = tmp_path / "cases"
    (folder / "shared").mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "shared" / "common.yaml").write_text("vars: {wanted: 1}\n")
    (folder / "data" / "set.csv").write_text("1,2\n")
    (folder / "one.yaml").write_text(suite(check("a"), check("b")))
    uses = "{name: c, purpose: reads data/set.csv, act: [{check: 1, is: '${wanted}'}]}"
    (folder / "two.yaml").write_text(suite(uses, head="include: [shared/common.yaml]\n"))
    return folder


@pytest.fixture
async def watch(fake: Any, cases: Path) -> AsyncIterator[Watch]:
    """It runs, and has judged everything once."""
    async with started(str(cases), "--target", fake.url, "--grpc", "127.0.0.1:1") as process:
        assert "3 passed, 0 failed" in await process.round()
        yield process


async def test_only_what_changed_runs_again_and_the_last_verdicts_are_shown(watch: Watch, cases: Path) -> None:
    (cases / "one.yaml").write_text(suite(check("a"), check("b", 2)))
    said = await watch.round()
    assert "one.yaml changed." in said
    assert "✗ one/b" in said
    assert "two/c" not in said
    assert "Last verdicts of all: 2 passed, 1 failed" in said
    assert f"  failed: one/b  ({cases / 'one.yaml'}:4)" in said
    (cases / "two.yaml").write_text(suite(check("c")))
    said = await watch.round()
    assert "✓ two/c" in said
    assert "Last verdicts of all: 2 passed, 1 failed" in said
    assert "failed: one/b" in said


async def test_a_file_that_a_suite_includes_touches_its_cases(watch: Watch, cases: Path) -> None:
    (cases / "shared" / "common.yaml").write_text("vars: {wanted: 2}\n")
    said = await watch.round()
    assert "✗ two/c" in said
    assert "one/a" not in said


async def test_a_data_set_touches_the_cases_that_name_it(watch: Watch, cases: Path) -> None:
    (cases / "data" / "set.csv").write_text("3,4\n")
    said = await watch.round()
    assert "✓ two/c" in said
    assert "one/a" not in said
    (cases / "data" / "other.csv").write_text("5\n")
    assert "other.csv changed; no chosen case uses it." in await watch.round()


async def test_a_mistake_is_told_and_what_it_held_up_runs_once_it_is_corrected(watch: Watch, cases: Path) -> None:
    good = (cases / "one.yaml").read_text()
    (cases / "one.yaml").write_text(good.replace("check", "chek"))
    said = await watch.round()
    assert "did you mean 'check'?" in said
    assert "Nothing runs until this is corrected." in said
    (cases / "one.yaml").write_text(good)
    assert "2 passed, 0 failed" in await watch.round()


async def test_what_changes_while_another_file_has_a_mistake_is_not_forgotten(watch: Watch, cases: Path) -> None:
    (cases / "one.yaml").write_text(suite("{name: a, act: [{chek: 1}]}"))
    assert "Nothing runs until this is corrected." in await watch.round()
    (cases / "two.yaml").write_text(suite(check("c", 2)))
    assert "Nothing runs until this is corrected." in await watch.round()
    (cases / "one.yaml").write_text(suite(check("a"), check("b")))
    said = await watch.round()
    assert "one.yaml, two.yaml changed." in said
    assert "✗ two/c" in said
    assert "2 passed, 1 failed" in said


async def test_new_suites_and_removed_ones(watch: Watch, cases: Path) -> None:
    (cases / "three.yaml").write_text(suite(check("d", 5)))
    assert "Last verdicts of all: 3 passed, 1 failed" in await watch.round()
    (cases / "three.yaml").unlink()
    assert "three.yaml changed; no chosen case uses it." in await watch.round()
    (cases / "two.yaml").write_text(suite(check("c")))
    assert "Last verdicts of all: 3 passed, 0 failed" in await watch.round()


async def test_an_editor_that_writes_a_file_in_steps_is_one_change(watch: Watch, cases: Path) -> None:
    for number in range(5):
        draft = cases / "one.yaml.tmp"
        draft.write_text(suite(check("a"), check(f"b{number}")))
        draft.rename(cases / "one.yaml")
    said = await watch.round()
    assert "✓ one/b4" in said
    assert said.count("changed.") == 1


async def test_ctrl_c_ends_it_without_a_traceback(watch: Watch) -> None:
    said = await watch.end()
    assert watch.process.returncode == 130
    assert "Traceback" not in said


async def test_ctrl_c_while_a_case_runs_ends_it_too(fake: Any, cases: Path) -> None:
    (cases / "one.yaml").write_text(suite("{name: slow, act: [{rest: POST /v1/call, body: {}, invalid: true}]}"))
    fake.hold = asyncio.Event()
    asked = asyncio.Event()
    fake.asked = Heard(asked)
    async with started(str(cases / "one.yaml"), "--target", fake.url, "--grpc", "127.0.0.1:1") as process:
        await asyncio.wait_for(asked.wait(), WAIT_S)
        said = await process.end()
        fake.hold.set()
    assert process.process.returncode == 130
    assert "Traceback" not in said


async def test_a_target_that_is_away_is_tried_again_with_the_next_change(cases: Path) -> None:
    words = (str(cases), "--target", "http://127.0.0.1:1", "--grpc", "127.0.0.1:1")
    async with started(*words) as process:
        assert "The target does not answer" in await process.round()
        (cases / "one.yaml").write_text(suite(check("a")))
        said = await process.round()
        assert "These cases are tried again with the next change." in said


async def test_each_run_has_ids_of_its_own_even_with_a_seed(fake: Any, cases: Path) -> None:
    async with started(str(cases), "--seed", "s", "--target", fake.url, "--grpc", "127.0.0.1:1") as process:
        assert "seed s\n" in await process.round()
        (cases / "two.yaml").write_text(suite(check("c")))
        assert "seed s-1\n" in await process.round()
