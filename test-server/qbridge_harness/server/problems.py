"""Refusals as problem+json (RFC 9457), all of one form."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException


@dataclass(slots=True)
class Problem(Exception):
    """What a request is refused with; a handler raises it."""

    status: int
    title: str
    detail: str
    headers: dict[str, str] = field(default_factory=dict)

    def answer(self) -> Response:
        """The response."""
        status = int(self.status)
        body = {"type": "about:blank", "title": self.title, "status": status, "detail": self.detail}
        return JSONResponse(body, status, headers=self.headers, media_type="application/problem+json")


def add_problems(app: FastAPI) -> None:
    """Makes every refusal of the application a problem, those of the framework too."""

    @app.exception_handler(Problem)
    async def refused(_: Request, problem: Problem) -> Response:
        return problem.answer()

    @app.exception_handler(HTTPException)
    async def missing(_: Request, error: HTTPException) -> Response:
        return Problem(error.status_code, "Not served", str(error.detail), dict(error.headers or {})).answer()

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        return Problem(400, "Bad request", f"{where}: {first['msg']}").answer()
