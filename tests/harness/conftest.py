"""Small fake deployments: each answers what a test says, on real sockets, so that a check can be seen to fail."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from qbridge_harness.clients import Target
from qbridge_harness.contract import Contract, load_contract
from qbridge_harness.engine import CaseResult, Options, Report, run
from qbridge_harness.language import Suite, plan_cases
from qbridge_harness.language.load import parse_suite

CAPABILITIES = {
    "contractVersion": "v1",
    "product": "fake/1",
    "profiles": ["core"],
    "transports": ["rest"],
    "durabilities": ["DURABILITY_MEMORY"],
}
Answer = tuple[int, dict[str, str], bytes]


def answer(status: int, body: Any, media: str = "application/json", **headers: str) -> Answer:
    """A response of the fake."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return status, {"content-type": media} | {name.replace("_", "-"): value for name, value in headers.items()}, content


@dataclass
class FakeDeployment:
    """Answers each path with the next of its answers, and the last one again; remembers what it was asked."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)
    hold: asyncio.Event | None = None
    url: str = ""

    def says(self, path: str, *answers: Answer) -> None:
        """What `METHOD /path` answers."""
        self.answers[path] = list(answers)

    async def handle(self, request: Request) -> Response:
        """One exchange."""
        name = f"{request.method} {request.url.path}"
        self.asked.append((request.method, request.url.path, await request.body()))
        if self.hold is not None and name == "POST /v1/call":
            await self.hold.wait()
        queue = self.answers.get(name, [answer(404, {"what": name})])
        status, headers, content = queue.pop(0) if len(queue) > 1 else queue[0]
        return Response(content, status, headers)


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[str]:
    """The application on a free port of loopback."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.bind(("127.0.0.1", 0))
    sock.listen()  # Whoever comes before the server accepts waits, and is not refused.
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none", lifespan="off"))
    task = asyncio.create_task(server.serve([sock]))
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, 30)


@pytest.fixture(scope="session")
def contract() -> Contract:
    return load_contract()


@pytest.fixture
async def fake() -> AsyncIterator[FakeDeployment]:
    deployment = FakeDeployment()
    deployment.says("GET /v1/capabilities", answer(200, CAPABILITIES))
    deployment.says("GET /v1/backends", answer(200, {"backends": []}))
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    async with serving(Starlette(routes=[Route("/{path:path}", deployment.handle, methods=methods)])) as url:
        deployment.url = url
        yield deployment
        if deployment.hold is not None:
            deployment.hold.set()


@pytest.fixture
def suite(contract: Contract) -> Callable[[str], Suite]:
    """A suite from its text."""

    def make(text: str) -> Suite:
        return parse_suite(text, "cases/here.yaml", "here", contract)

    return make


@pytest.fixture
def judge(fake: FakeDeployment, suite: Callable[[str], Suite], contract: Contract) -> Callable[..., Any]:
    """Runs a suite's text against the fake and gives the report."""

    async def judged(text: str, **options: Any) -> Report:
        target = Target(fake.url, "127.0.0.1:1")
        return await run(plan_cases([suite(text)]), target, contract, Options(**options))

    return judged


@pytest.fixture
def judge_steps(judge: Callable[..., Any]) -> Callable[..., Any]:
    """Runs the steps of one case, given as YAML of a list, and gives its result."""

    async def judged(steps: str, extra: str = "") -> CaseResult:
        body = "\n".join("      " + line for line in steps.strip().splitlines())
        report = await judge(f"purpose: A test.\ncases:\n  - name: it\n{extra}    act:\n{body}\n")
        result: CaseResult = report.cases[0]
        return result

    return judged


@pytest.fixture
def cases_folder() -> Path:
    """The cases of the repository."""
    return Path(__file__).parents[2] / "cases"


@pytest.fixture
def answers() -> Callable[..., Answer]:
    """Makes a response of the fake."""
    return answer
