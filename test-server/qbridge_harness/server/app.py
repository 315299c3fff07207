"""The harness over HTTP: `curl -f localhost:7500/run/smoke` is a check.

GET /run/{case} runs and waits: 200 where cases passed and none failed, 422 otherwise, 502 where the target does not
answer. POST /run/{case} answers 202 and a run that GET /runs/{id} follows. {case} is a case id or any prefix of ids.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import FastAPI, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

from qbridge_harness import __version__
from qbridge_harness.server.answers import CaseAnswer, HealthAnswer, RunRequest
from qbridge_harness.server.guard import ASSETS_PATH, Guard
from qbridge_harness.server.harness import Harness
from qbridge_harness.server.page import ASSETS, page
from qbridge_harness.server.problems import add_problems

KEY_MAX = 255
_SILENT: Any = {"auto_configure": False, "tracing": False, "metrics": False, "logs": False}
"""FastAPI's own telemetry stays off, whatever the environment says: the harness contacts its target and nobody else."""
_BODY = {"requestBody": {"content": {"application/json": {"schema": RunRequest.model_json_schema()}}}}


def create_app(harness: Harness, *, token: str = "", hosts: tuple[str, ...] = ()) -> FastAPI:
    """The FastAPI application. Its documentation page is left out: it would load scripts from elsewhere."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await harness.runs.close()

    app = FastAPI(
        title="Q-Bridge harness",
        version=__version__,
        summary="Runs cases against one deployment.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry=_SILENT,
    )
    app.add_middleware(Guard, token=token, hosts=hosts)
    add_problems(app)
    _look(app, harness)
    _start(app, harness)
    _follow(app, harness)
    app.mount(ASSETS_PATH.rstrip("/"), StaticFiles(directory=ASSETS))
    return app


def _look(app: FastAPI, harness: Harness) -> None:
    @app.get("/", include_in_schema=False)
    def front() -> Response:
        return page()

    @app.get("/health", summary="Whether the harness works")
    def health(request: Request) -> HealthAnswer:
        return harness.health(known=request.state.known)

    @app.get("/cases", summary="The cases that can be run")
    def cases(prefix: str = "", tag: str = "", rule: str = "") -> list[CaseAnswer]:
        return harness.cases(prefix, tag, rule)


def _start(app: FastAPI, harness: Harness) -> None:
    @app.get("/run/{case:path}", summary="Run and wait: 200 passed, 422 failed, 502 the target does not answer")
    async def run_and_wait(
        case: str, request: Request, seed: str = "", jobs: int | None = None, fail_fast: bool = False
    ) -> Response:
        asked = harness.asked({"seed": seed, "jobs": jobs, "fail_fast": fail_fast})
        return await harness.run_and_wait(case, asked, as_json="application/json" in request.headers.get("accept", ""))

    @app.post(
        "/run/{case:path}",
        status_code=202,
        summary="Start a run and answer at once; `dry_run=true` answers the plan and sends nothing",
        openapi_extra=_BODY,
    )
    async def start(
        case: str,
        request: Request,
        dry_run: bool = False,
        idempotency_key: Annotated[str, Header(max_length=KEY_MAX)] = "",
    ) -> Response:
        asked = await harness.read(request)
        if dry_run:
            return JSONResponse(await harness.plan(case, asked))
        return await harness.start(case, asked, idempotency_key)


def _follow(app: FastAPI, harness: Harness) -> None:
    @app.get("/runs", summary="The runs that are kept, newest first")
    async def runs(limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[dict[str, Any]]:
        return [record.document() for record in await harness.runs.newest(limit)]

    @app.get("/runs/{run_id}", summary="A run: JSON, a page for browsers, or server-sent events, by the Accept header")
    async def run(run_id: str, request: Request, last_event_id: Annotated[int, Header(ge=0)] = 0) -> Response:
        accept = request.headers.get("accept", "")
        if "text/event-stream" in accept:
            return await harness.follow(run_id, last_event_id)
        if "text/html" in accept:
            return await harness.report_page(run_id)
        return await harness.show(run_id)

    @app.post("/runs/{run_id}/cancel", summary="End a run; its cases take away what they brought to the target")
    async def cancel(run_id: str) -> Response:
        return await harness.cancel(run_id)

    @app.get("/compare", summary="What differs between two runs")
    async def compare(before: str, after: str) -> dict[str, Any]:
        return await harness.compare(before, after)
