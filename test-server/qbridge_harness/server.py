"""The harness over HTTP: `curl -f localhost:7500/run/smoke` is a check.

GET /run/{case} runs and waits: 200 where cases passed and none failed, 422 otherwise, 502 where the target does not
answer. POST /run/{case} answers 202 and a run that GET /runs/{id} follows. {case} is a case id or any prefix of ids.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI, Header, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, StreamingResponse
from pydantic import BaseModel

from qbridge_harness import __version__
from qbridge_harness.language import PlannedCase
from qbridge_harness.language.plan import under
from qbridge_harness.reports import render_html
from qbridge_harness.runs import Busy, Run, Runs


class HealthAnswer(BaseModel):
    """Whether the harness works; it says nothing of the target."""

    status: str = "ok"
    version: str = __version__
    target: str
    grpc: str
    cases: int


class CaseAnswer(BaseModel):
    """One case that can be run."""

    id: str
    purpose: str
    tags: list[str]
    proves: list[str]


class StartedAnswer(BaseModel):
    """A run that was started."""

    id: str
    state: str
    cases: int
    url: str


class Harness:
    """The handlers, on the cases and the runs of one target."""

    def __init__(self, planned: list[PlannedCase], runs: Runs, target: str, grpc: str) -> None:
        self.planned = planned
        self.runs = runs
        self.target = target
        self.grpc = grpc

    def find(self, case: str) -> list[PlannedCase]:
        """The cases of a prefix."""
        return [planned for planned in self.planned if under(planned.id, case)]

    async def run_and_wait(self, case: str, request: Request) -> Response:
        """Runs the cases of a prefix and answers once they are over."""
        planned = self.find(case)
        if not planned:
            return _problem(404, "No such case", f"No case begins with {case!r}; GET /cases lists them.")
        try:
            run = self.runs.start(case, planned)
        except Busy as error:
            return _problem(429, "Busy", str(error))
        await self.runs.wait(run)
        if run.state == "broken":
            return _problem(500, "The harness broke", run.problem)
        if run.report is None:
            return _problem(502, "The target does not answer", run.problem)
        status = 200 if run.report.ok else 422
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse(run.document(), status)
        return PlainTextResponse(_text(run), status)

    def start(self, case: str, key: str) -> Response:
        """Starts the cases of a prefix and answers at once."""
        planned = self.find(case)
        if not planned:
            return _problem(404, "No such case", f"No case begins with {case!r}; GET /cases lists them.")
        try:
            run = self.runs.start(case, planned, key)
        except Busy as error:
            return _problem(429, "Busy", str(error))
        answer = StartedAnswer(id=run.id, state=run.state, cases=len(run.planned), url=f"/runs/{run.id}")
        return JSONResponse(answer.model_dump(), 202, headers={"location": answer.url})

    async def follow(self, run: Run, after: int) -> AsyncIterator[str]:
        """A run as server-sent events: one for each case that ends, then `done`."""
        sent = after
        while True:
            changed = run.changed
            for case in run.cases[sent:]:
                sent += 1
                data = {"id": case.id, "verdict": case.verdict, "reason": case.reason, "duration_ms": case.duration_ms}
                yield f"event: case\nid: {sent}\ndata: {json.dumps(data)}\n\n"
            if run.over:
                summary = run.report.summary if run.report else run.problem
                yield f"event: done\ndata: {json.dumps({'state': run.state, 'summary': summary})}\n\n"
                return
            await changed.wait()


def create_app(harness: Harness) -> FastAPI:
    """The FastAPI application."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await harness.runs.close()

    app = FastAPI(title="Q-Bridge harness", version=__version__, summary=__doc__, lifespan=lifespan)

    @app.get("/health", summary="Whether the harness works")
    def health() -> HealthAnswer:
        return HealthAnswer(target=harness.target, grpc=harness.grpc, cases=len(harness.planned))

    @app.get("/cases", summary="The cases that can be run")
    def cases(prefix: str = "", tag: str = "") -> list[CaseAnswer]:
        found = [planned for planned in harness.find(prefix) if not tag or tag in planned.tags]
        return [
            CaseAnswer(id=each.id, purpose=each.case.purpose, tags=sorted(each.tags), proves=each.case.proves)
            for each in found
        ]

    @app.get("/run/{case:path}", summary="Run and wait: 200 passed, 422 failed, 502 the target does not answer")
    async def run_and_wait(case: str, request: Request) -> Response:
        return await harness.run_and_wait(case, request)

    @app.post("/run/{case:path}", status_code=202, summary="Start a run and answer at once")
    async def start(case: str, idempotency_key: Annotated[str, Header()] = "") -> Response:
        return harness.start(case, idempotency_key)

    @app.get("/runs", summary="The runs that are kept, newest first")
    def runs() -> list[dict[str, object]]:
        return [{key: value for key, value in run.document().items() if key != "report"} for run in harness.runs.list()]

    @app.get("/runs/{run_id}", summary="A run: JSON, a page for browsers, or server-sent events, by the Accept header")
    def run(run_id: str, request: Request, last_event_id: Annotated[int, Header()] = 0) -> Response:
        found = harness.runs.get(run_id)
        if found is None:
            return _problem(404, "No such run", f"No run {run_id!r} is kept; GET /runs lists them.")
        accept = request.headers.get("accept", "")
        if "text/event-stream" in accept:
            return StreamingResponse(harness.follow(found, last_event_id), media_type="text/event-stream")
        if "text/html" in accept and found.report is not None:
            return HTMLResponse(render_html(found.report))
        return JSONResponse(found.document())

    return app


def _problem(status: int, title: str, detail: str) -> Response:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return JSONResponse(body, status, media_type="application/problem+json")


def _text(run: Run) -> str:
    """A run for a person with curl."""
    lines = [f"{case.verdict:8}{case.id}" + (f"  ({case.reason})" if case.reason else "") for case in run.cases]
    summary = run.report.summary if run.report else run.problem
    return "\n".join([*lines, "", summary, ""])
