"""`load` on real sockets: what it sends, what it counts, and whom it blames."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import grpc
import grpc.aio
import pytest

from qbridge_harness.clients import Target
from qbridge_harness.clients.http1 import Address
from qbridge_harness.contract import Contract
from qbridge_harness.engine import CaseResult, Options, run
from qbridge_harness.engine.run import stands_alone
from qbridge_harness.language import CaseFileError, Suite, plan_cases

Judge = Callable[..., Awaitable[CaseResult]]
LENIENT = "late_max_ms: 5000"
"""These tests are not about the harness's own speed, on whatever machine they run."""


def messages(case: CaseResult) -> dict[str, Any]:
    """The outcome that a load left in the log."""
    found: dict[str, Any] = json.loads(next(m.text for m in case.messages if m.direction == "received"))
    return found


@asynccontextmanager
async def talking(say: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[str]:
    """A server that reads a request's head and then does what it is told to; its URL."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await say(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_requests_are_sent_counted_and_measured(fake: Any, judge_steps: Judge, answers: Any) -> None:
    fake.says("GET /ping", answers(200, {"pong": True}))
    case = await judge_steps(f"""
- load: {{rest: GET /ping, headers: {{x-who: me}}}}
  arrivals: {{constant: {{rate_per_s: 200}}}}
  for_s: 0.5
  {LENIENT}
  capture: {{worst: latency_ms.max}}
  expect: {{arrivals: 100, sent: 100, ok: 100, errors: {{}}, error_rate: 0, dropped: 0, unanswered: 0,
           rate_per_s: {{$gt: 10}}, latency_ms: {{p50: {{$gt: 0}}, p999: {{$gt: 0}}, mean: {{$gt: 0}}}},
           late_ms: {{p99: {{$gte: 0}}}}}}
- check: ${{worst}}
  is: {{$gt: 0}}
""")
    assert case.verdict == "passed", case.reason
    assert sum(path == "/ping" for _, path, _ in fake.asked) == 100


class Stall(asyncio.Event):
    """Holds everybody until so many wait."""

    def __init__(self, waiting_max: int) -> None:
        super().__init__()
        self._left = waiting_max

    async def wait(self) -> Literal[True]:
        self._left -= 1
        if self._left == 0:
            self.set()
        return await super().wait()


async def test_a_stall_shows_in_every_request_that_was_due_meanwhile(
    fake: Any, judge_steps: Judge, answers: Any
) -> None:
    """100 requests/s for 2 s; the server stalls until the hundredth has come: half of them waited, not one."""
    fake.says("POST /v1/call", answers(500, {}))
    fake.hold = Stall(100)
    case = await judge_steps(f"""
- load: {{rest: POST /v1/call, invalid: true, text: "x"}}
  arrivals: {{constant: {{rate_per_s: 100}}}}
  for_s: 2
  {LENIENT}
  expect: {{sent: 200, errors: {{'500': 200}}, latency_ms: {{p90: {{$gt: 700}}, p95: {{$gt: 800}}, max: {{$gt: 900}}}}}}
""")
    assert "latency_ms" not in case.reason, case.reason
    assert "sent" not in case.reason


async def test_errors_count_by_their_code(fake: Any, judge_steps: Judge, answers: Any) -> None:
    refusal = answers(429, {"code": "QUOTA_EXCEEDED"}, "application/problem+json")
    fake.says("GET /busy", answers(200, {}), refusal)
    steps = f"""
- load: {{rest: GET /busy}}
  arrivals: {{constant: {{rate_per_s: 100}}}}
  for_s: 0.2
  {LENIENT}
"""
    case = await judge_steps(steps)
    assert case.verdict == "failed"
    assert "{'QUOTA_EXCEEDED': 19}" in case.reason
    case = await judge_steps(steps + "  expect: {error_rate: {$lt: 0.2}}\n")
    assert "error_rate: expected less than 0.2, got 1.0" in case.reason


async def test_what_is_too_much_in_flight_is_dropped_and_shown(fake: Any, judge_steps: Judge, answers: Any) -> None:
    fake.says("POST /v1/call", answers(200, {}))
    fake.hold = asyncio.Event()
    case = await judge_steps(f"""
- load: {{rest: POST /v1/call, invalid: true, text: "x"}}
  arrivals: {{constant: {{rate_per_s: 100}}}}
  for_s: 0.1
  in_flight_max: 3
  answer_within_s: 1
  {LENIENT}
  expect: {{sent: 3, dropped: 7, unanswered: 3, error_rate: 1}}
""")
    fake.hold.set()
    assert case.verdict == "passed", case.reason


async def _garbage(writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example ESMTP\r\n")
    await writer.drain()


async def _lie(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nshort")
    await writer.drain()


async def _for_ever(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        await writer.drain()


async def _reset(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


@pytest.mark.parametrize(
    ("say", "code"),
    [(_garbage, "NO_HTTP"), (_lie, "CONNECTION_LOST"), (_for_ever, "TOO_LARGE"), (_reset, "CONNECTION_LOST")],
)
async def test_a_server_that_speaks_something_else_is_an_error_of_its_own(
    say: Callable[[asyncio.StreamWriter], Awaitable[None]], code: str
) -> None:
    from qbridge_harness.load import OpenLoop
    from qbridge_harness.load.http import HttpSender

    async with talking(say) as url:
        sender = HttpSender(Address(url), [Address(url).message("GET", "/", {}, None, None)])
        tally = await OpenLoop([0.0, 0.01], sender, in_flight_max=10, answer_within_s=10.0).run()
        await sender.close()
    assert tally.errors == {code: 2}


async def test_nobody_at_the_address_is_an_error_too() -> None:
    from qbridge_harness.load import OpenLoop
    from qbridge_harness.load.http import HttpSender

    sender = HttpSender(Address("http://127.0.0.1:9"), [b"GET / HTTP/1.1\r\n\r\n"])
    tally = await OpenLoop([0.0], sender, in_flight_max=10, answer_within_s=10.0).run()
    await sender.close()
    assert tally.errors == {"UNREACHABLE": 1}


def test_a_header_with_a_line_break_is_refused() -> None:
    with pytest.raises(ValueError, match="line break"):
        Address("http://h").message("GET", "/", {"x": "a\r\nevil: 1"}, None, None)


async def test_a_harness_that_cannot_keep_up_blames_itself(fake: Any, judge_steps: Judge, answers: Any) -> None:
    fake.says("GET /ping", answers(200, {}))
    case = await judge_steps("""
- load: {rest: GET /ping}
  arrivals: {constant: {rate_per_s: 500}}
  for_s: 0.1
  late_max_ms: 0.0001
""")
    assert case.verdict == "error"
    assert "The harness could not keep up" in case.reason
    assert case.tripped == []


async def test_answers_of_a_load_are_checked_against_the_contract(fake: Any, judge_steps: Judge, answers: Any) -> None:
    fake.says("GET /v1/backends", answers(200, {"backends": [], "colour": "red"}))
    case = await judge_steps(f"""
- load: {{call: Backend.List}}
  arrivals: {{constant: {{rate_per_s: 50}}}}
  for_s: 0.1
  {LENIENT}
  expect: {{ok: 5, checked: 5}}
""")
    assert case.verdict == "failed"
    assert any(violation.blame == "deployment" for violation in case.violations)


async def test_what_is_fresh_is_fresh_in_each_request(fake: Any, judge_steps: Judge, answers: Any) -> None:
    fake.says("POST /echo", answers(200, {}))
    await judge_steps(f"""
- load: {{rest: POST /echo, body: {{id: "${{new.request_id}}"}}}}
  arrivals: {{constant: {{rate_per_s: 200}}}}
  for_s: 0.1
  {LENIENT}
""")
    bodies = [body for _, path, body in fake.asked if path == "/echo"]
    assert len(bodies) == len(set(bodies)) == 20


async def test_the_seed_decides_the_arrivals(fake: Any, judge: Callable[..., Any], answers: Any) -> None:
    fake.says("GET /ping", answers(200, {}))
    text = f"""purpose: A test.
cases:
  - name: it
    act:
      - load: {{rest: GET /ping}}
        arrivals: {{poisson: {{rate_per_s: 300}}}}
        for_s: 0.2
        {LENIENT}
"""
    sent = [messages((await judge(text, seed=seed)).cases[0])["sent"] for seed in ("1", "1", "2", "3", "4")]
    assert sent[0] == sent[1]
    assert len(set(sent)) > 1


@pytest.mark.parametrize(
    ("arrivals", "arrived"),
    [
        ("ramp: {from_per_s: 0, to_per_s: 200}", 10),
        ("bursts: {quiet_per_s: 0, burst_per_s: 500, quiet_s: 0.001, burst_s: 10}", None),
        ("replay: {file: times.txt}", 3),
        ("replay: {file: times.txt, speed: 100}", 4),
    ],
)
async def test_every_process_can_be_asked_for(
    fake: Any, suite: Any, answers: Any, contract: Contract, tmp_path: Path, arrivals: str, arrived: int | None
) -> None:
    from qbridge_harness.language.load import load_suite

    fake.says("GET /ping", answers(200, {}))
    (tmp_path / "times.txt").write_text("5.00\n5.01\n5.05\n7.00\n")
    file = tmp_path / "it.yaml"
    file.write_text(f"""purpose: A test.
cases:
  - name: it
    act: [{{load: {{rest: GET /ping}}, arrivals: {{{arrivals}}}, for_s: 0.1, {LENIENT}}}]
""")
    report = await run(plan_cases([load_suite(file, contract)]), Target(fake.url, "127.0.0.1:1"), contract, Options())
    case = report.cases[0]
    assert case.verdict == "passed", case.reason
    sent = messages(case)["sent"]
    assert sent == arrived if arrived is not None else sent > 10


async def test_arrivals_that_cannot_be_are_the_cases_own_error(judge_steps: Judge) -> None:
    case = await judge_steps("""
- load: {rest: GET /ping}
  arrivals: {replay: {file: nowhere.txt}}
  for_s: 1
""")
    assert case.verdict == "error"
    assert "nowhere.txt" in case.reason


def test_a_load_runs_alone(suite: Callable[[str], Suite]) -> None:
    load = "{load: {rest: GET /x}, arrivals: {constant: {rate_per_s: 1}}, for_s: 1}"
    for step, alone in ((load, True), (f"{{repeat: [{load}], times: 2}}", True), ("{rest: GET /x}", False)):
        planned = plan_cases([suite(f"purpose: A test.\ncases: [{{name: it, act: [{step}]}}]\n")])
        assert stands_alone(planned[0]) is alone


RATE = "arrivals: {constant: {rate_per_s: 5}}"
MISTAKES = {
    "{load: {rest: GET /x}, arrivals: {}, for_s: 1}": "name one process",
    "{load: {rest: GET /x}, arrivals: {constant: {rate_per_s: 1}, poisson: {rate_per_s: 1}}, for_s: 1}": "one process",
    "{load: {rest: GET /x}, arrivals: {constant: {rate_per_s: 0}}, for_s: 1}": "greater than 0",
    "{load: {rest: GET /x}, arrivals: {constant: {rate: 5}}, for_s: 1}": "'rate'",
    f"{{load: {{rest: GET /x}}, {RATE}}}": "'for_s' is missing",
    f"{{load: {{call: Nope}}, {RATE}, for_s: 1}}": "no RPC 'Nope'",
    f"{{load: {{call: Call, with: {{colour: 1}}}}, {RATE}, for_s: 1}}": "no field 'colour'",
    f"{{load: {{rest: GET /x}}, {RATE}, for_s: 1, expect: {{p99: 1}}}}": "no outcome 'p99'",
    "{load: {rest: GET /x}, arrivals: {constant: {rate_per_s: '${rate}'}}, for_s: 1}": "'rate' is not set here",
}


@pytest.mark.parametrize("step", MISTAKES)
def test_a_mistake_is_told_before_anything_is_sent(suite: Callable[[str], Suite], step: str) -> None:
    with pytest.raises(CaseFileError, match=r"here\.yaml") as told:
        suite(f"purpose: A test.\ncases:\n  - {{name: it, act: [{step}]}}\n")
    assert MISTAKES[step] in str(told.value)


@asynccontextmanager
async def grpc_echo(contract: Contract) -> AsyncIterator[str]:
    """A gRPC server whose Call answers an empty response, and every third time RESOURCE_EXHAUSTED; its address."""
    calls = 0

    async def call(_request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        nonlocal calls
        calls += 1
        if calls % 3 == 0:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "full")
        return b""

    handler: Any = grpc.unary_unary_rpc_method_handler(call)
    rpc = contract.rpcs["BridgeService/Call"]
    service = rpc.path.split("/")[1]
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Call": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


async def test_a_load_over_grpc(contract: Contract) -> None:
    from qbridge_harness.load import OpenLoop
    from qbridge_harness.load.grpc import GrpcSender

    async with grpc_echo(contract) as address:
        path = contract.rpcs["BridgeService/Call"].path
        sender = GrpcSender(address, path, [b""], {}, lambda _details: "", secure=False)
        tally = await OpenLoop([0.0] * 30, sender, in_flight_max=100, answer_within_s=10.0).run()
        await sender.close()
    assert (tally.ok, tally.errors) == (20, {"RESOURCE_EXHAUSTED": 10})
    assert Counter(answer.status for answer in sender.kept) == {"OK": 20, "RESOURCE_EXHAUSTED": 10}


async def load_over_grpc(contract: Contract, suite: Callable[[str], Suite], fake: Any) -> CaseResult:
    """A case that calls the echo over gRPC."""
    text = f"""purpose: A test.
cases:
  - name: it
    act:
      - load: {{call: Call, transport: grpc, with: {{operation: {{invoke: {{name: a}}}}}}}}
        arrivals: {{constant: {{rate_per_s: 60}}}}
        for_s: 0.1
        {LENIENT}
        expect: {{sent: 6}}
"""
    async with grpc_echo(contract) as address:
        report = await run(plan_cases([suite(text)]), Target(fake.url, address), contract, Options())
    return report.cases[0]


async def test_errors_over_grpc_are_checked_against_the_contract(
    contract: Contract, suite: Callable[[str], Suite], fake: Any
) -> None:
    """RESOURCE_EXHAUSTED without the error in its details breaks the contract."""
    case = await load_over_grpc(contract, suite, fake)
    assert any("RESOURCE_EXHAUSTED" in violation.where for violation in case.violations), case.violations


async def test_a_load_over_grpc_that_breaks_is_the_harness_to_blame(
    contract: Contract, suite: Callable[[str], Suite], fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qbridge_harness.load.grpc import GrpcSender

    def breaks(*_: object) -> None:
        raise RuntimeError("a bug of the sender")

    monkeypatch.setattr(GrpcSender, "_keep", breaks)
    case = await load_over_grpc(contract, suite, fake)
    assert case.verdict == "error"
    assert "The harness broke down while it sent: RuntimeError: a bug of the sender" in case.reason
    assert case.tripped == []


async def test_a_replay_reads_only_what_is_among_the_cases(judge_steps: Judge) -> None:
    steps = "- {load: {rest: GET /ping}, arrivals: {replay: {file: ../../../../../../etc/hostname}}, for_s: 1}"
    case = await judge_steps(steps)
    assert case.verdict == "error"
    assert "is not in the folder of the cases" in case.reason


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ("{rest: POST /x, base64: aGk=}", "sends `body` or `text`"),
        ("{call: Call, transport: websocket, with: {}}", "goes over rest or grpc, not over websocket"),
        ("{call: Call, with: {}, break: truncated}", "breaks no bytes"),
        ('{rest: GET /x, headers: {x: "a\\r\\nb"}}', "line break"),
    ],
)
async def test_a_request_that_a_load_cannot_send_is_the_cases_own_error(
    judge_steps: Judge, request_: str, said: str
) -> None:
    case = await judge_steps(f"- {{load: {request_}, arrivals: {{constant: {{rate_per_s: 5}}}}, for_s: 0.1}}")
    assert case.verdict == "error"
    assert said in case.reason
