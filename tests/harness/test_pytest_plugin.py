"""Cases as pytest items: verdicts become pytest's own words, and a run without our options does not notice us."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

pytest_plugins = ["pytester"]

SUITE = """\
purpose: A test.
tags: [some-tag]
cases:
  - {name: good, proves: [GW-CALL-001], tags: [quick], act: [{check: 1, is: 1}]}
  - name: bad
    axes: {transport: [rest]}
    proves: [GW-CALL-002]
    act:
      - {rest: GET /here, expect: {status: 200}}
      - {check: "\\u001b[31mred", is: b}
  - {name: skipped, needs: {profile: vector}, act: [{check: 1, is: 1}]}
  - {name: untestable, needs: {operation: query}, act: [{check: 1, is: 1}]}
  - {name: broken, act: [{rest: POST /v1/call, body: {no: 1}}]}
"""


CANCELLED = """\
purpose: A test.
cases:
  - name: held
    act: [{rest: POST /v1/call, body: {}, invalid: true}]
    cleanup: [{rest: GET /here, expect: {status: 200}}]
"""


class Heard(list[tuple[str, str, bytes]]):
    """What the fake was asked; sets an event once a path is among it."""

    def __init__(self, path: str, event: asyncio.Event) -> None:
        self._path = path
        self._event = event

    def append(self, asked: tuple[str, str, bytes]) -> None:
        super().append(asked)
        if asked[1] == self._path:
            self._event.set()


class Inner:
    """pytest in a process of its own, beside the loop that serves the fake."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, fake: Any) -> None:
        self.pytester = pytester
        self.fake = fake
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        for name in ("PYTEST_ADDOPTS", "QBRIDGE_TARGET", "QBRIDGE_GRPC", "QBRIDGE_API_KEY"):
            monkeypatch.delenv(name, raising=False)

    def file(self, name: str, text: str) -> Path:
        path = self.pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    async def run(self, *words: str, target: bool = True) -> pytest.RunResult:
        named = ["--qbridge-target", self.fake.url, "--qbridge-grpc", "127.0.0.1:1"] if target else []
        command = [sys.executable, "-m", "pytest", "-p", "qbridge_harness.pytest_plugin", *named, *words]
        return await asyncio.to_thread(self.pytester.run, *command, timeout=60)


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, fake: Any, answers: Any) -> Inner:
    fake.says("GET /here", answers(200, {}))
    fake.says("POST /v1/call", answers(200, {}))
    return Inner(pytester, monkeypatch, fake)


async def test_each_verdict_is_pytests_own(inner: Inner) -> None:
    inner.file("cases/shop.yaml", SUITE)
    result = await inner.run("cases", "-rA")
    result.assert_outcomes(passed=1, failed=2, skipped=1, errors=1)
    text = result.stdout.str()
    result.stdout.fnmatch_lines(
        [
            "qbridge: http://127.0.0.1:*, 127.0.0.1:1, seed *",
            "PASSED cases/shop.yaml::shop/good",
            "SKIPPED [[]1[]] cases/shop.yaml:11: the deployment does not declare the profile vector",
            "ERROR cases/shop.yaml::shop/broken*",
            "FAILED cases/shop.yaml::shop/bad/transport:rest*",
            "FAILED cases/shop.yaml::shop/untestable*",
        ]
    )
    assert "untestable: no backend lists the operation query" in text
    assert result.ret == 1


async def test_a_failure_shows_steps_lines_rules_and_messages(inner: Inner) -> None:
    inner.file("cases/shop.yaml", SUITE)
    text = (await inner.run("cases", "-k", "bad or broken")).stdout.str()
    assert "cases/shop.yaml:5: act, line 10, check" in text
    assert "\\x1b[31mred" in text
    assert "broken rules: GW-CALL-002" in text
    assert "-> rest: GET /here" in text
    assert "Traceback" not in text
    assert "seed " in text


async def test_k_m_and_a_node_id_choose(inner: Inner) -> None:
    inner.file("cases/shop.yaml", SUITE)
    for words in (("-k", "good"), ("-m", "quick"), ("-k", "GW-CALL-001"), ("cases/shop.yaml::shop/good",)):
        chosen = words if "::" in words[0] else ("cases", *words)
        (await inner.run(*chosen)).assert_outcomes(passed=1, deselected=0 if "::" in words[0] else 4)
    (await inner.run("cases", "-m", "some-tag and not quick", "--strict-markers", "--co", "-q")).stdout.fnmatch_lines(
        ["cases/shop.yaml::shop/bad/transport:rest", "4/5 tests collected (1 deselected) in *"]
    )


async def test_all_cases_share_one_connection_and_one_look(inner: Inner) -> None:
    inner.file("cases/shop.yaml", SUITE)
    await inner.run("cases")
    assert [path for _, path, _ in inner.fake.asked].count("/v1/capabilities") == 1


async def test_a_mistake_in_a_file_is_a_collection_error_and_nothing_is_sent(inner: Inner) -> None:
    inner.file("cases/shop.yaml", SUITE.replace("check", "chek"))
    result = await inner.run("cases")
    result.assert_outcomes(errors=1)
    assert "cases/shop.yaml:4:" in result.stdout.str()
    assert "did you mean 'check'?" in result.stdout.str()
    assert inner.fake.asked == []


async def test_a_target_that_does_not_answer_is_one_error_and_the_other_cases_are_skipped(inner: Inner) -> None:
    inner.file("cases/shop.yaml", SUITE)
    words = ("--qbridge-target", "http://127.0.0.1:1", "--qbridge-grpc", "127.0.0.1:1", "cases")
    result = await inner.run(*words, target=False)
    result.assert_outcomes(errors=1, skipped=4)
    said = result.stdout.str().partition("short test summary")[0]
    assert said.count("The target does not answer") == 1
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    for text in (result.stdout.str(), result.stderr.str()):
        assert "Traceback" not in text
        assert "Event loop is closed" not in text


async def test_a_refused_key_is_one_error_too(inner: Inner, answers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    inner.file("cases/shop.yaml", SUITE)
    monkeypatch.setenv("QBRIDGE_API_KEY", "a-wrong-key")
    guarded = {"contractVersion": "v1", "profiles": ["core"], "transports": ["rest"], "authentication": True}
    inner.fake.says("GET /v1/capabilities", answers(200, guarded))
    inner.fake.says("GET /v1/requests", answers(401, {}))
    result = await inner.run("cases")
    result.assert_outcomes(errors=1, skipped=4)
    assert "The target does not let the run in: The deployment refuses the run's API key" in result.stdout.str()
    assert "Traceback" not in result.stdout.str()


async def test_only_yaml_in_folders_of_cases_is_collected(inner: Inner) -> None:
    inner.file("cases/shop.yaml", SUITE)
    inner.file("cases/data/shop.yaml", "no: suite")
    inner.file("cases/shared/shop.yaml", "no: suite")
    inner.file("compose.yaml", "no: suite")
    inner.file("elsewhere/one.yaml", SUITE)
    inner.file("test_python.py", "def test_python():\n    pass\n")
    (await inner.run("-k", "good or python")).assert_outcomes(passed=2, deselected=4)
    (await inner.run("elsewhere/one.yaml", "-k", "good")).assert_outcomes(passed=1, deselected=4)


async def test_the_ini_file_and_the_environment_name_the_target(inner: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    inner.file("promises/shop.yaml", SUITE)
    ini = "[pytest]\nqbridge_target = http://127.0.0.1:1\nqbridge_grpc = 127.0.0.1:1\nqbridge_cases = promises\n"
    inner.file("pytest.ini", ini)
    (await inner.run(target=False)).assert_outcomes(errors=1, skipped=4)
    monkeypatch.setenv("QBRIDGE_TARGET", inner.fake.url)
    (await inner.run("-k", "good", target=False)).assert_outcomes(passed=1, deselected=4)


async def test_known_results_are_xfail_and_a_stale_one_fails(inner: Inner) -> None:
    inner.file("cases/shop.yaml", SUITE)
    inner.file("known.txt", "shop/bad/**\nshop/untestable\nshop/good\n")
    inner.file("flaky.txt", "shop/broken\n")
    words = ("--qbridge-known-failing", "known.txt", "--qbridge-known-flaky", "flaky.txt")
    result = await inner.run("cases", *words)
    # An error is the harness's own: no list of a deployment's flakes hides it.
    result.assert_outcomes(failed=1, errors=1, xfailed=2, skipped=1)
    assert "shop/good passes now: delete its line" in result.stdout.str()


async def test_a_case_that_others_rely_on_runs_before_them_and_once(inner: Inner, answers: Any) -> None:
    text = """\
purpose: A test.
cases:
  - {name: second, relies_on: [first], act: [{check: 1, is: 1}]}
  - {name: first, act: [{rest: GET /here, expect: {status: 200}}]}
"""
    inner.file("cases/shop.yaml", text)
    (await inner.run("cases")).assert_outcomes(passed=2)
    assert [path for _, path, _ in inner.fake.asked].count("/here") == 1
    inner.fake.says("GET /here", answers(404, {}))
    result = await inner.run("cases", "-k", "second")
    result.assert_outcomes(failed=1, deselected=1)
    assert "it relies on shop/first, which did not pass" in result.stdout.str()


async def test_junit_knows_errors_rules_and_axes(inner: Inner) -> None:
    inner.file("cases/shop.yaml", SUITE)
    await inner.run("cases", "--junit-xml", "out.xml")
    suite = ElementTree.parse(inner.pytester.path / "out.xml").getroot()[0]
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("2", "1", "1")
    bad = suite.findall(".//testcase[@name='shop/bad/transport:rest']//property")
    assert ("rule-broken", "GW-CALL-002") in [(each.get("name"), each.get("value")) for each in bad]


async def test_half_a_target_and_a_bad_address_are_mistakes_in_the_call(inner: Inner) -> None:
    for words in (("--qbridge-target", "http://127.0.0.1:1"), ("--qbridge-target", "http://h", "--qbridge-grpc", "h")):
        result = await inner.run(*words, target=False)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        assert "gRPC" in result.stderr.str() or "two addresses" in result.stderr.str()


async def test_a_worker_of_xdist_has_the_runs_seed_and_leaves_lone_cases_out(inner: Inner) -> None:
    """What pytest-xdist does to a worker, done by a plugin of the test: `workerinput` on its configuration."""
    inner.file("cases/shop.yaml", SUITE.replace("tags: [quick]", "tags: [quick, serial]"))
    inner.file(
        "worker.py",
        "import pytest\n@pytest.hookimpl(tryfirst=True)\ndef pytest_configure(config):\n"
        "    config.workerinput = {'qbridge_seed': 'seed-of-the-run'}\n",
    )
    result = await inner.run(
        "cases", "-p", "worker", "-rs", "-k", "good", "-p", "no:cacheprovider", "-p", "no:junitxml"
    )
    assert "seed seed-of-the-run" in result.stdout.str()
    assert "it must run alone" in result.stdout.str()


async def test_ctrl_c_breaks_a_case_off_and_leaves_nothing_behind(inner: Inner) -> None:
    """Its cleanup runs, though the deployment has not answered its call yet."""
    inner.file("cases/shop.yaml", CANCELLED)
    inner.fake.hold = asyncio.Event()
    asked = asyncio.Event()
    inner.fake.asked = Heard("/v1/call", asked)
    command = ("-m", "pytest", "-p", "qbridge_harness.pytest_plugin", "cases")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *command, "--qbridge-target", inner.fake.url, "--qbridge-grpc", "127.0.0.1:1"),
        cwd=inner.pytester.path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        await asyncio.wait_for(asked.wait(), 30)
        process.send_signal(signal.SIGINT)
        said, _ = await asyncio.wait_for(process.communicate(), 30)
    finally:
        inner.fake.hold.set()
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in said.decode()
    assert "Exception in thread" not in said.decode()
    assert ("GET", "/here", b"") in inner.fake.asked


def test_the_controller_of_xdist_gives_its_seed_to_the_workers() -> None:
    from qbridge_harness.pytest_plugin.collect import Cases

    node = SimpleNamespace(workerinput={})
    Cases.pytest_configure_node(SimpleNamespace(_seed="seed-1"), node)  # type: ignore[arg-type]
    assert node.workerinput == {"qbridge_seed": "seed-1"}


async def test_without_our_options_nothing_is_collected_and_nothing_of_ours_is_loaded(inner: Inner) -> None:
    inner.file("cases/shop.yaml", "no: suite")
    inner.file(
        "test_python.py",
        "import sys\ndef test_python():\n"
        "    ours = {name for name in sys.modules if name.startswith('qbridge_harness')}\n"
        "    assert ours == {'qbridge_harness', 'qbridge_harness.pytest_plugin'}\n"
        "    assert not {'pydantic', 'httpx', 'grpclib', 'google.protobuf'} & set(sys.modules)\n",
    )
    (await inner.run(target=False)).assert_outcomes(passed=1)


def test_loading_the_plugin_costs_next_to_nothing() -> None:
    """Every pytest run of the environment pays for what it imports: two modules of ours, and nobody else's."""
    program = (
        "import sys, pytest, _pytest.pytester\nbefore = set(sys.modules)\nimport qbridge_harness.pytest_plugin\n"
        "new = set(sys.modules) - before\n"
        "print(*sorted(name for name in new if name.split('.')[0] not in sys.stdlib_module_names))"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert said.split() == ["qbridge_harness", "qbridge_harness.pytest_plugin"]
